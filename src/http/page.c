/* SPDX-License-Identifier: ISC */
/* Reads the page that the query asks for, and writes the Link header. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "http/page.h"
#include "http/respond.h"
#include "http/routes.h"
#include "utils/cursor.h"
#include "utils/percent.h"

#define SEPARATOR	'\x1f'	/* between a cursor's parts */

/* What a cursor may begin with; then comes the sort. */
#define BACK		"<"	/* it is of the rows before */
#define NULL_KEY	"~"	/* the key is NULL */

/* Upper bounds; kore.conf's validators may set lower ones. */
#define LIMIT_MAX	1000
#define NUMBER_MAX	INT64_C(1000000000000)

static unsigned char	page_key[CURSOR_KEY], page_key_previous[CURSOR_KEY];
static bool		has_previous;

void
pages_init(const unsigned char key[static CURSOR_KEY])
{
	memcpy(page_key, key, CURSOR_KEY);
	has_previous = false;
}

void
pages_accept(const unsigned char key[static CURSOR_KEY])
{
	memcpy(page_key_previous, key, CURSOR_KEY);
	has_previous = true;
}

static bool
open_cursor(const char *list, const char *cursor, char *text)
{
	return (cursor_open(page_key, list, cursor, text) || (has_previous &&
	    cursor_open(page_key_previous, list, cursor, text)));
}

/* A list has the parameters that its rows name, and need not have them all. */
#undef query_param

static int64_t
read_number(struct ctx *c, const char *name, int64_t min, int64_t max,
    int64_t fallback)
{
	const char	*text = query_param(c, name);
	char		*end;
	long long	 n;

	if (text == NULL)
		return (fallback);
	n = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && n >= min && n <= max)
		return (n);
	error_detail(c, ctx_printf(c, "query.%s", name), "out_of_range",
	    "Must be a number from %" PRId64 " to %" PRId64, min, max);
	return (fallback);
}

static void
refuse_with(struct ctx *c, const char *name, const char *other)
{
	if (query_param(c, name) != NULL)
		error_detail(c, ctx_printf(c, "query.%s", name),
		    "not_allowed", "Cannot be given together with %s", other);
}

static void
read_cursor(struct ctx *c, struct page *p, const char *cursor)
{
	char	*text = ctx_alloc(c, CURSOR_TEXT_MAX), *id, *after;
	bool	 is_null;

	p->by_cursor = true;
	if (*cursor == '\0')
		return;
	if (!open_cursor(c->endpoint->name, cursor, text) ||
	    (id = strchr(text, SEPARATOR)) == NULL ||
	    (after = strchr(id + 1, SEPARATOR)) == NULL)
		raise_error(c, &ERR_INVALID_CURSOR,
		    "The cursor is not one of this list");
	*id = *after = '\0';
	p->back = *text == *BACK;
	text += p->back;
	is_null = *text == *NULL_KEY;
	text += is_null;
	if (query_param(c, "sort") != NULL && strcmp(p->sort, text) != 0)
		raise_error(c, &ERR_INVALID_CURSOR,
		    "The cursor is of a list sorted by %s", text);
	p->sort = text;
	p->after_id = id + 1;
	p->after_key = is_null ? NULL : after + 1;
}

const struct page *
page_from_query(struct ctx *c, const char *fallback_sort)
{
	struct page	*p = ctx_alloc(c, sizeof(*p));
	const char	*cursor = query_param(c, "cursor");

	p->limit = read_number(c, "limit", 1, LIMIT_MAX, PAGE_LIMIT_FALLBACK);
	p->number = read_number(c, "page", 1, NUMBER_MAX, 1);
	p->skip = read_number(c, "skip", 0, NUMBER_MAX,
	    (p->number - 1) * p->limit);
	p->sort = query_param(c, "sort");
	if (p->sort == NULL)
		p->sort = fallback_sort != NULL ? fallback_sort : "";
	if (cursor != NULL) {
		refuse_with(c, "page", "cursor");
		refuse_with(c, "skip", "cursor");
	} else if (query_param(c, "page") != NULL)
		refuse_with(c, "skip", "page");
	raise_validation(c);

	if (cursor != NULL)
		read_cursor(c, p, cursor);
	if (query_param(c, "skip") != NULL) {
		p->by_skip = true;
		p->number = p->skip / p->limit + 1;
	}
	return (p);
}

int64_t
page_count(const struct page *p, int64_t total)
{
	return ((total + p->limit - 1) / p->limit);
}

static const char *
encode(struct ctx *c, const char *text)
{
	size_t	 size = PERCENT_ENCODED_SIZE(strlen(text));
	char	*out = ctx_alloc(c, size);

	percent_encode(text, out, size);
	return (out);
}

/* This request's target as a link, with another value for one parameter. */
static const char *
link_to(struct ctx *c, const char *name, const char *value, const char *rel)
{
	const struct query_value	*v;
	const char			*target;

	target = ctx_printf(c, "<%s%s?%s=%s", public_path(), c->path, name,
	    value);
	for (v = c->query_values; v != NULL; v = v->next) {
		if (strcmp(v->name, name) != 0)
			target = ctx_printf(c, "%s&%s=%s", target,
			    encode(c, v->name), encode(c, v->value));
	}
	return (ctx_printf(c, "%s>; rel=\"%s\"", target, rel));
}

static const char *
link_number(struct ctx *c, const char *name, int64_t n, const char *rel)
{
	return (link_to(c, name, ctx_printf(c, "%" PRId64, n), rel));
}

static int64_t
least(int64_t a, int64_t b)
{
	return (a < b ? a : b);
}

static void
write_links(struct ctx *c, const char *next, const char *prev)
{
	if (next != NULL || prev != NULL)
		respond_header(c, "link", ctx_printf(c, "%s%s%s",
		    next != NULL ? next : "",
		    next != NULL && prev != NULL ? ", " : "",
		    prev != NULL ? prev : ""));
}

void
page_links(struct ctx *c, const struct page *p, int64_t total)
{
	const char	*next = NULL, *prev = NULL;
	int64_t		 last = page_count(p, total);

	if (p->skip + p->limit < total)
		next = p->by_skip ?
		    link_number(c, "skip", p->skip + p->limit, "next") :
		    link_number(c, "page", p->number + 1, "next");
	/* Beyond the end, the previous page is the last one that has rows. */
	if (p->by_skip && p->skip > 0 && last > 0)
		prev = link_number(c, "skip", p->skip < p->limit ? 0 :
		    least(p->skip - p->limit, (last - 1) * p->limit), "prev");
	else if (!p->by_skip && p->number > 1 && last > 0)
		prev = link_number(c, "page", least(p->number - 1, last),
		    "prev");

	write_links(c, next, prev);
}

const char *
page_cursor(struct ctx *c, const struct page *p, bool back, const char *id,
    const char *key)
{
	char	*cursor = ctx_alloc(c, CURSOR_MAX);

	if (!cursor_seal(page_key, c->endpoint->name, ctx_printf(c,
	    "%s%s%s%c%s%c%s", back ? BACK : "", key == NULL ? NULL_KEY : "",
	    p->sort, SEPARATOR, id, SEPARATOR, key == NULL ? "" : key),
	    cursor))
		raise_error(c, &ERR_UNAVAILABLE, "Cannot make a cursor");
	return (cursor);
}

void
page_cursor_links(struct ctx *c, const char *next, const char *prev)
{
	write_links(c,
	    next != NULL ? link_to(c, "cursor", next, "next") : NULL,
	    prev != NULL ? link_to(c, "cursor", prev, "prev") : NULL);
}
