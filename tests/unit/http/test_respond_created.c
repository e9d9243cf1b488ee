/* SPDX-License-Identifier: ISC */
/* The response to a POST that made a row: its Location, its tag, its status. */

/* sources: src/http/respond.c src/http/conditional.c */
/* sources: src/http/schema_response.c src/schema/schema_write.c */
/* sources: src/schema/schema.c src/schema/validator.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/base/jsonw.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */

#include "answer_fixture.h"

#include "http/respond.h"
#include "http/schema_response.h"

#define ID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

struct thing {
	const char	*name;
	const char	*id;
	int64_t		 version;
};

SCHEMA_RESPONSE(thing, thing);

static const struct member	thing_members[] = {
	MEMBER(thing, name, T_STR, OUT),
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, version, T_INT, ETAG),
};

SCHEMA(thing);

static const struct thing	thing = { "a", ID, 3 };
static const struct endpoint	post = {
	.verb = VERB_POST, .name = "make_thing", .status = 201,
	.out = &thing_schema
}, other = { .verb = VERB_POST, .name = "make_other" };

static void
respond(struct ctx *c)
{
	thing_respond_created(c, &thing);
}

static void
test_location(void **state)
{
	(void)state;
	answer_begin(&post);
	request.path = "/v1/boxes/7/things";
	assert_string_equal(request_run(respond), "ok");
	assert_header("location", "/v1/boxes/7/things/" ID);
	assert_header("etag", answer_tag(&thing_schema, ID, 3));
	assert_int_equal(request.response.status, 201);
	assert_string_equal(request.response.body,
	    "{\"name\":\"a\",\"id\":\"" ID "\"}");
}

/* Clients ask for it behind a proxy that removes the path of PUBLIC_URL. */
static void
test_location_behind_a_proxy(void **state)
{
	(void)state;
	respond_init("/backend");
	answer_begin(&post);
	request.path = "/things";
	assert_string_equal(request_run(respond), "ok");
	assert_header("location", "/backend/things/" ID);
	respond_init("");
}

static void
test_another_schema_than_declared(void **state)
{
	(void)state;
	answer_begin(&other);
	assert_string_equal(request_run(respond), "500 INTERNAL_ERROR");
	assert_string_equal(request.error.message,
	    "make_other answers with thing");
}

static int
start(void **state)
{
	(void)state;
	respond_init("");
	return (schema_tag_init(&thing_schema) ? 0 : -1);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_location),
		TEST(test_location_behind_a_proxy),
		TEST(test_another_schema_than_declared),
	};

	return (cmocka_run_group_tests_name("respond_created", tests, start,
	    NULL));
}
