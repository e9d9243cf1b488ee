/* SPDX-License-Identifier: ISC */
/* Evaluates If-Match and If-None-Match, and writes ETag. */

#include <inttypes.h>
#include <string.h>

#include "http/conditional.h"
#include "http/respond.h"
#include "utils/etag.h"
#include "wire/wire.h"

static bool	required;

void
conditional_init(bool is_required)
{
	required = is_required;
}

bool
precondition_is_required(const struct endpoint *e)
{
	return (required && e->if_match && (e->verb == VERB_PUT ||
	    e->verb == VERB_PATCH || e->verb == VERB_DELETE));
}

/*
 * May the malformed header be ignored? A read without If-None-Match is still
 * right; a write must not become unconditional.
 */
static bool
is_harmless(const struct ctx *c, const char *header)
{
	return (c->endpoint->verb == VERB_GET &&
	    strcmp(header, "if-none-match") == 0);
}

/* A list may be spread over several header lines (RFC 9110, 5.3). */
static enum etag_result
find_tag(struct ctx *c, const char *header, const char *tag, bool weak,
    bool *sent)
{
	const struct head_line	*line = NULL;
	enum etag_result	 result = ETAG_DIFFERS, one;

	*sent = false;
	while ((line = head_next(&c->sent->head, line, header)) != NULL) {
		*sent = true;
		one = etag_in_list(line->value, tag, weak);
		if (one == ETAG_MALFORMED && is_harmless(c, header))
			return (ETAG_DIFFERS);
		if (one == ETAG_MALFORMED)
			raise_invalid(c, ctx_printf(c, "header.%s", header),
			    "invalid_format",
			    "Is not a list of entity tags, like \"1\"");
		if (one > result)
			result = one;
	}
	return (result);
}

void
raise_outdated(struct ctx *c)
{
	raise_error(c, &ERR_PRECONDITION_FAILED,
	    "The resource is not in the state that was asked for");
}

void
raise_gone(struct ctx *c, const char *version, const char *message)
{
	if (version != NULL)
		raise_outdated(c);
	raise_error(c, &ERR_NOT_FOUND, "%s", message);
}

static const char	*shown_of(struct ctx *, const struct schema *,
			    const void *row);

/* The version of an object in the response: it may change without the row. */
static const char *
version_within(struct ctx *c, const struct member *m, const void *row)
{
	const void	*object;

	if (m->type != T_OBJECT)
		return ("");
	object = *(const void *const *)((const char *)row + m->offset);
	return (object == NULL ? "" : ctx_printf(c, " %s %" PRId64,
	    shown_of(c, m->of, object), schema_row_version(m->of, object)));
}

/*
 * The id, its objects, and the members that not every client is shown: what
 * they get are two representations.
 */
static const char *
shown_of(struct ctx *c, const struct schema *s, const void *row)
{
	const struct member	*f;
	const char		*shown = schema_row_id(s, row);

	for (f = s->members; f < s->members + s->nmembers; f++) {
		if ((f->flags & OPTIONAL || f->type == T_OBJECT) &&
		    !schema_is_left_out(f, row))
			shown = ctx_printf(c, "%s %s%s", shown, f->name,
			    version_within(c, f, row));
	}
	return (shown);
}

static const char *
tag_of(struct ctx *c, const struct schema *s, const void *row)
{
	char	*tag = ctx_alloc(c, ETAG_TEXT);

	if (s->id == NULL || s->version == NULL)
		raise_error(c, &ERR_INTERNAL, "%s has no version", s->name);
	if (!etag_make(tag, s->fingerprint, sizeof(s->fingerprint),
	    shown_of(c, s, row), schema_row_version(s, row)))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (tag);
}

const char *
schema_precondition(struct ctx *c, const struct schema *s, const void *row)
{
	const char		*tag = tag_of(c, s, row);
	enum etag_result	 result, excluded;
	bool			 sent;

	if (!c->endpoint->if_match)
		raise_error(c, &ERR_INTERNAL, "%s has no .if_match",
		    c->endpoint->name);
	excluded = find_tag(c, "if-none-match", tag, true, &sent);
	result = find_tag(c, "if-match", tag, false, &sent);
	if (!sent && precondition_is_required(c->endpoint))
		raise_error(c, &ERR_PRECONDITION_REQUIRED, "If-Match is "
		    "missing: send it with the ETag of what you have read");
	if (excluded >= ETAG_MATCHES || (sent && result == ETAG_DIFFERS))
		raise_outdated(c);
	return (result == ETAG_MATCHES ? ctx_printf(c, "%" PRId64,
	    schema_row_version(s, row)) : NULL);
}

bool
respond_etag(struct ctx *c, const struct schema *s, const void *row)
{
	return (respond_tag(c, tag_of(c, s, row)));
}

bool
respond_tag(struct ctx *c, const char *tag)
{
	bool	 sent;

	respond_header(c, "etag", tag);
	if (c->endpoint->verb != VERB_GET)
		return (false);
	if (find_tag(c, "if-match", tag, false, &sent) == ETAG_DIFFERS && sent)
		raise_outdated(c);
	return (find_tag(c, "if-none-match", tag, true, &sent) >=
	    ETAG_MATCHES);
}
