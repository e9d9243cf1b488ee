/* SPDX-License-Identifier: ISC */
/* Responses, and what a schema writes of a struct. */

/* sources: src/http/respond.c src/http/conditional.c */
/* sources: src/http/schema_response.c src/schema/schema_write.c */
/* sources: src/schema/schema.c src/schema/validator.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/base/jsonw.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */
/* defines: -DFAULTS */

#include "answer_fixture.h"

#include "http/respond.h"
#include "http/schema_response.h"

#define ID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

struct part {
	const char	*name;
	int64_t		 version;
};

struct thing {
	const char		*id;
	const char		*name;
	bool			 active;
	int64_t			 count;
	int64_t			 made_at;
	int64_t			 version;
	const char		*secret;	/* in no schema */
	const struct part	*parts;
	size_t			 parts_count;
};

struct thing_list {
	const struct thing	*items;
	size_t			 items_count;
	int64_t			 total;
	const char		*next_cursor;
};

struct work {
	const char	*payload;
	int64_t		 begun_at;
	int64_t		 ended_at;
};

SCHEMA_RESPONSE(part, part);
SCHEMA_RESPONSE(thing, thing);
SCHEMA_RESPONSE(brief, thing);
SCHEMA_RESPONSE(thing_list, thing_list);
SCHEMA_RESPONSE(cursor_list, thing_list);
SCHEMA_RESPONSE(work, work);

static const struct member	part_members[] = {
	MEMBER(part, name, T_STR, OUT),
	MEMBER(part, version, T_INT, ETAG),
};

SCHEMA(part);

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, name, T_STR, OUT),
	MEMBER(thing, version, T_INT, ETAG),
	MEMBER(thing, active, T_BOOL, OUT),
	MEMBER(thing, count, T_INT, OUT),
	MEMBER(thing, made_at, T_TIME, OUT),
	LIST(thing, parts, part),
};

SCHEMA(thing);

static const struct member	brief_members[] = {
	MEMBER(thing, name, T_STR, OUT),
};

SCHEMA_OF(brief, thing);

static const struct member	thing_list_members[] = {
	LIST(thing_list, items, thing),
	MEMBER(thing_list, total, T_INT, OUT),
};

SCHEMA(thing_list);

static const struct member	cursor_list_members[] = {
	LIST(thing_list, items, thing),
	MEMBER(thing_list, next_cursor, T_STR, OUT),
};

SCHEMA_OF(cursor_list, thing_list);

static const struct member	work_members[] = {
	MEMBER(work, payload, T_JSON, OUT),
	MEMBER(work, begun_at, T_TIME, OUT),
	MEMBER(work, ended_at, T_TIME, OUT | OR_NULL),
};

SCHEMA(work);

static const struct part	parts[] = {
	{ "p", 1 }, { "q\"", 2 }, { NULL, 3 },
};

static const struct thing	things[] = {
	{ ID, "é", true, -5, 1795346625000000, 7, "hidden", parts, 3 },
	{ NULL, NULL, false, 0, 0, 8, "hidden", NULL, 0 },
};

#define ONE	"{\"id\":\"" ID "\",\"name\":\"é\",\"active\":true,"	\
		"\"count\":-5,"						\
		"\"made_at\":\"2026-11-22T11:23:45.000000Z\","		\
		"\"parts\":[{\"name\":\"p\"},{\"name\":\"q\\\"\"},"	\
		"{\"name\":null}]}"
#define TWO	"{\"id\":null,\"name\":null,\"active\":false,\"count\":0," \
		"\"made_at\":\"1970-01-01T00:00:00.000000Z\",\"parts\":[]}"

static struct endpoint		row;
static const struct schema	*schema;
static const void		*answer;

static void
respond(struct ctx *c)
{
	schema_respond(c, schema, answer);
}

/* The row's response: the body, or the error. */
static const char *
outcome(void)
{
	static char	 text[4096];
	const char	*what = request_run(respond);

	if (strcmp(what, "ok") != 0)
		return (what);
	if (request.response.body == NULL) {
		assert_int_equal(request.response.len, 0);
		return ("");
	}
	snprintf(text, sizeof(text), "%.*s", (int)request.response.len,
	    request.response.body);
	return (text);
}

static const char *
answers(const struct schema *s, const void *a)
{
	schema = s;
	answer = a;
	row.out = s;
	answer_begin(&row);
	return (outcome());
}

/* The tag of the first thing with that version. */
static const char *
tag_of(int64_t version)
{
	return (answer_tag(&thing_schema, ID, version));
}

