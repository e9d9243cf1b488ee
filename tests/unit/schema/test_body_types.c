/* SPDX-License-Identifier: ISC */
/* Times in bodies, and numbers and booleans that may be null. */

/* sources: src/schema/schema_read.c src/schema/schema.c */
/* sources: src/schema/schema_value.c src/schema/schema_write.c */
/* sources: src/schema/validator.c src/base/jsonw.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "body_fixture.h"

#define WRONG	"422 VALIDATION_ERROR "

struct note {
	int64_t			 due;
	int64_t			 begins;
	int64_t			 stars;
	int64_t			 count;
	enum bool_or_null	 pinned;
	bool			 open;
	int64_t			 made;
	enum bool_or_null	 seen;
};

SCHEMA_DECLARE(note, note);
SCHEMA_BODY_OF(note_create, note);
SCHEMA_BODY_OF(note_falls, note);
SCHEMA_UPDATE_BODY(note_update, note);

static const struct member	note_members[] = {
	MEMBER(note, due, T_TIME, OUT | OR_NULL),
	MEMBER(note, begins, T_TIME, OUT, .validator = "t_past"),
	MEMBER(note, stars, T_INT, OUT | OR_NULL),
	MEMBER(note, count, T_INT, OUT),
	MEMBER(note, pinned, T_BOOL, OUT | OR_NULL),
	MEMBER(note, open, T_BOOL, OUT),
	MEMBER(note, made, T_TIME, OUT),
	MEMBER(note, seen, T_BOOL, OUT | OR_NULL),
};
static const struct member	note_falls_members[] = {
	MEMBER(note, due, T_TIME, OR_NULL,
	    .fallback = "2026-01-31T12:00:00+01:00"),
	MEMBER(note, stars, T_INT, OR_NULL, .fallback = "3"),
	MEMBER(note, pinned, T_BOOL, OR_NULL, .fallback = "true"),
	MEMBER(note, seen, T_BOOL, OR_NULL, .fallback = "false"),
};

SCHEMA(note);
SCHEMA_LIKE(note_create, note, .only = NAMES("due", "begins", "stars",
    "count", "pinned", "open"));
SCHEMA_PATCH(note_update, note, .only = NAMES("due", "stars", "pinned"));
SCHEMA_OF(note_falls, note);

static char	had[512];

/* As a response would show all of the struct. */
static void
read_note(struct ctx *c)
{
	snprintf(had, sizeof(had), "%s", schema_write(c, &note_schema,
	    note_create_body(c)));
}

static void
read_falls(struct ctx *c)
{
	snprintf(had, sizeof(had), "%s", schema_write(c, &note_schema,
	    note_falls_body(c)));
}

static void
read_update(struct ctx *c)
{
	const struct note_update	*in = note_update_body(c);

	snprintf(had, sizeof(had), "%d%d%d %s", IS_SET(in, to.due),
	    IS_SET(in, to.stars), IS_SET(in, to.pinned),
	    schema_write(c, &note_schema, &in->to));
}

static const char *
sent_to(struct schema *s, void (*fn)(struct ctx *), const char *body)
{
	const char	*outcome;

	row.in = s;
	outcome = send_bytes(fn, "application/json", body, strlen(body), 0);
	return (strcmp(outcome, "ok") == 0 ? had : outcome);
}

#define SENT(body)	sent_to(&note_create_schema, read_note, body)
#define FALLS(body)	sent_to(&note_falls_schema, read_falls, body)
#define UPDATE(body)	sent_to(&note_update_schema, read_update, body)

#define NOTE(due, begins, stars, count, pinned, open)			\
	"{\"due\":" due ",\"begins\":" begins ",\"stars\":" stars	\
	",\"count\":" count ",\"pinned\":" pinned ",\"open\":" open	\
	",\"made\":null,\"seen\":null}"
#define DUE(text)	NOTE(text, "null", "null", "0", "null", "false")

/* What is absent, or of another schema of the struct, is null or zero. */
static void
test_absent(void **state)
{
	(void)state;
	assert_string_equal(SENT("{}"), DUE("null"));
	assert_string_equal(SENT("{\"due\":null,\"stars\":null,"
	    "\"pinned\":null}"), DUE("null"));
	assert_string_equal(UPDATE("{\"stars\":null}"),
	    "010 " DUE("null"));
}

static void
test_values(void **state)
{
	(void)state;
	assert_string_equal(SENT("{\"due\":\"2026-01-31T12:00:00.5+01:00\","
	    "\"begins\":\"1970-01-01t00:00:00z\",\"stars\":0,\"count\":-1,"
	    "\"pinned\":false,\"open\":true}"),
	    NOTE("\"2026-01-31T11:00:00.500000Z\"",
	    "\"1970-01-01T00:00:00.000000Z\"", "0", "-1", "false", "true"));
	assert_string_equal(SENT("{\"pinned\":true}"), NOTE("null", "null",
	    "null", "0", "true", "false"));
	assert_string_equal(UPDATE("{\"due\":\"1970-01-01T00:00:01Z\","
	    "\"stars\":7,\"pinned\":true}"), "111 "
	    NOTE("\"1970-01-01T00:00:01.000000Z\"", "null", "7", "0", "true",
	    "false"));
}

