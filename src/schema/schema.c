/* SPDX-License-Identifier: ISC */
/* Prepares every schema at start: looks up the validators its fields name. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/register.h"
#include "schema/schema.h"
#include "schema/validator.h"
#include "utils/start_error.h"

REGISTERED(struct schema, schemas);

void
field_set_fallback(const struct field *f, void *out)
{
	char	*place = (char *)out + f->offset;

	if (f->type == T_BOOL)
		*(bool *)place = strcmp(f->fallback, "true") == 0;
	else if (f->type == T_INT)
		*(int64_t *)place = strtoll(f->fallback, NULL, 10);
	else
		*(const char **)place = f->fallback;
}

bool
schema_is_readable(const struct schema *s)
{
	size_t	 i;

	for (i = 0; i < s->nfields; i++) {
		if (s->fields[i].type == T_TIME ||
		    s->fields[i].type == T_JSON ||
		    s->fields[i].type == T_LIST)
			return (false);
	}
	return (true);
}

static bool
fallback_fits(const struct field *f)
{
	char	*end;

	switch (f->type) {
	case T_STR:
		return (true);
	case T_BOOL:
		return (strcmp(f->fallback, "true") == 0 ||
		    strcmp(f->fallback, "false") == 0);
	case T_INT:
		strtoll(f->fallback, &end, 10);
		return (end != f->fallback && *end == '\0');
	default:
		return (false);
	}
}

/* Hashes what decides how a schema writes, and those of its items. */
static bool
digest_schema(EVP_MD_CTX *md, const struct schema *s)
{
	const struct field	*f;
	char			 text[256];
	int			 n;

	n = snprintf(text, sizeof(text), "%s %zu\n", s->name, s->nfields);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    EVP_DigestUpdate(md, text, (size_t)n) != 1)
		return (false);
	for (f = s->fields; f < s->fields + s->nfields; f++) {
		n = snprintf(text, sizeof(text), "%s %d %u\n", f->name,
		    (int)f->type, f->flags);
		if (n < 0 || (size_t)n >= sizeof(text) ||
		    EVP_DigestUpdate(md, text, (size_t)n) != 1 ||
		    (f->of != NULL && !digest_schema(md, f->of)))
			return (false);
	}
	return (true);
}

bool
schema_tag_init(struct schema *s)
{
	const struct field	*f;
	EVP_MD_CTX		*md;
	bool			 done;

	for (f = s->fields; f < s->fields + s->nfields; f++) {
		if (f->flags & ETAG && f->type == T_INT)
			s->version = f;
		if (strcmp(f->name, "id") == 0 && f->type == T_UUID)
			s->id = f;
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

static const char *
schema_init(struct schema *s)
{
	size_t	 i;

	if ((s->rules = calloc(s->nfields, sizeof(*s->rules))) == NULL)
		return ("out of memory");
	if (!schema_tag_init(s))
		return (start_error("the schema %s: %s", s->name,
		    s->id == NULL ? "it has an ETAG, and no T_UUID id" :
		    "its names are too long, or memory is short"));
	for (i = 0; i < s->nfields; i++) {
		if (strcmp(s->fields[i].structure, s->structure) != 0)
			return (start_error("the schema %s has a "
			    "field of another struct, %s.%s", s->name,
			    s->fields[i].structure, s->fields[i].name));
		if (s->fields[i].fallback != NULL &&
		    !fallback_fits(&s->fields[i]))
			return (start_error("the schema %s: %s "
			    "cannot fall back on '%s'", s->name,
			    s->fields[i].name, s->fields[i].fallback));
		if (s->set != 0 && s->fields[i].offset >= FIELD_SET_BITS)
			return (start_error("the schema %s: its "
			    "struct is too large for a field_set", s->name));
		if (s->fields[i].validator == NULL)
			continue;
		s->rules[i] = rule_find(s->fields[i].validator);
		if (s->rules[i] != NULL && s->fields[i].fallback != NULL &&
		    rule_reason(s->rules[i], s->fields[i].fallback) != NULL)
			return (start_error("the schema %s: %s falls "
			    "back on '%s', which kore.conf's %s refuses",
			    s->name, s->fields[i].name, s->fields[i].fallback,
			    s->fields[i].validator));
		if (s->rules[i] == NULL)
			return (start_error("kore.conf has no (valid) "
			    "validator %s, which %s.%s needs",
			    s->fields[i].validator, s->name,
			    s->fields[i].name));
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
	return (NULL);
}
