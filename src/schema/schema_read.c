/* SPDX-License-Identifier: ISC */
/*
 * Reads a request's body into the struct of its schema. jansson enforces RFC
 * 8259; this file also refuses duplicate and unknown members, NUL, and more
 * than BODY_DEPTH_MAX levels and BODY_VALUES_MAX values.
 */

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/mem.h"
#include "request/ctx.h"
#include "request/endpoint.h"
#include "schema/schema.h"
#include "schema/validator.h"
#include "utils/form.h"
#include "utils/json_limits.h"
#include "utils/media_type.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

#define BODY_DEPTH_MAX	32
#define BODY_VALUES_MAX	10000
#define KEY_SHOWN_MAX	100	/* bytes of a key in an error */

/* RFC 5789, 2.2: of every 415 to a PATCH. */
static void
say_accept_patch(struct ctx *c)
{
	if (c->endpoint->verb == VERB_PATCH)
		error_header(c, "accept-patch", ACCEPT_PATCH);
}

/* RFC 9110, 15.5.16: the header says that the coding is the reason. */
static void
refuse_coding(struct ctx *c)
{
	if (!c->coded)
		return;
	say_accept_patch(c);
	error_header(c, "accept-encoding", "identity");
	raise_error(c, &ERR_UNSUPPORTED_MEDIA_TYPE,
	    "The body must have no Content-Encoding");
}

/* Checks the Content-Type; other is a second type that is fine, or NULL. */
static void
require_media_type(struct ctx *c, const char *type, const char *other)
{
	const char		*sent = c->content_type;
	enum media_type_result	 result = MEDIA_TYPE_DIFFERS;

	if (sent != NULL)
		result = media_type_compare(sent, type);
	if (result == MEDIA_TYPE_DIFFERS && sent != NULL && other != NULL)
		result = media_type_compare(sent, other);
	if (result == MEDIA_TYPE_MATCHES)
		return;

	say_accept_patch(c);
	if (result == MEDIA_TYPE_CHARSET)
		raise_error(c, &ERR_UNSUPPORTED_MEDIA_TYPE,
		    "The charset of the body must be UTF-8");
	if (result == MEDIA_TYPE_MALFORMED)
		raise_error(c, &ERR_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Type is malformed; it must be %s", type);
	raise_error(c, &ERR_UNSUPPORTED_MEDIA_TYPE,
	    "Content-Type must be %s", type);
}

/* The member whose key ends before `position`, where jansson stopped. */
static const char *
duplicate_key(struct ctx *c, int position)
{
	const char	*end, *start;

	if ((size_t)position > c->body_len)	/* or is negative */
		return ("body");
	end = memrchr(c->body, '"', (size_t)position);
	if (end == NULL || end == c->body)
		return ("body");
	start = memrchr(c->body, '"', (size_t)(end - c->body));
	if (start == NULL || end - start > KEY_SHOWN_MAX ||
	    (start > c->body && start[-1] == '\\'))
		return ("body");
	return (ctx_printf(c, "body.%.*s", (int)(end - start - 1), start + 1));
}

/* Shortens each number outside of strings, so that jansson can hold it. */
static size_t
cut_numbers(char *s, size_t len)
{
	size_t	 i, digits = 0, out = 0;
	bool	 quoted = false;

	for (i = 0; i < len; i++) {
		digits = !quoted && s[i] >= '0' && s[i] <= '9' ? digits + 1 : 0;
		if (digits > 2)		/* two digits show a leading zero */
			continue;
		if (quoted && s[i] == '\\' && i + 1 < len)
			s[out++] = s[i++];
		else if (s[i] == '"')
			quoted = !quoted;
		s[out++] = s[i];
	}
	return (out);
}

/*
 * jansson stops at a number that it cannot hold. Returns whether the rest is
 * valid JSON: if not, that is the error to report.
 */
static bool
overflow_aside(struct ctx *c)
{
	char		*copy = ctx_strndup(c, c->body, c->body_len);
	json_error_t	 error;
	json_t		*root;

	root = json_loadb(copy, cut_numbers(copy, c->body_len),
	    JSON_DECODE_ANY, &error);
	json_decref(root);
	return (root != NULL);
}

static void
raise_json_error(struct ctx *c, const json_error_t *error)
{
	if (json_error_code(error) == json_error_numeric_overflow &&
	    overflow_aside(c))
		raise_invalid(c, "body", "out_of_range",
		    "A number is too large (line %d)", error->line);
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		raise_invalid(c, duplicate_key(c, error->position),
		    "duplicate_field", "Is given more than once");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		raise_invalid(c, "body", "invalid_format",
		    "The character U+0000 is not allowed (line %d)",
		    error->line);
	default:
		raise_error(c, &ERR_INVALID_JSON,
		    "The body is not valid JSON (line %d, column %d)",
		    error->line, error->column);
	}
}

