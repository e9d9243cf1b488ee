/* SPDX-License-Identifier: ISC */
/* Lists of a table that the tests have in memory. */

#ifndef TESTS_DATABASE_LIST_FIXTURE_H
#define TESTS_DATABASE_LIST_FIXTURE_H

#include "http/answer_fixture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "database/list.h"
#include "fakes/kore_fake.h"
#include "request/depend.h"
#include "utils/timefmt.h"

#define FIRST	"00000000-0000-0000-0000-000000000000"
#define LAST	"ffffffff-ffff-ffff-ffff-ffffffffffff"
#define MIDDAY	INT64_C(1767268800000000)	/* 2026-01-01T12:00:00Z */

struct maker;

struct item {
	const char	*id;
	int64_t		 rank;
	int64_t		 at;
	const char	*name;
	const char	*code;
	bool		 fine;
	const struct maker	*maker;		/* of test_list_fields.c */
};

/* Ordered by rank and id, and by the time, descending. */
static struct item	items[] = {
	{ "a", 1, MIDDAY + 7, "Ada", LAST, false, NULL },
	{ "b", 1, MIDDAY + 6, "Bob", LAST, false, NULL },
	{ "c", 2, MIDDAY + 5, "Cid", LAST, false, NULL },
	{ "d", 2, MIDDAY + 4, "Dan", LAST, false, NULL },
	{ "e", 2, MIDDAY + 3, NULL, LAST, false, NULL },
	{ "f", 3, MIDDAY + 2, "Fay", LAST, true, NULL },
	{ "g", 5, MIDDAY + 1, "Gil", LAST, true, NULL },
};

static size_t	nitems;

SCHEMA_DECLARE(item, item);
LISTS(items, list, item);
LISTS(items, own, item, owner, q);
LISTS(items, log, item, until);

static const struct member	item_members[] = {
	MEMBER(item, id, T_UUID, OUT),
	MEMBER(item, rank, T_INT, 0),
	MEMBER(item, at, T_TIME, 0),
	MEMBER(item, name, T_STR, OR_NULL),
	MEMBER(item, code, T_UUID, 0),
	MEMBER(item, fine, T_BOOL, 0),
};

SCHEMA(item);
LIST_QUERY_BOTH_WAYS(items, list, item, .sort = "rank");
LIST_QUERY_AS(items, own, item, .sort = "rank", .pages = &item_list_schema,
    .cursor = &item_cursor_list_schema);
LIST_QUERY_BY_CURSOR(items, log, item, .sort = "-at", .until = "until");

struct schema	none_schema, total_schema;

#define NAMES_OF(...)	NAMES("q", ##__VA_ARGS__)
#define PAGED(...)							\
	NAMES_OF("page.key", "page.id", ##__VA_ARGS__, "page.limit",	\
	    "page.skip")
#define STATEMENT(title, order, index, down, ...)			\
	{ .sort = order, .key = &item_members[index],			\
	  .descending = down, .query = { .name = title, .names =	\
	    PAGED(__VA_ARGS__), .row = &item_schema } }
#define UP(name, index)		STATEMENT("up " name, name, index, false)
#define DOWN(name, index)	STATEMENT("down " name, "-" name, index, true)

static struct list_statement	statements[] = {
	UP("rank", 1), DOWN("rank", 1), UP("at", 2), DOWN("at", 2),
	UP("name", 3), DOWN("name", 3), UP("code", 4), DOWN("code", 4),
	UP("fine", 5), DOWN("fine", 5),
	{ .query = { .name = "count", .names = NAMES_OF("owner") } },
};

/* What the last statements got: their names and values. */
static char	asked[1000];

static inline const char *
value_of(const struct query *q, const char *const *given, const char *name)
{
	size_t	 i;

	for (i = 0; q->names[i] != NULL; i++) {
		if (strcmp(q->names[i], name) == 0)
			return (given[i]);
	}
	return (NULL);
}

static inline void
tell(const struct query *q, const char *const *given, size_t ngiven)
{
	size_t	 i, n = strlen(asked);

	n += (size_t)snprintf(asked + n, sizeof(asked) - n, "%s%s:",
	    n > 0 ? "; " : "", q->name);
	for (i = 0; i < ngiven; i++)
		n += (size_t)snprintf(asked + n, sizeof(asked) - n, " %s",
		    given[i] == NULL ? "NULL" : *given[i] == '\0' ? "''" :
		    given[i]);
	assert_null(q->names[ngiven]);
}

/* Is the row behind the start, in the direction of the statement? */
static inline bool
is_behind(const struct item *row, int64_t key, const char *id, bool down)
{
	if (row->rank != key)
		return (down ? row->rank < key : row->rank > key);
	return (down ? strcmp(row->id, id) < 0 : strcmp(row->id, id) > 0);
}

