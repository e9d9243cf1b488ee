/* SPDX-License-Identifier: ISC */
/* JSON bodies; test_body_form.c is about forms. */

/* sources: src/schema/schema_read.c src/schema/schema.c */
/* sources: src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "body_fixture.h"

#define UUID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define UPPER	"017F22E2-79B0-7CC3-98C4-DC0C0C07398F"
#define WRONG	"422 VALIDATION_ERROR"
#define NOT_JSON	"400 INVALID_JSON"

static struct thing	thing;		/* the last body */

/* jansson owns the strings until the request ends, so copy them before. */
static char		texts[4][128];

static const char *
keep(size_t i, const char *text)
{
	if (text == NULL)
		return (NULL);
	snprintf(texts[i], sizeof(texts[i]), "%s", text);
	return (texts[i]);
}

static void
read_thing(struct ctx *c)
{
	const struct thing	*in = thing_body(c);

	thing = *in;
	thing.name = keep(0, in->name);
	thing.kind = keep(1, in->kind);
	thing.note = keep(2, in->note);
	thing.owner = keep(3, in->owner);
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
test_every_type(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"name\":\"a\\u00e9\\n\",\"kind\":"
	    "\"fancy\",\"note\":\"\",\"owner\":\"" UPPER "\",\"active\":true,"
	    "\"count\":-12}"), "ok");
	assert_string_equal(thing.name, "aé\n");
	assert_string_equal(thing.kind, "fancy");
	assert_string_equal(thing.note, "");
	assert_string_equal(thing.owner, UUID);
	assert_true(thing.active);
	assert_int_equal(thing.count, -12);
	assert_false(request.secret);
}

static void
test_absent(void **state)
{
	(void)state;
	assert_string_equal(sent(" {\"name\" : \"a\"}\n"), "ok");
	assert_string_equal(thing.kind, "plain");
	assert_null(thing.note);
	assert_null(thing.owner);
	assert_false(thing.active);
	assert_int_equal(thing.count, 0);

	assert_string_equal(sent("{}"), WRONG " body.name:missing");
	assert_string_equal(request_detail(0), "Is required");
	assert_string_equal(sent("{\"Name\":\"a\"}"), WRONG
	    " body.name:missing body.Name:unknown_field");
}

static void
test_wrong_types(void **state)
{
	static const char *const	 not_strings[] = { "null", "1", "1.5",
	    "true", "[]", "[\"a\"]", "{}", "{\"name\":\"a\"}" };
	char				 body[200];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(not_strings) / sizeof(not_strings[0]); i++) {
		snprintf(body, sizeof(body), "{\"name\":%s}", not_strings[i]);
		assert_string_equal(sent(body), WRONG " body.name:wrong_type");
		assert_string_equal(request_detail(0), i == 0 ?
		    "Must be a string, not null" : "Must be a string");
	}
	assert_string_equal(sent("{\"name\":\"a\",\"kind\":null,\"owner\":1,"
	    "\"active\":\"true\",\"count\":\"1\"}"), WRONG
	    " body.kind:wrong_type body.owner:wrong_type"
	    " body.active:wrong_type body.count:wrong_type");
	assert_string_equal(request_detail(1), "Must be a UUID");
	assert_string_equal(request_detail(2), "Must be true or false");
	assert_string_equal(request_detail(3), "Must be an integer");
	assert_string_equal(sent("{\"name\":\"a\",\"active\":1,\"count\":1.0,"
	    "\"note\":null}"), WRONG " body.note:wrong_type"
	    " body.active:wrong_type body.count:wrong_type");
}

static void
test_wrong_values(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"name\":\"\"}"),
	    WRONG " body.name:too_short");
	assert_string_equal(sent("{\"name\":\"éééééééééé\"}"), "ok");
	assert_string_equal(sent("{\"name\":\"éééééééééée\"}"),
	    WRONG " body.name:too_long");
	assert_string_equal(sent("{\"name\":\"a\",\"kind\":\"pla\","
	    "\"owner\":\"" UUID "0\",\"count\":1000}"), WRONG
	    " body.kind:not_allowed body.owner:invalid_format"
	    " body.count:invalid_format");
}

