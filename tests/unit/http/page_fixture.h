/* SPDX-License-Identifier: ISC */
/* What the tests of pages share. */

#ifndef TESTS_HTTP_PAGE_FIXTURE_H
#define TESTS_HTTP_PAGE_FIXTURE_H

/* A list and its parameters, for test_page.c and test_page_links.c. */

#include "answer_fixture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "http/page.h"

#define WRONG	"422 VALIDATION_ERROR"


static void
list_items(struct ctx *c)
{
	(void)c;
}

static void
list_others(struct ctx *c)
{
	(void)c;
}

static const struct schema	cursor_list;

/* DELETE's parameters have no rules except page.c's own. */
ROUTER(tests, "Of a test.");

ROUTE(items, GET(list_items, .out_cursor = &cursor_list), POST(list_others),
    DELETE(list_items));
ROUTE(rest);

static inline int
configure(void **state)
{
	static const char *const	 names[] = { "page", "skip", "limit",
	    "sort", "cursor", "q", "Ä&b" };
	static const char *const	 rules[] = { "^[1-9][0-9]{0,8}$",
	    "^(0|[1-9][0-9]{0,8})$", "^([1-9][0-9]?|100)$",
	    "^(name|-name|created_at)$", "length:0..2000", "^.{1,100}$",
	    "^.{1,100}$" };
	struct kore_module_handle	*h;
	struct kore_validator		*any, *rule;
	const char			*problem;
	size_t				 i;

	(void)state;
	h = fake_route("/items", "items", &items__route);
	any = fake_validator("any", "length:0..2000", NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rule = fake_validator(names[i], rules[i], NULL);
		fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING,
		    names[i], rule);
		fake_param(h, HTTP_METHOD_POST, KORE_PARAMS_QUERY_STRING,
		    names[i], rule);
		fake_param(h, HTTP_METHOD_DELETE, KORE_PARAMS_QUERY_STRING,
		    names[i], any);
	}
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* Runs fn for the row of that method and a query; told is what it wrote. */
static char	told[4096];

static inline const char *
page_run(enum http_verb verb, const char *query, void (*fn)(struct ctx *),
    unsigned fail_at)
{
	const struct endpoint	*row = route_endpoint(&items__route, verb);
	const char		*outcome;

	answer_begin(row);
	request.route = &items__route;
	request.path = "/items";
	request.query = query;
	request.faults.countdown[FAULT_ALLOC] = fail_at;
	told[0] = '\0';
	outcome = request_run(fn);
	return (strcmp(outcome, "ok") == 0 ? told : outcome);
}

static inline const struct page *
page_read(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	return (page_from_query(c, "created_at"));
}

#endif
