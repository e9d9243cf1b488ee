/* SPDX-License-Identifier: ISC */
/* Structs as the JSON objects of their schemas. */

/* sources: src/schema/schema_write.c src/schema/schema.c */
/* sources: src/schema/validator.c src/base/jsonw.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/error_details.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* defines: -DFAULTS */

#include "request/request_fixture.h"

#include "schema/schema.h"

#define ID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

struct item {
	int64_t		 n;
};

struct whole {
	const char		*id, *text, *json, *note;
	bool			 yes, no;
	int64_t			 count, at, version;
	const struct item	*items;
	size_t			 items_count;
};

extern struct schema	item_schema, whole_schema;

static const struct member	item_members[] = {
	MEMBER(item, n, T_INT, OUT),
};
static const struct member	whole_members[] = {
	MEMBER(whole, id, T_UUID, OUT),
	MEMBER(whole, text, T_STR, OUT | OR_NULL),
	MEMBER(whole, yes, T_BOOL, OUT),
	MEMBER(whole, no, T_BOOL, OUT),
	MEMBER(whole, count, T_INT, OUT),
	MEMBER(whole, at, T_TIME, OUT | OR_NULL),
	MEMBER(whole, json, T_JSON, OUT | OR_NULL),
	LIST(whole, items, item),
	MEMBER(whole, note, T_STR, OUT | OPTIONAL),
	MEMBER(whole, version, T_INT, ETAG),
};

SCHEMA(item);
SCHEMA(whole);

static struct whole	row;
static char		written[8192];

static void
write_row(struct ctx *c)
{
	strcpy(written, schema_write(c, &whole_schema, &row));
}

static const char *
outcome(unsigned fail_at)
{
	*written = '\0';
	request_begin();
	request.faults.countdown[FAULT_ALLOC] = fail_at;
	return (request_run(write_row));
}

static void
test_every_type(void **state)
{
	static const struct item	items[] = { { 1 }, { 2 }, { 3 } };

	(void)state;
	row = (struct whole){ .id = ID, .text = "a\"b", .json = "{\"x\":1}",
	    .yes = true, .count = INT64_MIN, .at = 1000001, .version = 7,
	    .items = items, .items_count = 2 };
	assert_string_equal(outcome(0), "ok");
	assert_string_equal(written, "{\"id\":\"" ID "\",\"text\":\"a\\\"b\","
	    "\"yes\":true,\"no\":false,\"count\":-9223372036854775808,"
	    "\"at\":\"1970-01-01T00:00:01.000001Z\",\"json\":{\"x\":1},"
	    "\"items\":[{\"n\":1},{\"n\":2}]}");
}

/* There is no value: null, whatever the type; a list is empty. */
static void
test_nothing(void **state)
{
	(void)state;
	row = (struct whole){ .id = NULL, .at = TIME_NULL };
	assert_string_equal(outcome(0), "ok");
	assert_string_equal(written, "{\"id\":null,\"text\":null,"
	    "\"yes\":false,\"no\":false,\"count\":0,\"at\":null,"
	    "\"json\":null,\"items\":[]}");
}

/* A member that is OPTIONAL is there, or is not: it is never null. */
static void
test_optional(void **state)
{
	(void)state;
	row = (struct whole){ .note = "" };
	assert_string_equal(outcome(0), "ok");
	assert_non_null(strstr(written, ",\"items\":[],\"note\":\"\"}"));
	row.note = NULL;
	assert_string_equal(outcome(0), "ok");
	assert_non_null(strstr(written, ",\"items\":[]}"));
}

/* Half of an object is never returned. */
static void
test_memory_short(void **state)
{
	static char	 text[7000];
	const char	*is = "";
	unsigned	 n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	row = (struct whole){ .text = text };
	for (n = 1; n < 100; n++) {
		is = outcome(n);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(is, "503 SERVICE_UNAVAILABLE");
		assert_string_equal(written, "");
	}
	assert_in_range(n, 3, 20);
	assert_string_equal(is, "ok");
	assert_true(strlen(written) > sizeof(text));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_every_type),
		TEST(test_nothing),
		TEST(test_optional),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("schema_write", tests, NULL,
	    NULL));
}