static void
release_json(void *root)
{
	json_decref(root);
}

static json_t *
parse_json(struct ctx *c)
{
	unsigned	 failures = mem_failures();
	json_error_t	 error;
	json_t		*root;

	if (c->body_len == 0)
		raise_error(c, &ERR_INVALID_JSON, "The body is empty");
	require_media_type(c, JSON_TYPE, c->endpoint->verb == VERB_PATCH ?
	    MERGE_PATCH : NULL);
	if (json_nests_deeper(c->body, c->body_len, BODY_DEPTH_MAX))
		raise_error(c, &ERR_INVALID_JSON,
		    "The body nests more than %d levels", BODY_DEPTH_MAX);
	if (json_holds_more(c->body, c->body_len, BODY_VALUES_MAX))
		raise_error(c, &ERR_INVALID_JSON,
		    "The body holds more than %d values", BODY_VALUES_MAX);

	if (memchr(c->body, '\0', c->body_len) != NULL)
		raise_error(c, &ERR_INVALID_JSON,	/* jansson ends there */
		    "The body holds a NUL byte");

	root = json_loadb(c->body, c->body_len,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (root != NULL)
		defer(c, release_json, root);
	/* jansson used the reserve: see mem_reserve_alloc(). */
	if (failures != mem_failures())
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	if (root == NULL)
		raise_json_error(c, &error);

	if (!json_is_object(root))
		raise_invalid(c, "body", "wrong_type", "Must be an object");
	return (root);
}

static void
refuse_unknown(struct ctx *c, const struct schema *s, json_t *root)
{
	const char	*key;
	json_t		*value;

	json_object_foreach(root, key, value) {
		if (schema_own_member(s, key) == NULL)
			error_detail(c, ctx_printf(c, "body.%.*s",
			    KEY_SHOWN_MAX, key), "unknown_field",
			    "Is not a field of this request");
	}
}

/* A rule checks the number's text. INT_NULL is no value of a body. */
static void
read_int(struct ctx *c, const struct member *m, const struct rule *rule,
    const char *field, const char *out)
{
	const int64_t	*n = (const int64_t *)(const void *)(out + m->offset);

	if (rule != NULL && !rule_check(c, rule, field,
	    ctx_printf(c, "%" PRId64, *n)))
		return;
	if (member_is_int_null(m, n))
		error_detail(c, field, "out_of_range",
		    "Must be above %" PRId64, INT_NULL);
}

/* A rule checks the text as it was sent: a function, see member_init(). */
static void
read_time(struct ctx *c, const struct member *m, const struct rule *rule,
    const char *field, const char *text, char *out)
{
	if (!timefmt_parse_rfc3339(text, (int64_t *)(void *)(out + m->offset)))
		error_detail(c, field, timefmt_is_beyond(text) ?
		    "out_of_range" : "invalid_format", "Must be a time of "
		    "RFC 3339, such as 2026-01-31T12:00:00Z");
	else if (rule != NULL)
		rule_check(c, rule, field, text);
}

static void
read_value(struct ctx *c, const struct schema *s, const struct member *m,
    json_t *value, char *out)
{
	static const char *const names[] = {
		[T_STR] = "a string", [T_UUID] = "a UUID",
		[T_BOOL] = "true or false", [T_INT] = "an integer",
		[T_TIME] = "a time", [T_JSON] = "an object",
		[T_LIST] = "a list", [T_OBJECT] = "an object",
	};
	const struct rule	*rule = s->rules[m - s->members];
	const char		*field = ctx_printf(c, "body.%s", m->name);
	const char		*text;
	char			*uuid;

	if (m->type == T_BOOL && json_is_boolean(value)) {
		member_put_bool(m, out + m->offset, json_is_true(value));
	} else if (m->type == T_INT && json_is_integer(value)) {
		*(int64_t *)(out + m->offset) = json_integer_value(value);
		read_int(c, m, rule, field, out);
	} else if (m->type == T_TIME && json_is_string(value)) {
		read_time(c, m, rule, field, json_string_value(value), out);
	} else if (m->type == T_UUID && json_is_string(value)) {
		uuid = ctx_alloc(c, UUID_TEXT);
		if (!uuid_parse(json_string_value(value), uuid))
			error_detail(c, field, "invalid_format",
			    "Must be a UUID");
		*(const char **)(out + m->offset) = uuid;
	} else if (m->type == T_STR && json_is_string(value)) {
		text = json_string_value(value);
		*(const char **)(out + m->offset) = text;
		if (rule != NULL && rule_check(c, rule, field, text))
			*(const char **)(out + m->offset) = rule_value(c,
			    rule, text);
	} else {
		error_detail(c, field, "wrong_type", "Must be %s%s",
		    names[m->type], json_is_null(value) ? ", not null" : "");
	}
}

/* Handles an absent member: an error, or the fallback. */
static void
read_absent(struct ctx *c, const struct member *m, char *out)
{
	if (m->flags & REQUIRED)
		error_detail(c, ctx_printf(c, "body.%s", m->name), "missing",
		    "Is required");
	else if (m->fallback != NULL)
		schema_set_fallback(m, out);
}

static void
mark_set(const struct schema *s, const struct member *m, char *out)
{
	if (s->set != 0)
		member_set_mark((struct member_set *)(out + s->set), m->offset,
		    true);
}

static void
read_member(struct ctx *c, const struct schema *s, const struct member *m,
    json_t *value, char *out)
{
	if (value == NULL) {
		read_absent(c, m, out);
		return;
	}
	mark_set(s, m, out);
	if ((m->flags & OR_NULL) == 0 || !json_is_null(value))
		read_value(c, s, m, value, out);
}

/* The row is in the description; to read something else is a bug. */
static void
begin(struct ctx *c, const struct schema *s, bool form)
{
	size_t	 i;

	if (c->endpoint->in != s || c->endpoint->form != form)
		raise_error(c, &ERR_INTERNAL, "%s reads %s",
		    c->endpoint->name, s->name);
	for (i = 0; i < s->nmembers; i++) {
		if (s->members[i].flags & SECRET)
			c->secret = true;
	}
	refuse_coding(c);
}

/*
 * What the body does not have is null, or zero: also the members of the struct
 * that the schema leaves out, if one that it is like has them.
 */
static void
put_nulls(const struct schema *s, char *out)
{
	const struct member	*m;

	for (; s != NULL; s = s->like) {
		for (m = s->members; m < s->members + s->nmembers; m++)
			member_put_null(m, out + m->offset);
	}
}

const void *
schema_read_body(struct ctx *c, const struct schema *s)
{
	const struct member	*m;
	json_t			*root;
	char			*out;

	begin(c, s, false);
	root = parse_json(c);
	out = ctx_alloc(c, s->size);
	put_nulls(s, out);
	for (m = s->members; m < s->members + s->nmembers; m++)
		read_member(c, s, m, json_object_get(root, m->name), out);
	if (c->job == NULL)
		refuse_unknown(c, s, root);
	raise_validation(c);
	return (out);
}

static void
read_pair(struct ctx *c, const struct schema *s, const struct form_pair *pair,
    char *out)
{
	const struct member	*m;
	const struct rule	*rule;
	const char		**place, *reason;

	m = schema_own_member(s, pair->name);
	if (m == NULL || *pair->value == '\0')
		return;
	place = (const char **)(out + m->offset);
	if (*place != NULL)
		raise_error(c, &ERR_BAD_REQUEST,
		    "The parameter %s is repeated", m->name);
	rule = s->rules[m - s->members];
	if (rule != NULL && (reason = rule_reason(rule, pair->value)) != NULL)
		raise_error(c, &ERR_BAD_REQUEST, "The parameter %s: %s",
		    m->name, reason);
	*place = rule != NULL ? rule_value(c, rule, pair->value) :
	    pair->value;
}

const void *
schema_read_form(struct ctx *c, const struct schema *s)
{
	const struct member	*m;
	struct form_pair	 pair;
	const char		**place;
	char			*cursor, *out;
	int			 more;

	begin(c, s, true);
	if (c->body_len == 0)
		raise_error(c, &ERR_BAD_REQUEST, "The body is empty");
	require_media_type(c, FORM_TYPE, NULL);
	if (memchr(c->body, '\0', c->body_len) != NULL)
		raise_error(c, &ERR_BAD_REQUEST,
		    "The body is not a valid form");

	out = ctx_alloc(c, s->size);
	cursor = ctx_strndup(c, c->body, c->body_len);
	while ((more = form_next(&cursor, &pair)) == 1)
		read_pair(c, s, &pair, out);
	if (more == -1)
		raise_error(c, &ERR_BAD_REQUEST,
		    "The body is not a valid form");

	for (m = s->members; m < s->members + s->nmembers; m++) {
		place = (const char **)(out + m->offset);
		if (*place == NULL && (m->flags & REQUIRED))
			raise_error(c, &ERR_BAD_REQUEST,
			    "The parameter %s is missing", m->name);
		if (*place == NULL)
			*place = m->fallback;
	}
	return (out);
}
