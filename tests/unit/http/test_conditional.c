/* SPDX-License-Identifier: ISC */
/* Conditional requests: If-Match, If-None-Match, 304 and 412. */

/* sources: src/http/conditional.c src/http/respond.c */
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

#include <inttypes.h>

#include "http/conditional.h"
#include "http/schema_response.h"

/* In the tests' header lines, "7" is replaced by the tag of version 7. */

#define ID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define OTHER	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"

struct thing {
	const char	*id;
	const char	*name;
	const char	*note;
	int64_t		 version;
};

SCHEMA_RESPONSE(thing, thing);

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, name, T_STR, OUT),
	MEMBER(thing, note, T_STR, OUT | OPTIONAL),
	MEMBER(thing, version, T_INT, ETAG),
};

SCHEMA(thing);

#define FAILED	"412 PRECONDITION_FAILED"
#define BAD	"422 VALIDATION_ERROR header.if-match:invalid_format"
#define BAD_NONE	"422 VALIDATION_ERROR "				\
			"header.if-none-match:invalid_format"

static const struct endpoint	get = { .verb = VERB_GET },
				patch = { .verb = VERB_PATCH,
				    .if_match = true };

static struct thing	thing = { .id = ID };
static char		parameter[32];
static bool		same;

static void
ask_if_match(struct ctx *c)
{
	const char	*text = thing_precondition(c, &thing);

	snprintf(parameter, sizeof(parameter), "%s",
	    text != NULL ? text : "(none)");
}

static void
ask_etag(struct ctx *c)
{
	same = respond_etag(c, &thing_schema, &thing);
}

static const char *
tag_of(const char *id, int64_t version)
{
	return (answer_tag(&thing_schema, id, version));
}

/* Sends a test's header line, with the real tag of version 7. */
static void
send_tags(const char *name, const char *value)
{
	static char	 texts[4][256];
	static size_t	 n;
	char		*text = texts[n++ % 4], *end = text;
	const char	*at;

	for (; (at = strstr(value, "\"7\"")) != NULL; value = at + 3)
		end += sprintf(end, "%.*s%s", (int)(at - value), value,
		    tag_of(ID, 7));
	strcpy(end, value);
	send_line(name, text);
}

/* A write to version 7, with one or two header lines; returns its parameter. */
static const char *
writes(const char *name, const char *one, const char *two)
{
	const char	*outcome;

	answer_begin(&patch);
	send_line("host", "keel.example");
	if (one != NULL)
		send_tags(name, one);
	send_line("accept", "\"7\"");
	if (two != NULL)
		send_tags(name, two);
	thing.version = 7;
	outcome = request_run(ask_if_match);
	return (strcmp(outcome, "ok") == 0 ? parameter : outcome);
}

static const char *
matches(const char *value)
{
	return (writes("if-match", value, NULL));
}

/* A read of version 7; returns "304" or "200". */
static const char *
reads(const struct endpoint *row, const char *name, const char *one,
    const char *two)
{
	const char	*outcome;

	answer_begin(row);
	if (one != NULL)
		send_tags(name, one);
	if (two != NULL)
		send_tags(name, two);
	thing.version = 7;
	outcome = request_run(ask_etag);
	if (strcmp(outcome, "ok") != 0)
		return (outcome);
	assert_header("etag", tag_of(ID, 7));
	return (same ? "304" : "200");
}

static void
test_if_match(void **state)
{
	(void)state;
	assert_string_equal(matches(NULL), "(none)");
	assert_string_equal(matches("\"7\""), "7");
	assert_string_equal(matches("*"), "(none)");
	assert_string_equal(matches("\"6\", \"7\""), "7");
	assert_string_equal(matches("\"6\""), FAILED);
	assert_string_equal(request.error.message,
	    "The resource is not in the state that was asked for");
	assert_string_equal(matches("\"77\""), FAILED);
	assert_string_equal(matches("\"\""), FAILED);
	/* In a strong comparison a weak tag never matches. */
	assert_string_equal(matches("W/\"7\""), FAILED);
	assert_string_equal(matches("W/\"7\", \"7\""), "7");
	assert_string_equal(writes("If-Match", "\"7\"", NULL), "7");
	assert_string_equal(writes("IF-MATCH", "\"6\"", NULL), FAILED);
	assert_string_equal(writes("if-matches", "\"6\"", NULL), "(none)");
}