/* All errors are reported at once: fields in order, then unknown members. */
static void
test_unknown(void **state)
{
	char	key[300], body[400], expect[200];

	(void)state;
	assert_string_equal(sent("{\"x\":1,\"count\":1000,\"y\":{}}"), WRONG
	    " body.name:missing body.count:invalid_format"
	    " body.x:unknown_field body.y:unknown_field");
	assert_string_equal(sent("{\"name\":\"a\",\"\":1,\"na me\":1}"), WRONG
	    " body.:unknown_field body.na me:unknown_field");

	memset(key, 'k', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	snprintf(body, sizeof(body), "{\"name\":\"a\",\"%s\":1}", key);
	snprintf(expect, sizeof(expect), WRONG " body.%.100s:unknown_field",
	    key);
	assert_string_equal(sent(body), expect);
}

static void
test_duplicate(void **state)
{
	char	key[300], body[700];

	(void)state;
	assert_string_equal(sent("{\"name\":\"a\",\"name\":\"b\"}"),
	    WRONG " body.name:duplicate_field");
	assert_string_equal(sent("{\"name\":\"a\",\"x\":1,\"x\" : 1}"),
	    WRONG " body.x:duplicate_field");
	assert_string_equal(sent("{\"name\":\"a\",\"note\":\"\\\"name\\\"\","
	    "\n\t\"note\"\n:\n\"b\"}"), WRONG " body.note:duplicate_field");
	/* The same key in another spelling is reported as it was sent. */
	assert_string_equal(sent("{\"name\":\"a\",\"\\u006eame\":\"b\"}"),
	    WRONG " body.\\u006eame:duplicate_field");
	/* It ends the body: jansson does not read on. */
	assert_string_equal(sent("{\"name\":\"a\",\"name\""),
	    WRONG " body.name:duplicate_field");
	/* A key that is too long to repeat. */
	memset(key, 'k', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	snprintf(body, sizeof(body), "{\"%s\":1,\"%s\":1}", key, key);
	assert_string_equal(sent(body), WRONG " body:duplicate_field");
}

/* jansson finds it at any depth; then the message does not name the key. */
static void
test_duplicate_inside(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"name\":\"a\",\"x\":{\"y\":1,\"y\":2}}"),
	    WRONG " body.y:duplicate_field");
	assert_string_equal(sent("{\"\":1,\"\":2}"),
	    WRONG " body.:duplicate_field");
}

/* A member with `levels` times `open` in it, in an object. */
static const char *
nested(unsigned levels, const char *open, const char *close)
{
	static char	 body[8192];
	size_t		 n;
	unsigned	 i;

	n = (size_t)snprintf(body, sizeof(body), "{\"x\":");
	for (i = 1; i < levels; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "%s", open);
	n += (size_t)snprintf(body + n, sizeof(body) - n, "1");
	for (i = 1; i < levels; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "%s", close);
	snprintf(body + n, sizeof(body) - n, "}");
	return (sent(body));
}

static void
test_depth(void **state)
{
	static char	 open[100001];

	(void)state;
	assert_string_equal(nested(32, "[", "]"), WRONG
	    " body.name:missing body.x:unknown_field");
	assert_string_equal(nested(32, "{\"a\":", "}"), WRONG
	    " body.name:missing body.x:unknown_field");
	assert_string_equal(nested(33, "[", "]"), NOT_JSON);
	assert_string_equal(request.error.message,
	    "The body nests more than 32 levels");
	assert_string_equal(nested(33, "{\"a\":", "}"), NOT_JSON);
	assert_string_equal(nested(500, "[", "]"), NOT_JSON);

	memset(open, '[', sizeof(open) - 1);
	assert_string_equal(sent(open), NOT_JSON);
	memset(open, '{', sizeof(open) - 1);
	assert_string_equal(sent(open), NOT_JSON);

	/* Brackets in strings do not count, and closed ones no longer count. */
	memset(open, '[', 60);
	strcpy(open + 60, "\"}");
	memcpy(open, "{\"name\":\"a\",\"note\":\"\\\"", 22);
	assert_string_equal(sent(open), "ok");
	assert_string_equal(sent("{\"name\":\"a\",\"x\":[[],[],[],[],[],[],[],"
	    "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
	    "[],[],[],[],[],[],[],[],[]]}"), WRONG " body.x:unknown_field");
	assert_string_equal(sent("{\"name\":\"a\",\"x\":[{},{},{},{},{},{},{},"
	    "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},"
	    "{},{},{},{},{},{},{},{},{}]}"), WRONG " body.x:unknown_field");
}

static void
test_nul(void **state)
{
	static const char	 raw[] = "{\"name\":\"a\0b\"}";
	static const char	 after[] = "{\"name\":\"a\"}\0";
	static const char	 hidden[] = "{\"name\":\"a\"}\0{\"x\":1}";

	(void)state;
	assert_string_equal(sent("{\"name\":\"a\\u0000b\"}"),
	    WRONG " body:invalid_format");
	assert_string_equal(sent("{\"na\\u0000me\":\"a\"}"),
	    WRONG " body:invalid_format");
	assert_string_equal(sent("{\"x\":[\"\\u0000\"]}"),
	    WRONG " body:invalid_format");
	assert_string_equal(send_bytes(read_thing, "application/json", raw,
	    sizeof(raw) - 1, 0), NOT_JSON);
	assert_string_equal(send_bytes(read_thing, "application/json", after,
	    sizeof(after) - 1, 0), NOT_JSON);
	assert_string_equal(send_bytes(read_thing, "application/json", hidden,
	    sizeof(hidden) - 1, 0), NOT_JSON);
	assert_string_equal(request.error.message,
	    "The body holds a NUL byte");
	assert_string_equal(sent("{\"name\":\"\\\\u0000\"}"), "ok");
	assert_string_equal(thing.name, "\\u0000");
}

