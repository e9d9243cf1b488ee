/* SPDX-License-Identifier: ISC */
/* Which routes are described, and what stops the start. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/openapi/openapi.c src/openapi/openapi_build.c */
/* sources: src/openapi/openapi_errors.c src/openapi/openapi_headers.c */
/* sources: src/openapi/openapi_path.c src/http/path_template.c */
/* sources: src/openapi/openapi_responses.c */
/* sources: src/openapi/openapi_schemas.c src/http/routes.c src/http/query.c */
/* sources: src/schema/validator.c src/schema/schema.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c src/request/endpoint.c */
/* sources: src/base/error_kinds.c src/request/error_details.c */
/* sources: tests/unit/fakes/kore_fake.c src/http/respond.c */
/* sources: src/http/conditional.c */
/* defines: -no-pie -Wl,--unresolved-symbols=ignore-all */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "http/conditional.h"
#include "middleware/rate_limit.h"
#include "openapi/openapi.h"
#include "openapi/openapi_build.h"

#define SECURITY	"paths./thing.get.security"
#define DESCRIPTION	"paths./thing.get.description"

static void
handler(struct ctx *c)
{
	(void)c;
}

static void
make_token(struct ctx *c)
{
	(void)c;
}

struct made {
	const char	*text;
};

static const struct member	made_members[] = {
	MEMBER(made, text, T_STR, 0),
};

extern struct schema	made_schema;
SCHEMA(made);

static const struct rate_limit	of_things = { .doc = "Things" };
static const char *const	roles[] = { "user", "admin", NULL };
static const struct dependency	with_roles = { .doc = "Only for",
    .roles = roles };
static const struct dependency	in_time = { .doc = "In time" };
static const struct dependency	maybe = { .doc = "For all", .optional = true };

ROUTER(things, "The things.");

static struct route_row	thing__rows[1];
static struct route	thing__route = { .name = "thing", .router = &router,
			    .rows = thing__rows, .nrows = 1 };
static struct route	other__route = { .name = "other", .router = &router,
			    .rows = thing__rows, .nrows = 1 };
ROUTE(token, POST(make_token, .errors = OAUTH, .in = &made_schema,
    .out = &made_schema, .form = true, .doc = "Sign in."));

ROUTE(ending, POST(make_token, .errors = OAUTH, .in = &made_schema,
    .form = true, .doc = "Sign in."));
static struct route	login__route = { .name = "login", .router = &router,
			    .rows = (struct route_row[]){ POST(make_token,
			    .errors = OAUTH, .in = &made_schema,
			    .doc = "Sign in with JSON.") }, .nrows = 1 };
ROUTE(rest);

static struct route	*const all[] = { &thing__route, &other__route,
    &token__route, &login__route, &rest__route };

static json_t	*api;

static int
teardown(void **state)
{
	size_t	 i;

	(void)state;
	fake_routes_clear();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->regex != NULL)	/* regex_t is its only memory */
			regfree((regex_t *)all[i]->regex);
		free(all[i]->regex);
		free((char *)(uintptr_t)all[i]->allow);
		free((void *)(uintptr_t)all[i]->shape);
		all[i]->regex = NULL;
		all[i]->shape = NULL;
		all[i]->allow = NULL;
		all[i]->hdlr = NULL;
	}
	json_decref(api);
	api = NULL;
	free((char *)(uintptr_t)openapi_file()->plain.bytes);
	memset((void *)(uintptr_t)openapi_file(), 0,
	    sizeof(struct static_file));
	return (0);
}

/* GET /thing, and a route more; teardown() undoes it. */
static struct kore_module_handle *
route(const char *path, struct endpoint row)
{
	row.verb = VERB_GET;
	row.handler = handler;
	row.name = "read_thing";
	thing__rows[0] = (struct route_row){ .endpoint = row };
	return (fake_route(path, "thing", &thing__route));
}

static const char *
describe(void)
{
	const char	*problem;

	fake_route("^.*$", "rest", &rest__route);
	problem = routes_init(NULL);
	assert_null(problem);
	if ((problem = openapi_init()) == NULL)
		api = json_loads(openapi_file()->plain.bytes, 0, NULL);
	return (problem);
}

/* A part of the document as compact JSON; "paths./thing.get": its place. */
static void
assert_part(const char *place, const char *expect)
{
	json_t	*j = api;
	char	 names[128], *name, *rest, *text;

	strcpy(names, place);
	for (name = strtok_r(names, ".", &rest); name != NULL;
	    name = strtok_r(NULL, ".", &rest))
		j = json_object_get(j, name);
	if (expect == NULL) {
		assert_null(j);
		return;
	}
	assert_non_null(j);
	text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, expect);
	free(text);
}

static void
describes(struct endpoint row)
{
	teardown(NULL);
	row.doc = "Read it.";
	route("/thing", row);
	assert_null(describe());
}

