/* SPDX-License-Identifier: ISC */
/* Describes schemas and validators as JSON Schema 2020-12. */

#include <stdlib.h>
#include <string.h>

#include "openapi/openapi_build.h"
#include "utils/ecma.h"

/* The example for a T_TIME without one in the schema. */
#define EXAMPLE_TIME	"2026-01-31T12:00:00.000000Z"

/* What a validator function says about itself. */
static void
put_function(json_t *o, const struct validator_facts *f)
{
	if (f == NULL)
		return;
	if (f->format != NULL)
		openapi_put(o, "format", json_string(f->format));
	if (f->pattern != NULL)
		openapi_put(o, "pattern", json_string(f->pattern));
	if (f->min > 0)
		openapi_put(o, "minLength", json_integer(f->min));
	if (f->max > 0)
		openapi_put(o, "maxLength", json_integer(f->max));
	if (f->doc != NULL)
		openapi_put(o, "description", json_string(f->doc));
}

static void
put_pattern(json_t *o, const char *pattern)
{
	char	 ecma[ECMA_MAX];

	if (ecma_pattern(pattern, ecma, sizeof(ecma)))
		openapi_put(o, "pattern", json_string(ecma));
	else
		openapi_put(o, "description", json_sprintf("Matches the POSIX "
		    "regular expression %s", pattern));
}

/* ^(user|staff|admin)$ -> ["user", "staff", "admin"] */
static json_t *
choices_of(const char *pattern)
{
	json_t		*choices = json_array();
	const char	*p = pattern + 2;
	size_t		 n;

	for (; *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		openapi_add(choices, json_stringn(p, n));
	}
	return (choices);
}

/* What a rule requires of a string. */
static void
put_rule(json_t *o, const struct rule_facts *f)
{
	switch (f->kind) {
	case RULE_LINE:
		if (f->min > 0)		/* one that is no blank */
			openapi_put(o, "pattern", json_string("\\S"));
		openapi_put(o, "description", json_string("One line that "
		    "people can see, without control characters and those "
		    "that turn its direction. Blanks at its ends are "
		    "stripped, and it is stored in NFC."));
		/* FALLTHROUGH */
	case RULE_LENGTH:
		if (f->min > 0)
			openapi_put(o, "minLength", json_integer(f->min));
		openapi_put(o, "maxLength", json_integer(f->max));
		break;
	case RULE_CHOICE:
	case RULE_BOOLEAN:
		openapi_put(o, "enum", choices_of(f->pattern));
		break;
	case RULE_NUMBER:
	case RULE_REGEX:
		if (f->pattern != NULL)
			put_pattern(o, f->pattern);
		if (f->max > 0)
			openapi_put(o, "maxLength", json_integer(f->max));
		break;
	case RULE_FUNCTION:
		put_function(o, f->function);
		break;
	}
}

static void
put_range(json_t *o, const struct rule_facts *f)
{
	if (f->kind != RULE_NUMBER)
		return;
	openapi_put(o, "minimum", json_integer(f->lowest));
	openapi_put(o, "maximum", json_integer(f->highest));
}

json_t *
openapi_type_schema(enum member_type type)
{
	switch (type) {
	case T_UUID:
		return (json_pack("{s:s, s:s}", "type", "string", "format",
		    "uuid"));
	case T_BOOL:
		return (json_pack("{s:s}", "type", "boolean"));
	case T_INT:
		return (json_pack("{s:s}", "type", "integer"));
	case T_TIME:
		return (json_pack("{s:s, s:s}", "type", "string", "format",
		    "date-time"));
	case T_JSON:
		return (json_pack("{s:s, s:b}", "type", "object",
		    "additionalProperties", 1));
	case T_LIST:
		return (json_pack("{s:s}", "type", "array"));
	case T_OBJECT:		/* describe_member() refers to its schema */
		break;
	case T_STR:
		break;
	}
	return (json_pack("{s:s}", "type", "string"));
}