static int
start(void **state)
{
	(void)state;
	return (schema_tag_init(&thing_schema) &&
	    schema_tag_init(&thing_list_schema) &&
	    schema_tag_init(&brief_schema) ? 0 : -1);
}

static int
setup(void **state)
{
	(void)state;
	row = (struct endpoint){ .verb = VERB_GET, .name = "a_handler" };
	return (0);
}

/* Only the fields, in their order, also in lists. */
static void
test_object(void **state)
{
	(void)state;
	assert_string_equal(answers(&thing_schema, &things[0]), ONE);
	assert_int_equal(request.response.status, 200);
	assert_header("content-type", "application/json");
	assert_string_equal(answers(&thing_schema, &things[1]), TWO);
	assert_string_equal(answers(&brief_schema, &things[0]),
	    "{\"name\":\"é\"}");
}

/* An object is not changed. A time may be null; the earliest is not. */
static void
test_json_and_null_times(void **state)
{
	struct work	 work = { "{\"id\": [1.0, {}], \"a\": \"\\n\"}",
			     1795346625000000, TIME_NULL };

	(void)state;
	assert_string_equal(answers(&work_schema, &work),
	    "{\"payload\":{\"id\": [1.0, {}], \"a\": \"\\n\"},"
	    "\"begun_at\":\"2026-11-22T11:23:45.000000Z\","
	    "\"ended_at\":null}");
	work.payload = NULL;
	work.begun_at = TIME_NULL + 1;
	work.ended_at = 0;
	assert_string_equal(answers(&work_schema, &work),
	    "{\"payload\":null,"
	    "\"begun_at\":\"0001-01-01T00:00:00.000000Z\","
	    "\"ended_at\":\"1970-01-01T00:00:00.000000Z\"}");
}

static void
test_list(void **state)
{
	struct thing_list	 list = { things, 2, 9, "abc" };

	(void)state;
	assert_string_equal(answers(&thing_list_schema, &list),
	    "{\"items\":[" ONE "," TWO "],\"total\":9}");
	list.items_count = 1;
	assert_string_equal(answers(&thing_list_schema, &list),
	    "{\"items\":[" ONE "],\"total\":9}");
	/* Without items, the pointer is not used. */
	list.items_count = 0;
	assert_string_equal(answers(&thing_list_schema, &list),
	    "{\"items\":[],\"total\":9}");
	list.items = NULL;
	assert_string_equal(answers(&thing_list_schema, &list),
	    "{\"items\":[],\"total\":9}");
}

/* The ETag is the version of the response's struct, not of its items. */
static void
test_etag(void **state)
{
	struct thing_list	 list = { things, 2, 9, "abc" };

	(void)state;
	answers(&thing_schema, &things[0]);
	assert_header("etag", tag_of(7));
	answers(&brief_schema, &things[0]);
	assert_header("etag", NULL);
	answers(&thing_list_schema, &list);
	assert_header("etag", NULL);
}

static void
test_status(void **state)
{
	(void)state;
	row.status = 201;
	row.verb = VERB_POST;
	assert_string_equal(answers(&thing_schema, &things[0]), ONE);
	assert_int_equal(request.response.status, 201);
	assert_header("etag", tag_of(7));
}

static void
test_which_schema(void **state)
{
	struct thing_list	 list = { things + 1, 1, 9, "abc" };

	(void)state;
	row.out = &thing_list_schema;
	row.out_cursor = &cursor_list_schema;
	answer = &list;

	answer_begin(&row);
	schema = &thing_list_schema;
	assert_string_equal(outcome(), "{\"items\":[" TWO "],\"total\":9}");
	answer_begin(&row);
	schema = &cursor_list_schema;
	assert_string_equal(outcome(),
	    "{\"items\":[" TWO "],\"next_cursor\":\"abc\"}");
	list.next_cursor = NULL;
	answer_begin(&row);
	assert_string_equal(outcome(),
	    "{\"items\":[" TWO "],\"next_cursor\":null}");

	/* Another schema, even of the same struct, is a bug. */
	answer_begin(&row);
	schema = &thing_schema;
	assert_string_equal(outcome(), "500 INTERNAL_ERROR");
	assert_string_equal(request.error.message,
	    "a_handler answers with thing");
	assert_null(request.response.body);
	row.out_cursor = NULL;
	answer_begin(&row);
	schema = &cursor_list_schema;
	assert_string_equal(outcome(), "500 INTERNAL_ERROR");
	row.out = NULL;
	answer_begin(&row);
	assert_string_equal(outcome(), "500 INTERNAL_ERROR");
}

