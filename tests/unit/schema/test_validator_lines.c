/* SPDX-License-Identifier: ISC */
/* line:m..n: what is said of a bad one, and the form of a good one. */

/* sources: src/schema/validator.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */

#include "request/request_fixture.h"

#include "fakes/kore_fake.h"
#include "schema/validator.h"

static const struct rule	*checked;
static const char		*checked_value;
static char			 code_value[100];

static void
check_value(struct ctx *c)
{
	if (rule_check(c, checked, "body.x", checked_value))
		snprintf(code_value, sizeof(code_value), "%s",
		    rule_value(c, checked, checked_value));
	raise_validation(c);
}

/* What code gets of a good value; or the error's code and message. */
static const char *
says(const struct rule *r, const char *value)
{
	static char	 text[400];
	const char	*outcome;

	request_begin();
	checked = r;
	checked_value = value;
	outcome = request_run(check_value);
	if (strcmp(outcome, "ok") == 0)
		return (code_value);
	snprintf(text, sizeof(text), "%s: %s", strrchr(outcome, ':') + 1,
	    request_detail(0));
	return (text);
}

static const struct rule *
line(const char *pattern)
{
	const struct rule	*r = rule_of(fake_validator("line", pattern,
				    NULL));

	assert_non_null(r);
	return (r);
}

#define UNSEEN	"invisible: Must have a character that can be seen"

static void
test_lines(void **state)
{
	const struct rule	*r = line("line:2..4");

	(void)state;
	assert_string_equal(says(r, "Ada"), "Ada");
	assert_string_equal(says(r, "\u2003Al\n"), "Al");
	assert_string_equal(says(r, "Joe\u0301"), "Jo\u00e9");
	assert_string_equal(says(r, " A "),
	    "too_short: Must have at least 2 characters");
	assert_string_equal(says(r, ""),
	    "too_short: Must have at least 2 characters");
	assert_string_equal(says(r, " Adam"),
	    "too_long: Must have at most 4 characters");
	assert_string_equal(says(r, "\u0958\u0958\u0958"),
	    "too_long: Must have at most 4 characters");
	assert_string_equal(says(r, "\u0958"),
	    "too_short: Must have at least 2 characters");
	assert_string_equal(says(r, "   "), UNSEEN);
	assert_string_equal(says(r, "\u200b\u200b"), UNSEEN);
	assert_string_equal(says(r, "a\nb"),
	    "invalid_character: Must not have U+000A, a line break");
	assert_string_equal(says(r, "a\tb"),
	    "invalid_character: Must not have U+0009, a control character");
	assert_string_equal(says(r, "a\u202eb"), "invalid_character: Must not "
	    "have U+202E, which turns the direction of text");
}

/* One that may be empty may be blank, but not of what is only invisible. */
static void
test_an_empty_line(void **state)
{
	const struct rule	*r = line("line:0..4");

	(void)state;
	assert_string_equal(says(r, ""), "");
	assert_string_equal(says(r, "    "), "");
	assert_string_equal(says(r, "\u200b"), UNSEEN);
}

static void
test_facts(void **state)
{
	struct rule_facts	 facts;

	(void)state;
	rule_describe(line("line:1..100"), &facts);
	assert_int_equal(facts.kind, RULE_LINE);
	assert_int_equal(facts.min, 1);
	assert_int_equal(facts.max, 100);
	assert_null(rule_of(fake_validator("bad", "line:2..1", NULL)));
	assert_string_equal(rule_problem("line:5"), "line:5 is not a length: "
	    "write line:0..20000, the lowest and the highest number of "
	    "characters");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_teardown(test_lines, request_teardown),
		cmocka_unit_test_teardown(test_an_empty_line,
		    request_teardown),
		cmocka_unit_test_teardown(test_facts, request_teardown),
	};

	return (cmocka_run_group_tests_name("validator_lines", tests, NULL,
	    NULL));
}