static void
test_times(void **state)
{
	static const struct {
		const char	*text, *outcome;
	} cases[] = {
		{ "0001-01-01T00:00:00Z",
		  DUE("\"0001-01-01T00:00:00.000000Z\"") },
		{ "9999-12-31T23:59:59.9999999Z",
		  DUE("\"9999-12-31T23:59:59.999999Z\"") },
		{ "0001-01-01T00:00:00+00:01",
		  WRONG "body.due:out_of_range" },
		{ "9999-12-31T23:59:59-00:01",
		  WRONG "body.due:out_of_range" },
		{ "0000-01-01T00:00:00Z", WRONG "body.due:invalid_format" },
		{ "2026-01-31T12:00:00", WRONG "body.due:invalid_format" },
		{ "2026-01-31 12:00:00Z", WRONG "body.due:invalid_format" },
		{ "2026-02-30T12:00:00Z", WRONG "body.due:invalid_format" },
		{ "2016-12-31T23:59:60Z", WRONG "body.due:invalid_format" },
		{ "2026-01-31", WRONG "body.due:invalid_format" },
		{ "", WRONG "body.due:invalid_format" },
	};
	char	 body[100];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "{\"due\":\"%s\"}",
		    cases[i].text);
		assert_string_equal(SENT(body), cases[i].outcome);
	}
	assert_string_equal(request_detail(0), "Must be a time of RFC 3339, "
	    "such as 2026-01-31T12:00:00Z");
}

static void
test_wrong_types(void **state)
{
	(void)state;
	assert_string_equal(SENT("{\"due\":1769860800,\"begins\":null,"
	    "\"stars\":1.5,\"count\":null,\"pinned\":1,\"open\":null}"),
	    WRONG "body.due:wrong_type body.begins:wrong_type "
	    "body.stars:wrong_type body.count:wrong_type "
	    "body.pinned:wrong_type body.open:wrong_type");
	assert_string_equal(request_detail(0), "Must be a time");
	assert_string_equal(request_detail(1), "Must be a time, not null");
}

/* The number that stands for null is one only where null can be. */
static void
test_the_lowest_number(void **state)
{
	(void)state;
	assert_string_equal(SENT("{\"stars\":-9223372036854775808}"),
	    WRONG "body.stars:out_of_range");
	assert_string_equal(request_detail(0),
	    "Must be above -9223372036854775808");
	assert_string_equal(SENT("{\"stars\":-9223372036854775807}"),
	    NOTE("null", "null", "-9223372036854775807", "0", "null",
	    "false"));
	assert_string_equal(SENT("{\"count\":-9223372036854775808}"),
	    NOTE("null", "null", "null", "-9223372036854775808", "null",
	    "false"));
}

/* The validator gets the text as it was sent, if it is a time. */
static int
is_past(struct http_request *req, const char *value)
{
	(void)req;
	return (strncmp(value, "19", 2) == 0 ? VALID : INVALID);
}

static void
test_a_validator_of_a_time(void **state)
{
	(void)state;
	assert_string_equal(SENT("{\"begins\":\"2000-01-01T00:00:00Z\"}"),
	    WRONG "body.begins:invalid_format");
	assert_string_equal(request_detail(0), "Is not valid");
	assert_string_equal(SENT("{\"begins\":\"19\"}"),
	    WRONG "body.begins:invalid_format");
	assert_string_equal(request_detail(0), "Must be a time of RFC 3339, "
	    "such as 2026-01-31T12:00:00Z");
}

static void
test_fallbacks(void **state)
{
	(void)state;
	assert_string_equal(FALLS("{}"), "{\"due\":"
	    "\"2026-01-31T11:00:00.000000Z\",\"begins\":"
	    "\"1970-01-01T00:00:00.000000Z\",\"stars\":3,\"count\":0,"
	    "\"pinned\":true,\"open\":false,\"made\":"
	    "\"1970-01-01T00:00:00.000000Z\",\"seen\":false}");
	assert_string_equal(FALLS("{\"due\":null,\"stars\":null,"
	    "\"pinned\":null,\"seen\":null}"), "{\"due\":null,\"begins\":"
	    "\"1970-01-01T00:00:00.000000Z\",\"stars\":null,\"count\":0,"
	    "\"pinned\":null,\"open\":false,\"made\":"
	    "\"1970-01-01T00:00:00.000000Z\",\"seen\":null}");
}

static int
start(void **state)
{
	fake_validator("t_past", NULL, is_past);
	return (configure(state));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_absent),
		TEST(test_values),
		TEST(test_times),
		TEST(test_wrong_types),
		TEST(test_the_lowest_number),
		TEST(test_a_validator_of_a_time),
		TEST(test_fallbacks),
	};

	return (cmocka_run_group_tests_name("body types", tests, start,
	    NULL));
}