/* A fallback or an example, which is text, as a JSON value of the type. */
static json_t *
value_of(enum member_type type, const char *text)
{
	if (type == T_BOOL)
		return (json_boolean(strcmp(text, "true") == 0));
	if (type == T_INT)
		return (json_integer(strtoll(text, NULL, 10)));
	if (type == T_JSON)
		return (json_loads(text, 0, NULL));
	return (json_string(text));
}

static const char *
default_example(enum member_type type)
{
	switch (type) {
	case T_UUID:
		return (EXAMPLE_UUID);
	case T_TIME:
		return (EXAMPLE_TIME);
	case T_BOOL:
		return ("true");
	case T_INT:
		return ("1");
	case T_JSON:
		return ("{}");
	case T_STR:
	case T_LIST:
	case T_OBJECT:
		break;
	}
	return (NULL);
}

/*
 * The given text, which may be NULL, or the first value that the rule allows;
 * NULL if neither is possible. The rule may be NULL, too.
 */
static json_t *
find_example(enum member_type type, const struct rule *rule, const char *text)
{
	struct rule_facts	 facts;
	json_t			*choices, *first;

	if (text == NULL)
		text = default_example(type);
	if (text != NULL && (rule == NULL || rule_reason(rule, text) == NULL))
		return (value_of(type, text));
	if (rule == NULL)
		return (NULL);

	rule_describe(rule, &facts);
	if (facts.kind == RULE_NUMBER)
		return (type == T_INT ? json_integer(facts.lowest) : NULL);
	if (facts.kind != RULE_CHOICE)
		return (NULL);
	choices = choices_of(facts.pattern);
	first = value_of(type, json_string_value(json_array_get(choices, 0)));
	json_decref(choices);
	return (first);
}

/*
 * What the description says about a member's values. A response is not checked:
 * its row may be older than the rule. But its choices are those of the column.
 */
static const struct rule *
rule_of_member(const struct schema *s, const struct member *m,
    enum openapi_use use)
{
	const struct rule	*rule = s->rules[m - s->members];
	struct rule_facts	 facts;

	if (rule == NULL || use != RESPONSE)
		return (rule);
	rule_describe(rule, &facts);
	return (facts.kind == RULE_CHOICE ? rule : NULL);
}

/* Is the member described, as a part of the body? */
static bool
is_described(const struct member *m, enum openapi_use use)
{
	return ((m->flags & (use == RESPONSE ? OUT : ETAG)) ==
	    (use == RESPONSE ? OUT : 0));
}

static json_t *
example_of(const struct schema *s, const struct member *m,
    enum openapi_use use)
{
	if (m->type == T_LIST)
		return (json_pack("[o]", openapi_example(m->of, use)));
	if (m->type == T_OBJECT)
		return (openapi_example(m->of, use));
	return (find_example(m->type, s->rules[m - s->members],
	    m->example != NULL ? m->example : m->fallback));
}

static void
put_example(json_t *o, json_t *example)
{
	if (example != NULL)
		openapi_put(o, "examples", json_pack("[o]", example));
}

json_t *
openapi_query_schema(const struct rule *rule, const char *fallback,
    const char *example)
{
	struct rule_facts	 f;
	enum member_type		 type = T_STR;
	json_t			*o;

	rule_describe(rule, &f);
	if (f.kind == RULE_NUMBER)
		type = T_INT;
	else if (f.kind == RULE_BOOLEAN)
		type = T_BOOL;
	o = openapi_type_schema(type);
	if (type == T_STR)
		put_rule(o, &f);
	else
		put_range(o, &f);
	if (fallback != NULL)
		openapi_put(o, "default", value_of(type, fallback));
	put_example(o, find_example(type, rule,
	    example != NULL ? example : fallback));
	return (o);
}