static void
test_numbers(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"name\":\"a\",\"count\":"
	    "9223372036854775808}"), WRONG " body:out_of_range");
	assert_string_equal(sent("{\"name\":\"a\",\"count\":"
	    "-9223372036854775809}"), WRONG " body:out_of_range");
	assert_string_equal(sent("{\"name\":\"a\",\"count\":1e400}"),
	    WRONG " body:out_of_range");
	assert_string_equal(sent("{\"name\":\"a\",\"count\":"
	    "9223372036854775807}"), WRONG " body.count:invalid_format");
	assert_string_equal(sent("{\"name\":\"a\",\"count\":-0}"), "ok");
	assert_int_equal(thing.count, 0);
}

/* jansson stops at the number, but invalid JSON stays invalid JSON. */
static void
test_numbers_too_large_in_what_is_no_json(void **state)
{
	static const char	*bad[] = { "{1e400:1}", "[1e400", "[1e400,]",
	    "[1e400 1]", "[1e400, 01]", "1e400 x", "[1e400, \"\\x\"]" };
	static const char	*good[] = { "[1e400, \"0123\\\"456\"]", "1e400",
	    "[1e400, 12345, -0.0001e+999]", "{\"a\":1e400,\"b\":[0]}" };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(sent(bad[i]), NOT_JSON);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(sent(good[i]),
		    WRONG " body:out_of_range");
}

static void
test_not_json(void **state)
{
	static const char *const	 bad[] = { "", " ", "x", "{", "}",
	    "{\"name\":\"a\"", "{\"name\":\"a\"}}", "{\"name\":\"a\"} x",
	    "{\"name\":\"a\",}", "{name:\"a\"}", "{'name':'a'}",
	    "{\"name\":\"a\nb\"}", "{\"name\":\"\\x61\"}", "{\"name\":01}",
	    "{\"name\":\"\xff\"}", "{\"name\":\"\xc3\"}",
	    "{\"name\":\"\xed\xa0\x80\"}", "{\"name\":\"\\ud800\"}",
	    "{\"name\":NaN}", "{\"name\":\"a\"}{\"name\":\"a\"}",
	    "/**/{\"name\":\"a\"}", "\xef\xbb\xbf{\"name\":\"a\"}" };
	static const char *const	 no_object[] = { "[]", "null", "1",
	    "\"name\"", "true", "[{\"name\":\"a\"}]" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(sent(bad[i]), NOT_JSON);
	assert_string_equal(request.error.message,
	    "The body is not valid JSON (line 1, column 1)");
	for (i = 0; i < sizeof(no_object) / sizeof(no_object[0]); i++)
		assert_string_equal(sent(no_object[i]),
		    WRONG " body:wrong_type");
}

/* A handler may only read the schema of its row. */
static void
test_row(void **state)
{
	(void)state;
	row.in = &login_schema;
	assert_string_equal(sent("{\"name\":\"a\"}"), "500 INTERNAL_ERROR");
	assert_string_equal(request.error.message, "a_handler reads thing");
	row.in = &thing_schema;
	row.form = true;
	assert_string_equal(sent("{\"name\":\"a\"}"), "500 INTERNAL_ERROR");
	row.form = false;
	assert_string_equal(sent("{\"name\":\"a\"}"), "ok");
}

/* Each allocation, jansson's too, fails in turn: 503 until none fails. */
static void
test_memory_short(void **state)
{
	static const char *const	 bodies[] = {
		"{\"name\":\"a\",\"note\":\"b\",\"owner\":\"" UUID "\","
		    "\"active\":true,\"count\":7}",
		"{\"x\":[1,{\"y\":\"z\"}],\"count\":1000}",
		"{\"name\":\"a\",\"name\":\"a\"}",
		"{\"name\":\"\\u0000\"}",
	};
	static const char *const	 outcomes[] = { "ok", WRONG
		    " body.name:missing body.count:invalid_format"
		    " body.x:unknown_field", WRONG
		    " body.name:duplicate_field", WRONG
		    " body:invalid_format" };
	const char			*outcome;
	unsigned			 n;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (n = 1; n < 1000; n++) {
			outcome = send_bytes(read_thing, "application/json",
			    bodies[i], strlen(bodies[i]), n);
			if (request.faults.countdown[FAULT_ALLOC] > 0)
				break;
			assert_string_equal(outcome,
			    "503 SERVICE_UNAVAILABLE");
		}
		assert_in_range(n, 5, 100);
		assert_string_equal(outcome, outcomes[i]);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_every_type),
		TEST(test_absent),
		TEST(test_wrong_types),
		TEST(test_wrong_values),
		TEST(test_unknown),
		TEST(test_duplicate),
		TEST(test_duplicate_inside),
		TEST(test_depth),
		TEST(test_nul),
		TEST(test_numbers),
		TEST(test_numbers_too_large_in_what_is_no_json),
		TEST(test_not_json),
		TEST(test_row),
		TEST(test_memory_short),
	};

	row.in = &thing_schema;
	return (cmocka_run_group_tests_name("body", tests, configure, NULL));
}
