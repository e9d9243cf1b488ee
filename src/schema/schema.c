/* SPDX-License-Identifier: ISC */
/* Prepares every schema at start: looks up the validators its members name. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/register.h"
#include "schema/schema.h"
#include "schema/validator.h"
#include "utils/start_error.h"
#include "utils/timefmt.h"

/* "FILE: the schema NAME" and then the text. */
#define schema_error(s, fmt, ...)					\
	start_error("%s: the schema %s" fmt, (s)->file, (s)->name,	\
	    ##__VA_ARGS__)

#define LEVELS	8	/* of objects and lists in each other */

REGISTERED(struct schema, schemas);

void
schema_set_fallback(const struct member *m, void *out)
{
	char	*place = (char *)out + m->offset;

	if (m->type == T_BOOL)
		member_put_bool(m, place, strcmp(m->fallback, "true") == 0);
	else if (m->type == T_INT)
		*(int64_t *)place = strtoll(m->fallback, NULL, 10);
	else if (m->type == T_TIME)
		(void)timefmt_parse_rfc3339(m->fallback, (int64_t *)place);
	else
		*(const char **)place = m->fallback;
}

bool
schema_is_readable(const struct schema *s)
{
	size_t	 i;

	for (i = 0; i < s->nmembers; i++) {
		if (s->members[i].type >= T_JSON)
			return (false);
	}
	return (true);
}

static bool
fallback_fits(const struct member *m)
{
	int64_t	 number;
	char	*end;

	switch (m->type) {
	case T_STR:
		return (true);
	case T_BOOL:
		return (strcmp(m->fallback, "true") == 0 ||
		    strcmp(m->fallback, "false") == 0);
	case T_INT:
		errno = 0;
		number = strtoll(m->fallback, &end, 10);
		return (end != m->fallback && *end == '\0' && errno == 0 &&
		    !member_is_int_null(m, &number));
	case T_TIME:
		return (timefmt_parse_rfc3339(m->fallback, &number));
	default:
		return (false);
	}
}

/* Hashes what decides how a schema writes, and those of its items. */
static bool
digest_schema(EVP_MD_CTX *md, const struct schema *s)
{
	const struct member	*m;
	char			 text[256];
	int			 n;

	n = snprintf(text, sizeof(text), "%s %zu\n", s->name, s->nmembers);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    EVP_DigestUpdate(md, text, (size_t)n) != 1)
		return (false);
	for (m = s->members; m < s->members + s->nmembers; m++) {
		n = snprintf(text, sizeof(text), "%s %d %u\n", m->name,
		    (int)m->type, m->flags);
		if (n < 0 || (size_t)n >= sizeof(text) ||
		    EVP_DigestUpdate(md, text, (size_t)n) != 1 ||
		    (m->of != NULL && !digest_schema(md, m->of)))
			return (false);
	}
	return (true);
}

bool
schema_tag_init(struct schema *s)
{
	const struct member	*m;
	EVP_MD_CTX		*md;
	bool			 done;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (m->flags & ETAG && m->type == T_INT)
			s->version = m;
		if (strcmp(m->name, "id") == 0 && m->type == T_UUID)
			s->id = m;
	}
	if (s->version == NULL)
		return (true);
	if (s->id == NULL || (md = EVP_MD_CTX_new()) == NULL)
		return (false);
	done = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    digest_schema(md, s) &&
	    EVP_DigestFinal_ex(md, s->fingerprint, NULL) == 1;
	EVP_MD_CTX_free(md);
	return (done);
}

const struct member *
schema_member(const struct schema *s, const char *name)
{
	const struct member	*m = schema_own_member(s, name);

	return (m == NULL && s->like != NULL ? schema_member(s->like, name) :
	    m);
}

static const char *
another_struct(const struct schema *s, const struct member *m)
{
	return (schema_error(s, " has a member of another struct, %s.%s: "
	    "write MEMBER(%s, %s, ...)", m->structure, m->name, s->structure,
	    m->name));
}