static void
test_if_match_lines(void **state)
{
	(void)state;
	assert_string_equal(writes("if-match", "\"6\"", "\"7\""), "7");
	assert_string_equal(writes("if-match", "\"7\"", "\"6\""), "7");
	assert_string_equal(writes("if-match", "\"5\"", "\"6\""), FAILED);
	assert_string_equal(writes("if-match", "\"7\"", "7"), BAD);
	assert_string_equal(writes("if-match", "7", "\"7\""), BAD);
}

/* Its row must say so: the description would lack If-Match. */
static void
test_if_match_of_a_row_without_it(void **state)
{
	static const struct endpoint	silent = { .verb = VERB_PATCH,
					    .name = "silent" };

	(void)state;
	answer_begin(&silent);
	assert_string_equal(request_run(ask_if_match), "500 INTERNAL_ERROR");
	assert_string_equal(request.error.message, "silent has no .if_match");
}

static void
test_if_match_malformed(void **state)
{
	static const char *const	 bad[] = { "", "7", "\"7", "7\"",
	    "W/7", "w/\"7\"", "\"7\" \"7\"", "*, \"7\"", "null", "," };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_string_equal(matches(bad[i]), BAD);
		assert_string_equal(request_detail(0),
		    "Is not a list of entity tags, like \"1\"");
		assert_string_equal(writes("if-none-match", bad[i], NULL),
		    BAD_NONE);
	}
}

/* Before a write, If-None-Match excludes a version, weakly (13.1.2). */
static void
test_if_none_match_of_a_write(void **state)
{
	(void)state;
	assert_string_equal(writes("if-none-match", "*", NULL), FAILED);
	assert_string_equal(writes("if-none-match", "\"7\"", NULL), FAILED);
	assert_string_equal(writes("if-none-match", "W/\"7\"", NULL), FAILED);
	assert_string_equal(writes("if-none-match", "\"6\"", "\"7\""),
	    FAILED);
	assert_string_equal(writes("if-none-match", "\"6\"", NULL), "(none)");
}

/* Where If-Match is required, by method: RFC 6585, 3. */
static void
test_if_match_is_required(void **state)
{
#define REQUIRED_ "428 PRECONDITION_REQUIRED"
	static const struct {
		enum http_verb	 verb;
		bool		 required;
	} rows[] = {
		{ VERB_PUT, true }, { VERB_PATCH, true },
		{ VERB_DELETE, true }, { VERB_POST, false },
		{ VERB_GET, false },
	};
	struct endpoint	 row;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = (struct endpoint){ .verb = rows[i].verb,
		    .if_match = true };
		assert_false(precondition_is_required(&row));
		conditional_init(true);
		assert_int_equal(precondition_is_required(&row),
		    rows[i].required);
		answer_begin(&row);
		assert_string_equal(request_run(ask_if_match),
		    rows[i].required ? REQUIRED_ : "ok");
		row.if_match = false;
		assert_false(precondition_is_required(&row));
		conditional_init(false);
	}

	conditional_init(true);
	assert_string_equal(matches(NULL), REQUIRED_);
	assert_string_equal(request.error.message, "If-Match is missing: send "
	    "it with the ETag of what you have read");
	assert_string_equal(matches("*"), "(none)");
	assert_string_equal(matches("\"7\""), "7");
	assert_string_equal(matches("\"6\""), FAILED);
	assert_string_equal(matches("7"), BAD);
	/* 422 goes before it, and 412 after it. */
	assert_string_equal(writes("if-none-match", "7", NULL), BAD_NONE);
	assert_string_equal(writes("if-none-match", "\"7\"", NULL), REQUIRED_);
	conditional_init(false);
}