/* The table, for the orders by rank; all of it for the others. */
void *
db_query_many(struct ctx *c, const struct query *q, size_t *n,
    const void *from, const char *const *given, size_t ngiven)
{
	struct item	*rows = ctx_alloc(c, sizeof(items) + 1);
	const char	*id = value_of(q, given, "page.id");
	int64_t		 key = strtoll(value_of(q, given, "page.key") != NULL ?
			    value_of(q, given, "page.key") : "0", NULL, 10);
	size_t		 limit = (size_t)atoi(value_of(q, given,
			    "page.limit"));
	size_t		 skip = (size_t)atoi(value_of(q, given, "page.skip"));
	bool		 down = strncmp(q->name, "down", 4) == 0;
	size_t		 i, at;

	assert_null(from);
	tell(q, given, ngiven);
	*n = 0;
	for (i = 0; i < nitems; i++) {
		at = down ? nitems - 1 - i : i;
		if (strstr(q->name, " rank") != NULL &&
		    !is_behind(&items[at], key, id, down))
			continue;
		if (skip > 0)
			skip--;
		else if (*n < limit)
			rows[(*n)++] = items[at];
	}
	return (rows);
}

void *
db_query_one(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	struct total	*total = ctx_alloc(c, sizeof(*total));
	const char	*most = value_of(q, given, "page.most");

	(void)from;
	tell(q, given, ngiven);
	total->total = (int64_t)nitems;
	if (most != NULL && total->total > strtoll(most, NULL, 10))
		total->total = strtoll(most, NULL, 10);
	return (total);
}

/* The handlers */

static const char	*until;

static inline void
list_items(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_list_respond(c);
}

static inline void
list_own(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_own_respond(c, "me", NULL);
}

static inline void
list_log(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_log_respond(c, until);
}

ROUTER(tests, "Of a test.");

ROUTE(all_items, GET(list_items, .out = &item_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(own_items, GET(list_own, .out = &item_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(item_log, GET(list_log, .out = &items_log_schema,
    .out_cursor = &items_log_schema));
ROUTE(rest);

static inline int
configure(void **state)
{
	static const char *const	 names[] = { "page", "skip", "limit",
	    "sort", "cursor", "q", "owner" };
	struct kore_module_handle	*h[3];
	struct kore_validator		*any;
	const char			*problem;
	size_t				 i, j;

	(void)state;
	h[0] = fake_route("/items", "all_items", &all_items__route);
	h[1] = fake_route("/own", "own_items", &own_items__route);
	h[2] = fake_route("/log", "item_log", &item_log__route);
	any = fake_validator("any", "length:0..2000", NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (j = 0; j < 3; j++)
			fake_param(h[j], HTTP_METHOD_GET,
			    KORE_PARAMS_QUERY_STRING, names[i], any);
	}
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

static inline int
setup(void **state)
{
	(void)state;
	nitems = sizeof(items) / sizeof(items[0]);
	until = NULL;
	items_list.statements = items_own.statements =
	    items_log.statements = statements;
	items_list.nstatements = items_own.nstatements =
	    items_log.nstatements = sizeof(statements) / sizeof(statements[0]);
	return (0);
}

/* The body of a page, or why there is none. */
static inline const char *
get_from(const struct route *route, const char *query)
{
	static char		 text[4096];
	const struct endpoint	*row = route_endpoint(route, VERB_GET);
	const char		*outcome;

	answer_begin(row);
	request.route = route;
	request.path = "/items";
	request.query = query;
	asked[0] = '\0';
	outcome = request_run(row->handler);
	if (strcmp(outcome, "ok") != 0)
		return (outcome);
	snprintf(text, sizeof(text), "%.*s", (int)request.response.len,
	    request.response.body);
	return (text);
}

static inline const char *
get(const char *query)
{
	return (get_from(&all_items__route, query));
}

/* Every allocation fails in turn: 503, until none is left to fail. */
static inline void
check_short_memory(const struct route *route, const char *query)
{
	const struct endpoint	*row = route_endpoint(route, VERB_GET);
	const char		*outcome = "";
	unsigned		 n;

	for (n = 1; n < 100; n++) {
		answer_begin(row);
		request.route = route;
		request.path = "/items";
		request.query = query;
		request.faults.countdown[FAULT_ALLOC] = n;
		outcome = request_run(row->handler);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 2, 90);
	assert_string_equal(outcome, "ok");
}

/* The ids of a body's items: "abc". */
static inline const char *
ids(const char *body)
{
	static char	 found[32];
	size_t		 n = 0;

	while ((body = strstr(body, "{\"id\":\"")) != NULL) {
		body += strlen("{\"id\":\"");
		found[n++] = *body;
	}
	found[n] = '\0';
	return (found);
}

/* A query with a body's next_cursor or prev_cursor; NULL: it has none. */
static inline const char *
query_with(const char *body, const char *member)
{
	static char	 query[2200];
	const char	*p = strstr(body, member);

	assert_non_null(p);
	p += strlen(member) + 2;
	if (strncmp(p, "null", 4) == 0)
		return (NULL);
	assert_true(*p == '"');
	snprintf(query, sizeof(query), "limit=3&cursor=%.*s",
	    (int)strcspn(p + 1, "\""), p + 1);
	return (query);
}

#endif
