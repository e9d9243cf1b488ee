/* SPDX-License-Identifier: ISC */
/* Responds with a page of a list. */

#include <string.h>

#include "database/database.h"
#include "database/list.h"
#include "database/params.h"
#include "http/routes.h"
#include "request/depend.h"

/* Before the first id of an ascending and of a descending order. */
#define FIRST_ID	"00000000-0000-0000-0000-000000000000"
#define LAST_ID		"ffffffff-ffff-ffff-ffff-ffffffffffff"

/* One request for a page. */
struct wanted {
	const struct list		*list;
	const char *const		*given;
	const struct page		*page;
	const struct list_statement	*statement;
	const char			*key, *id;	/* it begins there */
	int64_t				 limit;		/* rows to read */
	const char *const		*shown;		/* of items; NULL */
};

static void	*read_rows(struct ctx *, struct wanted *, size_t *) AWAITS;
static int64_t	 count_rows(struct ctx *, struct wanted *) AWAITS;
static void	 respond_page(struct ctx *, struct wanted *) AWAITS;
static void	 respond_cursor(struct ctx *, struct wanted *) AWAITS;

/* The value of one of the list's parameters; NULL: it is not given. */
static const char *
own_param(const struct ctx *c, const struct wanted *w, const char *name)
{
	size_t	 i;

	for (i = 0; w->list->given[i] != NULL; i++) {
		if (strcmp(w->list->given[i], name) == 0)
			return (w->given[i]);
	}
	return (query_param(c, name));
}

/*
 * What comes before the first row: a text that is before every text is empty,
 * and no text is behind every one, so that the statement must know NULL.
 */
static const char *
start_key(enum member_type type, bool descending)
{
	switch (type) {
	case T_TIME:
		return (descending ? "infinity" : "-infinity");
	case T_INT:
		return (descending ? "9223372036854775807" :
		    "-9223372036854775808");
	case T_BOOL:
		return (descending ? "true" : "false");
	case T_UUID:
		return (descending ? LAST_ID : FIRST_ID);
	case T_STR:
	case T_JSON:
	case T_LIST:
	case T_OBJECT:
		break;
	}
	return (descending ? NULL : "");
}

/* Is there a row that the page begins after? */
static bool
has_start(const struct page *p)
{
	return (p->after_id != NULL && *p->after_id != '\0');
}

/* Texts of times sort like times. */
static void
set_start(struct ctx *c, struct wanted *w)
{
	const struct list_statement	*s = w->statement;
	const struct page		*p = w->page;
	const char			*until = NULL;

	if (s->key == NULL)		/* the count */
		return;
	w->key = has_start(p) ? p->after_key :
	    start_key(s->key->type, s->descending);
	w->id = has_start(p) ? p->after_id :
	    s->descending ? LAST_ID : FIRST_ID;
	if (w->list->until != NULL)
		until = own_param(c, w, w->list->until);
	if (until != NULL && (!has_start(p) || strcmp(until, w->key) <= 0)) {
		w->key = until;
		w->id = FIRST_ID;
	}
}

static const char *
page_param(struct ctx *c, const struct wanted *w, const char *name)
{
	if (strcmp(name, "key") == 0)
		return (w->key);
	if (strcmp(name, "id") == 0)
		return (w->id);
	if (strcmp(name, "most") == 0)
		return (db_int(c, (int64_t)*w->list->total_max + 1));
	return (db_int(c, strcmp(name, "limit") == 0 ? w->limit :
	    w->page->skip));
}

/* The values of the parameters of the statement. */
static const char *const *
bind_params(struct ctx *c, const struct wanted *w, size_t *n)
{
	const char *const	*names = w->statement->query.names;
	const char		**values;
	size_t			 i;

	for (*n = 0; names[*n] != NULL; (*n)++)
		;
	values = ctx_alloc(c, (*n + 1) * sizeof(*values));
	for (i = 0; i < *n; i++)
		values[i] = strncmp(names[i], "page.", 5) == 0 ?
		    page_param(c, w, names[i] + 5) : own_param(c, w, names[i]);
	return (values);
}

/* Is it the statement for this order (NULL: the count) and direction? */
static bool
is_of(const struct list_statement *s, const char *sort, bool reversed)
{
	if (sort == NULL || s->sort == NULL)
		return (sort == s->sort);
	return (strcmp(s->sort + (*s->sort == '-'), sort + (*sort == '-')) ==
	    0 && (*s->sort == '-') == ((*sort == '-') != reversed));
}

/* The first one whose filter is given, or else the one without a filter. */
static const struct list_statement *
find_statement(const struct ctx *c, const struct wanted *w, const char *sort)
{
	const struct list_statement	*s, *fallback = NULL;

	for (s = w->list->statements;
	    s < w->list->statements + w->list->nstatements; s++) {
		if (!is_of(s, sort, w->page->back))
			continue;
		if (s->each == NULL)
			fallback = s;
		else if (own_param(c, w, s->each) != NULL)
			return (s);
	}
	return (fallback);
}

/* Chooses the statement and its parameters; returns them. */
static const char *const *
prepare(struct ctx *c, struct wanted *w, const char *sort, size_t *n)
{
	w->statement = find_statement(c, w, sort);
	if (w->statement == NULL && w->page->after_id != NULL)
		raise_error(c, &ERR_INVALID_CURSOR,
		    "The cursor is of a list sorted by %s", sort);
	if (w->statement == NULL)
		raise_invalid(c, "query.sort", "not_allowed",
		    "Is no order of this list");
	set_start(c, w);
	return (bind_params(c, w, n));
}