static void
test_documentation(void **state)
{
	(void)state;
	describes((struct endpoint){ .status = 0 });
	assert_part("paths./thing.get.summary", "\"Read it\"");
	assert_part("paths./thing.get.operationId", "\"read_thing\"");
	assert_part("paths./thing.get.parameters", NULL);
	assert_part("paths./thing.get.requestBody", NULL);
	assert_part("tags",
	    "[{\"name\":\"things\",\"description\":\"The things.\"}]");
	teardown(state);
	route("/thing", (struct endpoint){ .doc = "Read" });
	assert_null(describe());
	assert_part("paths./thing.get.summary", "\"Read\"");
}

static void
test_access(void **state)
{
	(void)state;
	describes((struct endpoint){ .status = 0 });
	assert_part(DESCRIPTION, "\"For everybody.\"");
	assert_part(SECURITY, "[]");
	describes((struct endpoint){ .auth = &with_roles });
	assert_part(DESCRIPTION, "\"Only for `user`, `admin`.\"");
	assert_part(SECURITY, "[{\"bearer\":[]}]");
	describes((struct endpoint){ .auth = &with_roles, .also = &in_time });
	assert_part(DESCRIPTION, "\"Only for `user`, `admin`. In time.\"");
	assert_part(SECURITY, "[{\"bearer\":[]}]");
	describes((struct endpoint){ .auth = &maybe, .limit = &of_things });
	assert_part(DESCRIPTION, "\"For all. Things are limited.\"");
	assert_part(SECURITY, "[{},{\"bearer\":[]}]");
}

/* Only with an endpoint for tokens is there a second way to send one. */
static void
test_token_endpoint(void **state)
{
	static const char	scheme[] = "components.securitySchemes.oauth2";

	(void)state;
	route("/thing", (struct endpoint){ .auth = &maybe, .doc = "Read." });
	fake_route("/token", "token", &token__route);
	assert_null(describe());
	assert_part(SECURITY, "[{},{\"oauth2\":[]},{\"bearer\":[]}]");
	assert_part("components.securitySchemes.oauth2.flows.password.tokenUrl",
	    "\"/token\"");
	assert_part("components.securitySchemes.oauth2.flows.password."
	    "refreshUrl", "\"/token\"");
	teardown(state);
	route("/thing", (struct endpoint){ .auth = &maybe, .doc = "Read." });
	assert_null(describe());
	assert_part(scheme, NULL);
	assert_part(SECURITY, "[{},{\"bearer\":[]}]");
}

/* Nor is a form that gives no token, such as a revocation. */
static void
test_an_empty_answer_is_no_token_endpoint(void **state)
{
	(void)state;
	route("/thing", (struct endpoint){ .auth = &maybe, .doc = "Read." });
	fake_route("/end", "ending", &ending__route);
	assert_null(describe());
	assert_part("components.securitySchemes.oauth2", NULL);
}

/* OAuth's errors alone do not make it one: that takes a form. */
static void
test_json_sign_in_is_no_token_endpoint(void **state)
{
	(void)state;
	route("/thing", (struct endpoint){ .auth = &maybe, .doc = "Read." });
	fake_route("/login", "login", &login__route);
	assert_null(describe());
	assert_part("components.securitySchemes.oauth2", NULL);
	assert_part("components.schemas.OAuthError.type", "\"object\"");
	assert_part("paths./login.post.requestBody.content."
	    "application/x-www-form-urlencoded", NULL);
	assert_part("paths./login.post.requestBody.content.application/json."
	    "schema.$ref", "\"#/components/schemas/Made\"");
}

/* A row's own limit; http_body_max may change without a new description. */
static void
test_the_limit_of_a_body(void **state)
{
#define POST_THING	"paths./thing.post.requestBody."
	(void)state;
	route("/thing", (struct endpoint){ .in = &made_schema, .doc = "A." });
	thing__rows[0].endpoint.verb = VERB_POST;
	assert_null(describe());
	assert_part(POST_THING "required", "true");
	assert_part(POST_THING "description", NULL);
	teardown(state);
	route("/thing", (struct endpoint){ .in = &made_schema, .doc = "A.",
	    .body_max = 1310720 });
	thing__rows[0].endpoint.verb = VERB_POST;
	assert_null(describe());
	assert_part(POST_THING "description",
	    "\"Up to 1310720 bytes; above that, 413.\"");
}

static void
test_what_is_not_described(void **state)
{
	struct kore_module_handle	*h;

	(void)state;
	describes((struct endpoint){ .hidden = true });
	assert_part("paths", "{}");
	assert_part("tags", "[]");
	teardown(state);
	h = route("/thing", (struct endpoint){ .doc = "Read." });
	h->dom->server->name = (char *)(uintptr_t)"admin";
	assert_null(describe());
	assert_part("paths", "{}");
	h->dom->server->name = (char *)(uintptr_t)"api";
}