/* Takes over a member, with what the schema says about it. */
static void
derive_member(const struct schema *s, const struct member *m,
    struct member *out)
{
	*out = *m;
	if (s->partial)
		out->flags &= ~(unsigned)REQUIRED;
	if (s->required && !names_have(s->optional, m->name))
		out->flags |= REQUIRED;
	if (s->sparse)
		out->flags |= SPARSE;
}

/* Objects stand last, also after the members that .also adds. */
static void
move_objects(struct member *all, size_t n)
{
	struct member	 one;
	size_t		 i, to;

	for (i = 1; i < n; i++) {
		one = all[i];
		if (one.type == T_OBJECT)
			continue;
		for (to = i; to > 0 && all[to - 1].type == T_OBJECT; to--)
			all[to] = all[to - 1];
		all[to] = one;
	}
}

/* Makes the members of a schema that has .like: see schema.h. */
static const char *
schema_derive(struct schema *s)
{
	const struct member	*m;
	struct member		*out;
	const char *const	*name;
	size_t			 most = s->only == NULL ?
				    s->like->nmembers : 0;

	for (name = s->only; name != NULL && *name != NULL; name++)
		most++;
	for (m = s->also; m != NULL && m->name != NULL; m++)
		most++;
	if ((out = calloc(most + 1, sizeof(*out))) == NULL)
		return ("out of memory");
	s->members = out;
	if (s->set == 0)
		s->set = s->like->set;
	for (m = s->like->members; s->only == NULL &&
	    m < s->like->members + s->like->nmembers; m++)
		derive_member(s, m, &out[s->nmembers++]);
	for (name = s->only; name != NULL && *name != NULL; name++) {
		if ((m = schema_member(s->like, *name)) == NULL)
			return (schema_error(s, ": .only names %s, and %s has "
			    "no such member", *name, s->like->name));
		if (schema_own_member(s, *name) != NULL)
			return (schema_error(s, ": .only names %s twice",
			    *name));
		derive_member(s, m, &out[s->nmembers++]);
	}
	for (m = s->also; m != NULL && m->name != NULL; m++) {
		if (strcmp(m->structure, s->structure) != 0)
			return (another_struct(s, m));
		derive_member(s, m, &out[s->nmembers++]);
	}
	move_objects(out, s->nmembers);
	for (name = s->optional; name != NULL && *name != NULL; name++) {
		if (schema_own_member(s, *name) == NULL)
			return (schema_error(s, ": .optional names %s, which "
			    "is no member of it", *name));
	}
	if (s->optional != NULL && !s->required)
		return (schema_error(s, ": .optional does nothing without "
		    ".required = true"));
	return (NULL);
}

/* A regex would see the text of a time, which may have any offset. */
static const char *
check_rule(const struct schema *s, const struct member *m,
    const struct rule *rule)
{
	struct rule_facts	 facts;

	if (rule == NULL || m->type == T_STR || m->type == T_INT)
		return (NULL);
	if (m->type != T_TIME)
		return (schema_error(s, ": nothing calls the validator of %s: "
		    "only a T_STR, a T_INT and a T_TIME have one", m->name));
	rule_describe(rule, &facts);
	if (facts.kind == RULE_FUNCTION)
		return (NULL);
	return (schema_error(s, ": %s is a T_TIME, and kore.conf's %s is a "
	    "regex: name a validator that is a function, or none",
	    m->name, m->validator));
}

static const char *
check_fallback(const struct schema *s, const struct member *m,
    const struct rule *rule)
{
	if (m->fallback == NULL)
		return (NULL);
	if (!fallback_fits(m))
		return (schema_error(s, ": %s cannot fall back on '%s': a "
		    "T_BOOL takes \"true\" or \"false\", a T_INT a number, "
		    "a T_TIME one of RFC 3339, a T_STR any text, and other "
		    "types none", m->name,
		    m->fallback));
	if (rule != NULL && rule_reason(rule, m->fallback) != NULL)
		return (start_error("the schema %s: %s falls back on '%s', "
		    "which kore.conf's %s refuses", s->name, m->name,
		    m->fallback, m->validator));
	return (NULL);
}

