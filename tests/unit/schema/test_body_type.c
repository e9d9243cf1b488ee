/* SPDX-License-Identifier: ISC */
/* Which types and codings a JSON body may have. */

/* sources: src/schema/schema_read.c src/schema/schema.c */
/* sources: src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "body_fixture.h"

#define WRONG	"422 VALIDATION_ERROR"
#define NOT_JSON	"400 INVALID_JSON"

static void
read_thing(struct ctx *c)
{
	thing_body(c);
}

static const char *
typed(const char *type, const char *body)
{
	return (send_bytes(read_thing, type, body, strlen(body), 0));
}

static const char *
sent(const char *body)
{
	return (typed("application/json", body));
}

static void
test_media_type(void **state)
{
	static const char *const	 good[] = { "application/json",
	    "Application/JSON", "application/json; charset=utf-8",
	    "application/json;charset=UTF-8",
	    "application/json ; charset=\"utf-8\"", "application/json;",
	    "application/json; charset=utf8; a=b" };
	static const char *const	 bad[] = { NULL, "", "text/plain",
	    "application/jsonx", "application/json5", "application/jso",
	    "application/json; charset=latin1", "application/json; charset",
	    "application/merge-patch+json", "application/json, a",
	    "multipart/form-data; boundary=application/json",
	    "application/x-www-form-urlencoded" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(typed(good[i], "{\"name\":\"a\"}"), "ok");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(typed(bad[i], "{\"name\":\"a\"}"),
		    "415 UNSUPPORTED_MEDIA_TYPE");
	assert_string_equal(request.error.message,
	    "Content-Type must be application/json");
	typed("application/json; charset=latin1", "{}");
	assert_string_equal(request.error.message,
	    "The charset of the body must be UTF-8");
	typed("application/json; charset", "{}");
	assert_string_equal(request.error.message,
	    "Content-Type is malformed; it must be application/json");
	assert_null(request.error.headers);
	/* An empty body has no type. */
	assert_string_equal(typed(NULL, ""), NOT_JSON);
	assert_string_equal(request.error.message, "The body is empty");
}

static void
assert_error_header(const struct header *h, const char *name,
    const char *value)
{
	assert_non_null(h);
	assert_string_equal(h->name, name);
	assert_string_equal(h->value, value);
}

/* RFC 7396 and RFC 5789, 3.1. */
static void
test_media_type_of_a_patch(void **state)
{
	static const char	 merge[] = "application/merge-patch+json";

	(void)state;
	row.verb = VERB_PATCH;
	assert_string_equal(typed(merge, "{\"name\":\"a\"}"), "ok");
	assert_string_equal(typed("Application/Merge-Patch+JSON; "
	    "charset=UTF-8", "{\"name\":\"a\"}"), "ok");
	assert_string_equal(sent("{\"name\":\"a\"}"), "ok");
	assert_string_equal(typed(merge, "{\"name\":null}"),
	    WRONG " body.name:wrong_type");
	assert_string_equal(typed(merge, "[]"), WRONG " body:wrong_type");
	assert_string_equal(typed("application/json-patch+json", "{}"),
	    "415 UNSUPPORTED_MEDIA_TYPE");
	assert_error_header(request.error.headers, "accept-patch",
	    "application/merge-patch+json, application/json");
	typed("application/json; charset=latin1", "{}");
	assert_string_equal(request.error.message,
	    "The charset of the body must be UTF-8");
	row.verb = VERB_NONE;
	assert_string_equal(typed(merge, "{\"name\":\"a\"}"),
	    "415 UNSUPPORTED_MEDIA_TYPE");
}

/* It is refused before the body is looked at. */
static void
test_content_coding(void **state)
{
	(void)state;
	coded = true;
	assert_string_equal(sent("{\"name\":\"a\"}"),
	    "415 UNSUPPORTED_MEDIA_TYPE");
	assert_string_equal(typed(NULL, ""), "415 UNSUPPORTED_MEDIA_TYPE");
	assert_string_equal(request.error.message,
	    "The body must have no Content-Encoding");
	assert_error_header(request.error.headers, "accept-encoding",
	    "identity");
	coded = false;
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_media_type),
		TEST(test_media_type_of_a_patch),
		TEST(test_content_coding),
	};

	row.in = &thing_schema;
	return (cmocka_run_group_tests_name("body_type", tests, configure,
	    NULL));
}