json_t *
openapi_path_schema(enum member_type type)
{
	json_t	*o = openapi_type_schema(type);

	put_example(o, find_example(type, NULL, NULL));
	return (o);
}

/*
 * Does an example have the member? Not one that only some responses have, such
 * as total_is_estimate; but the items of a list are examples of all fields.
 */
static bool
is_in_example(const struct schema *s, const struct member *m,
    enum openapi_use use)
{
	return (is_described(m, use) && (m->flags & OPTIONAL) == 0 &&
	    ((m->flags & SPARSE) == 0 || s->sparse));
}

json_t *
openapi_example(const struct schema *s, enum openapi_use use)
{
	const struct member	*m;
	json_t			*o = json_object(), *one;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (!is_in_example(s, m, use))
			continue;
		if ((one = example_of(s, m, use)) != NULL) {
			openapi_put(o, m->name, one);
		} else if (m->flags & REQUIRED) {
			json_decref(o);
			return (NULL);
		}
	}
	return (o);
}

static void
allow_null(json_t *o)
{
	const char	*type;
	json_t		*choices;

	type = json_string_value(json_object_get(o, "type"));
	openapi_put(o, "type", json_pack("[s, s]", type, "null"));
	if ((choices = json_object_get(o, "enum")) != NULL)
		openapi_add(choices, json_null());
}

static json_t *
describe_member(const struct schema *s, const struct member *m,
    enum openapi_use use)
{
	const struct rule	*rule = rule_of_member(s, m, use);
	struct rule_facts	 facts;
	json_t			*o;

	if (m->type == T_OBJECT)
		return (openapi_schema(m->of, use));
	o = openapi_type_schema(m->type);
	if (rule != NULL) {
		rule_describe(rule, &facts);
		if (m->type == T_STR || m->type == T_TIME)
			put_rule(o, &facts);
		else
			put_range(o, &facts);
	}
	if (m->flags & OR_NULL)
		allow_null(o);
	if (m->doc != NULL)
		openapi_put(o, "description", json_string(m->doc));
	if (m->flags & SECRET)
		openapi_put(o, "format", json_string("password"));
	if (m->fallback != NULL)
		openapi_put(o, "default", value_of(m->type, m->fallback));
	if (m->type == T_LIST)
		openapi_put(o, "items", openapi_schema(m->of, use));
	else
		put_example(o, example_of(s, m, use));
	return (o);
}

static bool
is_required(const struct member *m, enum openapi_use use)
{
	if (use == RESPONSE)
		return ((m->flags & (OPTIONAL | SPARSE)) == 0);
	return ((m->flags & (REQUIRED | EXPECTED)) != 0);
}

/*
 * A response has every member that is neither OPTIONAL nor SPARSE, and later
 * versions may add some. A form may have others, too (RFC 6749, 3.2).
 */
static json_t *
describe_schema(const struct schema *s, enum openapi_use use)
{
	json_t			*o = json_pack("{s:s}", "type", "object");
	json_t			*properties = json_object();
	json_t			*required = json_array();
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (!is_described(m, use))
			continue;
		openapi_put(properties, m->name, describe_member(s, m, use));
		if (is_required(m, use))
			openapi_add(required, json_string(m->name));
	}
	openapi_put(o, "properties", properties);
	if (json_array_size(required) > 0)
		openapi_put(o, "required", required);
	else
		json_decref(required);
	if (use == READ_JSON)
		openapi_put(o, "additionalProperties", json_false());
	if (use == RESPONSE && s->sparse)
		openapi_put(o, "description", json_string("Has the members "
		    "that fields and expand ask for."));
	return (o);
}

json_t *
openapi_schema(const struct schema *s, enum openapi_use use)
{
	char	 name[OPENAPI_NAME_MAX];

	openapi_name(s->name, name);
	if (!openapi_component_has("schemas", name))
		openapi_component_put("schemas", name, describe_schema(s,
		    use));
	return (openapi_ref("schemas", name));
}