static const char *
asked(const char *name, const char *value)
{
	schema = row.out = &thing_schema;
	answer = &things[0];
	answer_begin(&row);
	send_line(name, value);
	return (outcome());
}

static void
test_not_modified(void **state)
{
	struct thing_list	 list = { things, 1, 9, "abc" };
	char			 weak[ETAG_TEXT + 2];

	(void)state;
	snprintf(weak, sizeof(weak), "W/%s", tag_of(7));
	row.status = 203;
	assert_string_equal(asked("if-none-match", weak), "");
	assert_int_equal(request.response.status, 304);
	assert_header("etag", tag_of(7));
	assert_header("content-type", NULL);
	assert_string_equal(asked("if-none-match", tag_of(8)), ONE);
	assert_int_equal(request.response.status, 203);
	assert_header("etag", tag_of(7));
	assert_string_equal(asked("if-match", tag_of(8)),
	    "412 PRECONDITION_FAILED");
	assert_string_equal(asked("if-none-match", "8"), ONE);
	assert_string_equal(asked("if-match", "8"), "422 VALIDATION_ERROR "
	    "header.if-match:invalid_format");

	/* Neither the response to a write, nor one without a version. */
	row.verb = VERB_PATCH;
	assert_string_equal(asked("if-none-match", tag_of(7)), ONE);
	row.verb = VERB_GET;
	schema = row.out = &thing_list_schema;
	answer = &list;
	answer_begin(&row);
	send_line("if-none-match", "*");
	assert_string_equal(outcome(), "{\"items\":[" ONE "],\"total\":9}");
}

static const char	*header_value;

static void
respond_by_hand(struct ctx *c)
{
	char	value[16], text[16];

	strcpy(value, "one");
	respond_header(c, "x-one", value);
	strcpy(value, "two");
	if (header_value != NULL)
		respond_header(c, "x-two", header_value);
	strcpy(text, "text");
	respond_text(c, 418, "text/plain", text);
	strcpy(text, "else");
}

static void
respond_nothing(struct ctx *c)
{
	respond_text(c, 200, "text/plain", "text");
	respond_empty(c, 204);
}

static void
test_by_hand(void **state)
{
	static const char *const	 bad[] = { "\n", "a\r\nx-three: b",
	    "a\r", "\rb" };
	size_t				 i;

	(void)state;
	answer_begin(&row);
	header_value = "two";
	assert_string_equal(request_run(respond_by_hand), "ok");
	assert_header("x-one", "one");
	assert_header("x-two", "two");
	assert_header("content-type", "text/plain");
	assert_int_equal(request.response.status, 418);
	assert_int_equal(request.response.len, 4);
	assert_string_equal(request.response.body, "text");

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		answer_begin(&row);
		header_value = bad[i];
		assert_string_equal(request_run(respond_by_hand),
		    "500 INTERNAL_ERROR");
		assert_header("x-two", NULL);
	}

	answer_begin(&row);
	assert_string_equal(request_run(respond_nothing), "ok");
	assert_int_equal(request.response.status, 204);
	assert_null(request.response.body);
	assert_int_equal(request.response.len, 0);
}

/* Enough items that the text must grow, too. */
static void
test_memory_short(void **state)
{
	static struct thing	 many[100];
	struct thing_list	 list = { many, 100, 9, "abc" };
	const char		*what;
	unsigned		 n;

	(void)state;
	for (n = 0; n < 100; n++)
		many[n] = things[0];
	schema = row.out = &thing_list_schema;
	answer = &list;
	for (n = 1; n < 1000; n++) {
		answer_begin(&row);
		request.faults.countdown[FAULT_ALLOC] = n;
		what = request_run(respond);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(what, "503 SERVICE_UNAVAILABLE");
		assert_null(request.response.body);
	}
	assert_in_range(n, 3, 100);
	assert_string_equal(what, "ok");
	assert_int_equal(request.response.len, strlen("{\"items\":[") +
	    100 * (strlen(ONE) + 1) - 1 + strlen("],\"total\":9}"));
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_object),
		TEST(test_json_and_null_times),
		TEST(test_list),
		TEST(test_etag),
		TEST(test_status),
		TEST(test_which_schema),
		TEST(test_not_modified),
		TEST(test_by_hand),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("respond", tests, start, NULL));
}
