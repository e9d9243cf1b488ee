/* SPDX-License-Identifier: ISC */
/* Updates: a member is absent, null, or has a value. */

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
#define WRONG	"422 VALIDATION_ERROR"

struct patch {
	const char		*name;
	const char		*note;
	const char		*owner;
	bool			 active;
	int64_t			 count;
	const char		*kind;
	struct member_set	 set;
};

SCHEMA_BODY(patch);
SCHEMA_BODY_OF(note_patch, patch);

static const struct member	patch_members[] = {
	MEMBER(patch, name, T_STR, 0, .validator = "b_name"),
	MEMBER(patch, note, T_STR, OR_NULL, .validator = "b_name"),
	MEMBER(patch, owner, T_UUID, OR_NULL),
	MEMBER(patch, active, T_BOOL, 0),
	MEMBER(patch, count, T_INT, OR_NULL, .validator = "b_count"),
	MEMBER(patch, kind, T_STR, OR_NULL, .validator = "b_kind",
	    .fallback = "plain"),
};

SCHEMA_UPDATE(patch, patch);

/* The same struct with fewer members that may be sent. */
static const struct member	note_patch_members[] = {
	MEMBER(patch, note, T_STR, OR_NULL | REQUIRED),
};

SCHEMA_UPDATE(note_patch, patch);

/* The last update: "name=a note=null". */
static char	had[256];

static void
note_text(const char *name, bool set, const char *value)
{
	size_t	 n = strlen(had);

	if (set)
		snprintf(had + n, sizeof(had) - n, "%s%s=%s", n > 0 ? " " : "",
		    name, value != NULL ? value : "null");
	else
		assert_true(value == NULL || strcmp(name, "kind") == 0);
}

static void
note_all(const struct patch *in)
{
	char	number[24];

	had[0] = '\0';
	snprintf(number, sizeof(number), "%lld", (long long)in->count);
	note_text("name", IS_SET(in, name), in->name);
	note_text("note", IS_SET(in, note), in->note);
	note_text("owner", IS_SET(in, owner), in->owner);
	note_text("active", IS_SET(in, active), IS_SET(in, active) ?
	    in->active ? "true" : "false" : NULL);
	note_text("count", IS_SET(in, count), IS_SET(in, count) ? number :
	    NULL);
	note_text("kind", IS_SET(in, kind), in->kind);
	assert_int_equal(ANY_SET(in), had[0] != '\0');
	if (!IS_SET(in, kind) && in->kind != NULL)
		strcat(had, " (plain)");
}

static void
read_patch(struct ctx *c)
{
	note_all(patch_body(c));
}

static void
read_note(struct ctx *c)
{
	note_all(note_patch_body(c));
}

static const char *
sent_to(void (*fn)(struct ctx *), const char *body)
{
	const char	*outcome = send_bytes(fn, "application/json", body,
			    strlen(body), 0);

	return (strcmp(outcome, "ok") == 0 ? had : outcome);
}

static const char *
sent(const char *body)
{
	row.in = &patch_schema;
	return (sent_to(read_patch, body));
}

static void
test_absent_null_or_value(void **state)
{
	(void)state;
	assert_string_equal(sent("{}"), " (plain)");
	assert_string_equal(sent("{\"name\":\"a\"}"), "name=a (plain)");
	assert_string_equal(sent("{\"note\":\"\\u0041\"}"), "note=A (plain)");
	assert_string_equal(sent("{\"note\":null}"), "note=null (plain)");
	assert_string_equal(sent("{\"owner\":null}"), "owner=null (plain)");
	assert_string_equal(sent("{\"owner\":\"" UUID "\"}"),
	    "owner=" UUID " (plain)");
	assert_string_equal(sent("{\"active\":false}"),
	    "active=false (plain)");
	assert_string_equal(sent("{\"active\":true}"), "active=true (plain)");
	assert_string_equal(sent("{\"count\":0}"), "count=0 (plain)");
	assert_string_equal(sent("{\"count\":null}"),
	    "count=-9223372036854775808 (plain)");
	/* A null does not count as absent: it gets no fallback. */
	assert_string_equal(sent("{\"kind\":null}"), "kind=null");
	assert_string_equal(sent("{\"kind\":\"fancy\"}"), "kind=fancy");
	assert_string_equal(sent("{\"kind\":null,\"count\":-7,\"active\":true,"
	    "\"owner\":null,\"note\":\"b\",\"name\":\"a\"}"),
	    "name=a note=b owner=null active=true count=-7 kind=null");
}