static void
test_success(void **state)
{
	static const struct {
		int		 status;
		const char	*key, *doc;
	} cases[] = {
		{ 0, "200", "\"OK\"" }, { 200, "200", "\"OK\"" },
		{ 201, "201", "\"Created\"" }, { 202, "202", "\"Accepted\"" },
		{ 204, "204", "\"No Content\"" },
	};
	char	 place[100];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describes((struct endpoint){ .status = cases[i].status });
		snprintf(place, sizeof(place),
		    "paths./thing.get.responses.%s.description", cases[i].key);
		assert_part(place, cases[i].doc);
		snprintf(place, sizeof(place), "paths./thing.get.responses.%s."
		    "headers.Location", cases[i].key);
		assert_part(place, cases[i].status != 201 ? NULL :
		    "{\"$ref\":\"#/components/headers/Location\"}");
	}
}

static void
test_what_stops_the_start(void **state)
{
	static const char	*many[200];
	static const struct dependency	auth = { .doc = "For",
					    .roles = many };
	size_t	 i;

	(void)state;
	route("/thing", (struct endpoint){ .doc = NULL });
	assert_string_equal(describe(), __FILE__ ": read_thing in ROUTE(thing) "
	    "has no .doc: write .doc = \"What it does.\"");
	teardown(state);
	route("/thing", (struct endpoint){ .doc = "" });
	assert_string_equal(describe(), __FILE__ ": read_thing in ROUTE(thing) "
	    "has no .doc: write .doc = \"What it does.\"");
	teardown(state);
	route("^/things?$", (struct endpoint){ .doc = "Read." });
	assert_string_equal(describe(), "kore.conf: the route ^/things?$ thing "
	    "cannot be described: its path is more than groups: write one "
	    "like ^/notes/([^/]+)$, or .hidden = true in its rows");
	teardown(state);
	route("/thing", (struct endpoint){ .doc = "Read." });
	fake_route("/other", "other", &other__route);
	assert_string_equal(describe(), "kore.conf: the handler read_thing of "
	    "/other other has another route: two operations of one name: "
	    "write a handler of its own, or .hidden = true in one of the "
	    "rows");
	teardown(state);
	for (i = 0; i < 199; i++)
		many[i] = "role";
	route("/thing", (struct endpoint){ .doc = "Read.", .auth = &auth });
	assert_string_equal(describe(),
	    "read_thing: too many roles to describe");
}

/* Which errors an endpoint has, by what its row says. */
static void
test_errors(void **state)
{
	static const struct error_kind *const	 raised[] = {
	    &ERR_CONFLICT, &ERR_TOO_MANY_REQUESTS, NULL };
	static const struct error_kind *const	 of_auth[] = {
	    &ERR_FORBIDDEN, NULL };
	static const struct error_kind *const	 of_also[] = {
	    &ERR_NOT_FOUND, NULL };
	static const struct dependency	 auth = { .raises = of_auth };
	static const struct dependency	 also = { .raises = of_also };
	static const struct member	 version = { .name = "v" };
	static const struct schema	 tagged = { .version = &version };
	static const struct {
		struct endpoint		 row;
		unsigned		 list_kind;
		const char		*raises;
	} cases[] = {
		{ { .verb = VERB_GET }, 0, "422 500 503" },
		{ { .verb = VERB_GET }, IN_PAGES, "422 500 503" },
		{ { .in = &tagged }, 0, "400 413 415 422 500 503" },
		{ { .verb = VERB_GET }, IN_PAGES | BY_CURSOR,
		  "400 422 500 503" },
		{ { .limit = &of_things }, 0, "422 429 500 503" },
		{ { .if_match = true }, 0, "412 422 500 503" },
		{ { .verb = VERB_GET, .out = &tagged }, 0, "412 422 500 503" },
		{ { .verb = VERB_POST, .out = &tagged }, 0, "422 500 503" },
		{ { .raises = raised }, 0, "409 422 429 500 503" },
		{ { .auth = &auth }, 0, "403 422 500 503" },
		{ { .auth = &auth, .also = &also }, 0, "403 404 422 500 503" },
	};
	static const struct endpoint	 writes = { .verb = VERB_PATCH,
					    .if_match = true };
	const struct error_kind *const	*k;
	char				 text[200];
	size_t				 i, n;

	(void)state;
	assert_false(openapi_may_raise(&writes, 0,
	    &ERR_PRECONDITION_REQUIRED));
	conditional_init(true);
	assert_true(openapi_may_raise(&writes, 0, &ERR_PRECONDITION_REQUIRED));
	conditional_init(false);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 0, k = error_kinds; *k != NULL; k++) {
			if (openapi_may_raise(&cases[i].row,
			    cases[i].list_kind, *k))
				n += (size_t)snprintf(text + n,
				    sizeof(text) - n, "%s%d",
				    n > 0 ? " " : "", (*k)->status);
		}
		assert_string_equal(text, cases[i].raises);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_documentation),
		TEST(test_access),
		TEST(test_token_endpoint),
		TEST(test_an_empty_answer_is_no_token_endpoint),
		TEST(test_json_sign_in_is_no_token_endpoint),
		TEST(test_the_limit_of_a_body),
		TEST(test_what_is_not_described),
		TEST(test_success),
		TEST(test_what_stops_the_start),
		TEST(test_errors),
	};

	if (schemas_init() != NULL)
		return (1);
	return (cmocka_run_group_tests_name("openapi_routes", tests, NULL,
	    NULL));
}