static void *
read_rows(struct ctx *c, struct wanted *w, size_t *n)
{
	repository_fn		*stand_in = override_of_query(c, w->list->name);
	const char *const	*values;
	size_t			 nvalues;

	if (stand_in != NULL)
		return (stand_in(c, strchr(w->list->name, '.') + 1, NULL,
		    w->given, n));
	values = prepare(c, w, w->page->sort, &nvalues);
	return (db_query_many(c, &w->statement->query, n, NULL, values,
	    nvalues));
}

static int64_t
count_rows(struct ctx *c, struct wanted *w)
{
	repository_fn		*stand_in = override_of_query(c, w->list->name);
	const char *const	*values;
	const struct total	*row;
	size_t			 n;

	if (stand_in != NULL) {
		row = stand_in(c, "count", NULL, w->given, &n);
		return (row->total);
	}
	values = prepare(c, w, NULL, &n);
	row = db_query_one(c, &w->statement->query, NULL, values, n);
	return (row->total);
}

/* Sets what the rows lack; returns how many are still there. */
static AWAITS size_t
complete(struct ctx *c, const struct wanted *w, void *rows, size_t n)
{
	if (w->list->complete == NULL)
		return (n);
	return (w->list->complete(c, rows, n, w->shown));
}

static void
respond(struct ctx *c, const struct wanted *w, const struct schema *s,
    const void *response)
{
	if (w->shown != NULL)
		schema_respond_fields(c, s, w->shown, response);
	else
		schema_respond(c, s, response);
}

/* Counts up to the list's .total_max, and estimates what is more. */
static AWAITS void
set_total(struct ctx *c, struct wanted *w, struct row_list *list)
{
	const struct list	*l = w->list;
	int64_t			 estimate;

	list->total = count_rows(c, w);
	if (l->total_max == NULL || list->total <= (int64_t)*l->total_max)
		return;
	list->total_is_estimate = true;
	estimate = l->estimate(c, w->given);
	if (list->total < estimate)
		list->total = estimate;
}

/*
 * An estimate may be too low. It has the rows of this page, and one more if the
 * page is full: so a client that follows the links comes to the end.
 */
static void
raise_estimate(const struct page *p, struct row_list *list)
{
	int64_t	 n = (int64_t)list->items_count;
	int64_t	 least = p->skip + n + (n == p->limit);

	if (list->total_is_estimate && n > 0 && list->total < least)
		list->total = least;
}

static void
respond_page(struct ctx *c, struct wanted *w)
{
	struct row_list	 list = { .page = w->page->number,
			    .limit = w->page->limit };
	void		*rows;

	w->limit = w->page->limit;
	set_total(c, w, &list);
	list.items = rows = read_rows(c, w, &list.items_count);
	raise_estimate(w->page, &list);
	list.pages = page_count(w->page, list.total);
	list.items_count = complete(c, w, rows, list.items_count);
	page_links(c, w->page, list.total);
	respond(c, w, w->list->pages, &list);
}

/* The rows of a page that was read backwards, in the list's order. */
static void
reverse(struct ctx *c, char *rows, size_t n, size_t size)
{
	char	*spare = ctx_alloc(c, size);
	size_t	 i;

	for (i = 0; i < n / 2; i++) {
		memcpy(spare, rows + i * size, size);
		memcpy(rows + i * size, rows + (n - 1 - i) * size, size);
		memcpy(rows + (n - 1 - i) * size, spare, size);
	}
}

/* The cursor of what is before or after a row; NULL: of the whole list. */
static const char *
cursor_at(struct ctx *c, const struct wanted *w, bool back, const void *row)
{
	const char		*sort = w->page->sort;
	const struct schema	*s = w->list->row;

	if (row == NULL)
		return (page_cursor(c, w->page, back, "", ""));
	return (page_cursor(c, w->page, back,
	    schema_text(c, schema_member(s, "id"), row),
	    schema_text(c, schema_member(s, sort + (*sort == '-')), row)));
}

/*
 * One row more than the page has was read. If it is there, the list goes on in
 * the direction of the page, and the row is dropped. In the other direction it
 * goes on if the page began at a row.
 */
static void
respond_cursor(struct ctx *c, struct wanted *w)
{
	const struct page	*p = w->page;
	struct row_cursor_list	 list = { .limit = p->limit };
	size_t			 size = w->list->row->size;
	char			*rows, *last;
	bool			 more;

	w->limit = p->limit + 1;
	list.items = rows = read_rows(c, w, &list.items_count);
	if ((more = list.items_count > (size_t)p->limit))
		list.items_count = (size_t)p->limit;
	if (p->back)
		reverse(c, rows, list.items_count, size);
	last = list.items_count == 0 ? NULL :
	    rows + (list.items_count - 1) * size;

	list.has_more = p->back ? has_start(p) : more;
	if (list.has_more)
		list.next_cursor = cursor_at(c, w, false, last);
	if (w->list->both_ways && (p->back ? more : has_start(p)))
		list.prev_cursor = cursor_at(c, w, true,
		    last == NULL ? NULL : rows);
	page_cursor_links(c, list.next_cursor, list.prev_cursor);
	list.items_count = complete(c, w, rows, list.items_count);
	respond(c, w, w->list->cursor, &list);
}

void
list_respond(struct ctx *c, const struct list *list,
    const char *const *given)
{
	struct wanted	 w = { .list = list, .given = given };

	w.page = page_from_query(c, list->sort);
	if (list->item != NULL)
		w.shown = list_fields(c, list);
	if (list->pages == NULL || w.page->by_cursor)
		respond_cursor(c, &w);
	else
		respond_page(c, &w);
}