static void
test_null_refused(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"name\":null}"),
	    WRONG " body.name:wrong_type");
	assert_string_equal(request_detail(0), "Must be a string, not null");
	assert_string_equal(sent("{\"active\":null,\"note\":null}"),
	    WRONG " body.active:wrong_type");
	assert_string_equal(request_detail(0),
	    "Must be true or false, not null");
	assert_string_equal(sent("{\"other\":null}"),
	    WRONG " body.other:unknown_field");
}

/* A value of a nullable member must still be valid. */
static void
test_rules(void **state)
{
	(void)state;
	assert_string_equal(sent("{\"note\":\"\",\"owner\":\"x\","
	    "\"count\":1000,\"kind\":\"plai\"}"), WRONG " body.note:too_short"
	    " body.owner:invalid_format body.count:invalid_format"
	    " body.kind:not_allowed");
	assert_string_equal(sent("{\"note\":1,\"owner\":false,\"count\":\"1\","
	    "\"kind\":[null]}"), WRONG " body.note:wrong_type"
	    " body.owner:wrong_type body.count:wrong_type"
	    " body.kind:wrong_type");
	assert_string_equal(sent("{\"note\":null,\"note\":null}"),
	    WRONG " body.note:duplicate_field");
}

/* For REQUIRED, null counts as present. */
static void
test_another_schema_of_the_struct(void **state)
{
	(void)state;
	row.in = &note_patch_schema;
	assert_string_equal(sent_to(read_note, "{\"note\":null}"),
	    "note=null");
	assert_string_equal(sent_to(read_note, "{\"note\":\"b\"}"), "note=b");
	assert_string_equal(sent_to(read_note, "{}"),
	    WRONG " body.note:missing");
	assert_string_equal(sent_to(read_note, "{\"note\":\"b\","
	    "\"name\":\"a\"}"), WRONG " body.name:unknown_field");
}

struct wide {
	bool			 at[MEMBER_SET_BITS];
	struct member_set	 set;
};

/* Each byte of a struct has its own bit, in the right word. */
static void
test_set_and_unset(void **state)
{
	struct wide	 w, *in = &w;

	(void)state;
	memset(in, 0, sizeof(*in));
	assert_false(ANY_SET(in));
#define CHECK(n, word)							\
	do {								\
		SET(in, at[n]);						\
		assert_true(IS_SET(in, at[n]));				\
		assert_true(ANY_SET(in));				\
		assert_true(in->set.bits[word] ==			\
		    UINT64_C(1) << (n) % 64);				\
		assert_false(IS_SET(in, at[(n) ^ 1]));			\
		SET(in, at[(n) ^ 1]);					\
		SET(in, at[n]);						\
		UNSET(in, at[n]);					\
		assert_false(IS_SET(in, at[n]));			\
		assert_true(IS_SET(in, at[(n) ^ 1]));			\
		UNSET(in, at[n]);					\
		UNSET(in, at[(n) ^ 1]);					\
		assert_false(ANY_SET(in));				\
	} while (0)
	CHECK(0, 0);
	CHECK(31, 0);
	CHECK(32, 0);
	CHECK(63, 0);
	CHECK(64, 1);
	CHECK(127, 1);
	CHECK(128, 2);
	CHECK(191, 2);
	CHECK(192, 3);
	CHECK(255, 3);
#undef CHECK
	assert_false(in->at[0] || in->at[255]);
}

static void
unset_note(struct ctx *c)
{
	struct patch	 in = *patch_body(c);

	UNSET(&in, note);
	in.note = NULL;
	SET(&in, active);
	note_all(&in);
}

/* Code may change which members are set. */
static void
test_changed_by_code(void **state)
{
	(void)state;
	row.in = &patch_schema;
	assert_string_equal(sent_to(unset_note, "{\"note\":\"b\",\"name\":"
	    "\"a\",\"kind\":null}"), "name=a active=false kind=null");
}

static void
test_memory_short(void **state)
{
	static const char	 body[] = "{\"note\":null,\"owner\":null,"
				    "\"count\":3,\"kind\":null}";
	const char		*outcome;
	unsigned		 n;

	(void)state;
	row.in = &patch_schema;
	for (n = 1; n < 1000; n++) {
		outcome = send_bytes(read_patch, "application/json", body,
		    strlen(body), n);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 5, 100);
	assert_string_equal(outcome, "ok");
	assert_string_equal(had, "note=null owner=null count=3 kind=null");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_absent_null_or_value),
		TEST(test_null_refused),
		TEST(test_rules),
		TEST(test_another_schema_of_the_struct),
		TEST(test_set_and_unset),
		TEST(test_changed_by_code),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("body update", tests, configure,
	    NULL));
}