static void
test_versions(void **state)
{
	static const int64_t	 versions[] = { 1, 0, -1, INT64_MAX,
	    INT64_MIN };
	char			 text[32];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		thing.version = versions[i];
		snprintf(text, sizeof(text), "%" PRId64, versions[i]);
		answer_begin(&patch);
		send_line("if-match", tag_of(ID, versions[i]));
		assert_string_equal(request_run(ask_if_match), "ok");
		assert_string_equal(parameter, text);
		answer_begin(&get);
		assert_string_equal(request_run(ask_etag), "ok");
		assert_header("etag", tag_of(ID, versions[i]));
		assert_false(same);
	}
}

/* Other rows, versions and schemas have other tags. */
static void
test_tags_differ(void **state)
{
	struct schema	 other = thing_schema;
	struct member	 fields[4];
	char		 tag[ETAG_TEXT];

	(void)state;
	strcpy(tag, tag_of(ID, 7));
	assert_string_equal(tag_of(ID, 7), tag);
	assert_string_not_equal(tag_of(OTHER, 7), tag);
	assert_string_not_equal(tag_of(ID, 8), tag);
	assert_string_not_equal(tag_of(ID, -7), tag);

	memcpy(fields, thing_members, sizeof(fields));
	other.members = fields;
	assert_true(schema_tag_init(&other));
	assert_memory_equal(other.fingerprint, thing_schema.fingerprint,
	    sizeof(other.fingerprint));
	fields[1].name = "title";
	assert_true(schema_tag_init(&other));
	assert_memory_not_equal(other.fingerprint, thing_schema.fingerprint,
	    sizeof(other.fingerprint));
	fields[1] = thing_members[1];
	fields[1].type = T_UUID;
	assert_true(schema_tag_init(&other));
	assert_memory_not_equal(other.fingerprint, thing_schema.fingerprint,
	    sizeof(other.fingerprint));
	other = thing_schema;
	other.name = "brief";
	assert_true(schema_tag_init(&other));
	assert_memory_not_equal(other.fingerprint, thing_schema.fingerprint,
	    sizeof(other.fingerprint));
	assert_true(etag_make(tag, other.fingerprint,
	    sizeof(other.fingerprint), ID, 7));
	assert_string_not_equal(tag_of(ID, 7), tag);
}

/* One client is shown a member that another is not: two representations. */
static void
test_tags_of_what_is_shown(void **state)
{
	(void)state;
	thing = (struct thing){ .id = ID, .note = "", .version = 7 };
	answer_begin(&get);
	assert_string_equal(request_run(ask_etag), "ok");
	assert_header("etag", tag_of(ID " note", 7));
	answer_begin(&patch);
	send_tags("if-match", "\"7\"");
	assert_string_equal(request_run(ask_if_match), FAILED);
	answer_begin(&patch);
	send_line("if-match", tag_of(ID " note", 7));
	assert_string_equal(request_run(ask_if_match), "ok");
	assert_string_equal(parameter, "7");
	thing.note = NULL;
}

static void
test_no_version_no_precondition(void **state)
{
	struct schema	 other = thing_schema;

	(void)state;
	other.members = thing_members + 1;	/* a version without an id */
	other.nmembers = 3;
	other.id = other.version = NULL;
	assert_false(schema_tag_init(&other));
	other.nmembers = 1;			/* neither */
	other.id = other.version = NULL;
	assert_true(schema_tag_init(&other));
	assert_null(other.version);
}

static int
start(void **state)
{
	(void)state;
	return (schema_tag_init(&thing_schema) ? 0 : -1);
}

static void
test_raise_outdated(void **state)
{
	(void)state;
	answer_begin(&patch);
	assert_string_equal(request_run(raise_outdated), FAILED);
}

/* The row was deleted meanwhile: with a version it is outdated, else gone. */
static const char	*expected_version;

static void
find_nothing(struct ctx *c)
{
	raise_gone(c, expected_version, "100% gone: %s");
}