/* Is there another one of the same name below it? */
static bool
has_member_below(const struct schema *s, const struct member *m)
{
	const struct member	*other;

	for (other = m + 1; other < s->members + s->nmembers; other++) {
		if (strcmp(other->name, m->name) == 0)
			return (true);
	}
	return (false);
}

static const char *
member_init(struct schema *s, const struct member *m, const struct rule **rule)
{
	const char	*problem;

	if (s->like == NULL && strcmp(m->structure, s->structure) != 0)
		return (another_struct(s, m));
	if (s->set != 0 && m->offset >= MEMBER_SET_BITS)
		return (schema_error(s, ": its struct is too large for a "
		    "member_set: raise MEMBER_SET_BITS in "
		    "src/schema/member_set.h, or move %s up", m->name));
	if (has_member_below(s, m))
		return (schema_error(s, " has two members %s", m->name));
	if (m->type != T_OBJECT && m > s->members && m[-1].type == T_OBJECT)
		return (schema_error(s, ": objects stand last: move %s up",
		    m->name));
	if (m->flags & ETAG && (m->type != T_INT || m->flags & OR_NULL))
		return (schema_error(s, ": its ETAG, %s, must be a T_INT "
		    "without OR_NULL", m->name));
	if (m->validator != NULL && (*rule = rule_find(m->validator)) == NULL)
		return (start_error("kore.conf has no (valid) validator %s, "
		    "which %s.%s needs: write `validator %s regex ...`",
		    m->validator, s->name, m->name, m->validator));
	if ((problem = check_rule(s, m, *rule)) != NULL)
		return (problem);
	return (check_fallback(s, m, *rule));
}

/* The schema that it is like comes first. */
static const char *
schema_init(struct schema *s)
{
	const char	*problem;
	size_t		 i;

	if (s->rules != NULL)
		return (NULL);
	if (s->like != NULL && ((problem = schema_init(s->like)) != NULL ||
	    (problem = schema_derive(s)) != NULL))
		return (problem);
	if ((s->rules = calloc(s->nmembers + 1, sizeof(*s->rules))) == NULL)
		return ("out of memory");
	for (i = 0; i < s->nmembers; i++) {
		problem = member_init(s, &s->members[i], &s->rules[i]);
		if (problem != NULL)
			return (problem);
	}
	return (NULL);
}

static bool
has_etag(const struct schema *s)
{
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (m->flags & ETAG)
			return (true);
	}
	return (false);
}

/* A member that is within itself, or more than LEVELS down; or NULL. */
static const struct member *
find_endless(const struct schema *s, unsigned level)
{
	const struct member	*m, *found;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (m->of == NULL)
			continue;
		found = level == LEVELS ? m : find_endless(m->of, level + 1);
		if (found != NULL)
			return (found);
	}
	return (NULL);
}

/* When all have their members: what one says about another. */
static const char *
schema_finish(struct schema *s)
{
	const struct member	*m = find_endless(s, 0);

	if (m != NULL)
		return (schema_error(s, ": %s.%s is within itself, or more "
		    "than %d levels down: give it a schema without that "
		    "member", m->structure, m->name, LEVELS));
	if (!schema_tag_init(s))
		return (schema_error(s, ": %s", s->id == NULL ? "it has an "
		    "ETAG, and no T_UUID id" : "its names are too long, or "
		    "memory is short"));
	for (m = s->members; s->version != NULL &&
	    m < s->members + s->nmembers; m++) {
		if (m->type == T_OBJECT && !has_etag(m->of))
			return (schema_error(s, ": its ETag does not change "
			    "with %s: write MEMBER(%s, version, T_INT, ETAG)",
			    m->name, m->of->structure));
	}
	return (NULL);
}

const char *
schemas_init(void)
{
	struct schema	*const *s;
	const char	*problem;

	EACH_REGISTERED(s, schemas) {
		if ((problem = schema_init(*s)) != NULL)
			return (problem);
	}
	EACH_REGISTERED(s, schemas) {
		if ((problem = schema_finish(*s)) != NULL)
			return (problem);
	}
	return (NULL);
}