static void
test_raise_gone(void **state)
{
	(void)state;
	answer_begin(&patch);
	expected_version = "7";
	assert_string_equal(request_run(find_nothing), FAILED);
	answer_begin(&patch);
	expected_version = NULL;
	assert_string_equal(request_run(find_nothing), "404 NOT_FOUND");
	assert_string_equal(request.error.message, "100% gone: %s");
}

static void
test_etag_of_a_read(void **state)
{
	(void)state;
	assert_string_equal(reads(&get, "", NULL, NULL), "200");
	assert_string_equal(reads(&get, "if-none-match", "\"7\"", NULL),
	    "304");
	assert_string_equal(reads(&get, "If-None-Match", "W/\"7\"", NULL),
	    "304");
	assert_string_equal(reads(&get, "if-none-match", "*", NULL), "304");
	assert_string_equal(reads(&get, "if-none-match", "\"6\"", NULL),
	    "200");
	assert_string_equal(reads(&get, "if-none-match", "\"6\", \"8\"",
	    "\"9\",\"7\""), "304");
	assert_string_equal(reads(&get, "if-none-match", "\"7\"", "\"6\""),
	    "304");
	/* A malformed one is ignored: the client gets the whole. */
	assert_string_equal(reads(&get, "if-none-match", "7", NULL), "200");
	assert_string_equal(reads(&get, "if-none-match", "\"7\"", "7"),
	    "200");
	assert_string_equal(reads(&get, "if-none-match", "7", "\"7\""),
	    "200");

	/* If-Match is evaluated first (13.2.2). */
	assert_string_equal(reads(&get, "if-match", "\"7\"", NULL), "200");
	assert_string_equal(reads(&get, "if-match", "\"6\"", NULL), FAILED);
	assert_string_equal(reads(&get, "if-match", "W/\"7\"", NULL),
	    FAILED);
	assert_string_equal(reads(&get, "if-match", "7", NULL), BAD);
	answer_begin(&get);
	send_tags("if-none-match", "\"7\"");
	send_line("if-match", "\"6\"");
	assert_string_equal(request_run(ask_etag), FAILED);
}

/* The response to a write has its tag, and is never a 304. */
static void
test_etag_of_a_write(void **state)
{
	(void)state;
	assert_string_equal(reads(&patch, "", NULL, NULL), "200");
	assert_string_equal(reads(&patch, "if-none-match", "\"7\"", NULL),
	    "200");
	assert_string_equal(reads(&patch, "if-none-match", "*", NULL), "200");
	/* The precondition was about the version before. */
	assert_string_equal(reads(&patch, "if-match", "\"6\"", NULL), "200");
}

static void
test_memory_short(void **state)
{
	static const char *const	 values[] = { "\"7\"", "\"6\"", "6" };
	static const char *const	 outcomes[] = { "ok", FAILED, BAD };
	const char			*outcome;
	unsigned			 n;
	size_t				 i;

	(void)state;
	thing.version = 7;
	for (i = 0; i < 3; i++) {
		for (n = 1; n < 100; n++) {
			answer_begin(&get);
			send_tags("if-match", values[i]);
			request.faults.countdown[FAULT_ALLOC] = n;
			outcome = request_run(ask_etag);
			if (request.faults.countdown[FAULT_ALLOC] > 0)
				break;
			assert_string_equal(outcome,
			    "503 SERVICE_UNAVAILABLE");
		}
		assert_in_range(n, 2, 20);
		assert_string_equal(outcome, outcomes[i]);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_if_match),
		TEST(test_if_match_lines),
		TEST(test_if_match_of_a_row_without_it),
		TEST(test_if_match_malformed),
		TEST(test_if_none_match_of_a_write),
		TEST(test_if_match_is_required),
		TEST(test_versions),
		TEST(test_tags_differ),
		TEST(test_tags_of_what_is_shown),
		TEST(test_no_version_no_precondition),
		TEST(test_raise_outdated),
		TEST(test_raise_gone),
		TEST(test_etag_of_a_read),
		TEST(test_etag_of_a_write),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("conditional", tests, start,
	    NULL));
}
