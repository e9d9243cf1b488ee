/* SPDX-License-Identifier: ISC */
/* Regexes that match numbers, and the error messages for others. */

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

static void
check_value(struct ctx *c)
{
	rule_check(c, checked, "query.n", checked_value);
	raise_validation(c);
}

/* "ok", or "code: message" of the reason. */
static const char *
says(const struct rule *r, const char *value)
{
	static char	 text[400];

	request_begin();
	checked = r;
	checked_value = value;
	if (strcmp(request_run(check_value), "ok") == 0)
		return ("ok");
	assert_null(request.error.details->next);
	snprintf(text, sizeof(text), "%s: %s", request.error.details->code,
	    request.error.details->message);
	return (text);
}

static const struct rule *
regex(const char *pattern)
{
	const struct rule	*r = rule_of(fake_validator("n", pattern,
				    NULL));

	assert_non_null(r);
	return (r);
}

/* The range that the error message gives, as "0 999"; or "(none)". */
static const char *
range(const char *pattern)
{
	static const char	 start[] = "invalid_format: Must be a number "
				    "from ";
	static char		 text[100];
	const char		*said = says(regex(pattern), "x");
	long long		 from, to;

	if (strncmp(said, start, strlen(start)) != 0)
		return ("(none)");
	assert_int_equal(sscanf(said + strlen(start), "%lld to %lld", &from,
	    &to), 2);
	snprintf(text, sizeof(text), "%lld %lld", from, to);
	return (text);
}

static void
test_ranges(void **state)
{
	(void)state;
	assert_string_equal(range("^[0-9]$"), "0 9");
	assert_string_equal(range("^[0-9]{1,3}$"), "0 999");
	assert_string_equal(range("^[0-9]{1,4}$"), "0 9999");
	assert_string_equal(range("^[1-9][0-9]?$"), "1 99");
	assert_string_equal(range("^[1-9]$"), "1 9");
	assert_string_equal(range("^[3-7]$"), "3 7");
	assert_string_equal(range("^([0-9]|1[0-2])$"), "0 12");
	assert_string_equal(range("^(2[5-9]|3[0-9])$"), "25 39");
	assert_string_equal(range("^[0-9]{2,3}$"), "10 999");
	assert_string_equal(range("^[0-9]{4}$"), "(none)");
	assert_string_equal(range("^[0-9]{3}(0|9)$"), "(none)");
	assert_string_equal(range("^([0-9]|[1-4][0-9]{3})$"), "(none)");
	assert_string_equal(range("^([0-9]|5[0-9]{3})$"), "(none)");
	assert_string_equal(range("^([0-9]|[1-9][0-9]{1,2}|1000)$"),
	    "(none)");
	/* The regexes of kore.conf. */
	assert_string_equal(range("^([1-9][0-9]?|100)$"), "1 100");
	assert_string_equal(range("^[1-9][0-9]{0,8}$"), "1 999999999");
	assert_string_equal(range("^(0|[1-9][0-9]{0,8})$"), "0 999999999");
	/* The largest number of digits that is tried, and one more. */
	assert_string_equal(range("^[0-9]{1,17}$"), "0 99999999999999999");
	assert_string_equal(range("^[0-9]{1,18}$"), "(none)");
	assert_string_equal(range("^[0-9]{1,25}$"), "(none)");
}

static void
test_no_ranges(void **state)
{
	static const char *const	 others[] = {
	    /* not contiguous */
	    "^[02468]$", "^[0-24-9]$", "^([0-9]|5[0-9])$", "^[1-9]0?$",
	    "^([0-9]|99[0-9])$", "^[1-9]0{0,4}$",
	    /* unbounded */
	    "^[0-9]+$", "^[0-9]*$", "^[0-9]{1,}$",
	    "^[1-9][0-9]{2,}$",
	    /* beyond what is tried, or no numbers at all */
	    "^[1-9][0-9]{4}$", "^2[0-9]{3}$", "^[0-9]{4}-[0-9]{2}$", "^-$",
	    "^$",
	    /* a single number, and negative numbers */
	    "^[5]$", "^5$", "^-?[0-9]$", "^-?[0-9]{2}$", "^-?[0-9]{3}$",
	    "^-?[0-9]{1,3}$", "^-[0-9]{1,3}$", "^(-1|[0-9])$",
	    /* other characters */
	    "^[0-9a]{1,2}$", "^[0-9 ]$", "^[[:digit:]]{1,3}$",
	    "^.{1,3}[0-9]$",
	    /* a list of numbers, and two of them */
	    "^[0-9]{1,3}(,[0-9]{1,3}){0,9}$", "^[0-9](,)?$",
	    "^[0-9]{1,3}(-[0-9])?$" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(range(others[i]), "(none)") != 0)
			fail_msg("%s: %s", others[i], range(others[i]));
	}
	assert_string_equal(says(regex("^[0-9]+$"), "x"),
	    "invalid_format: Must match ^[0-9]+$");
	assert_string_equal(says(regex("^-?[0-9]$"), "-10"),
	    "invalid_format: Must match ^-?[0-9]$");
	assert_string_equal(says(regex("^-?[0-9]$"), "-9"), "ok");
}

/* number:m..n, and what a body's number or a query's text may be. */
static void
test_bounds(void **state)
{
	const struct rule	*r = regex("number:-10..1000");
	struct rule_facts	 facts;

	(void)state;
	rule_describe(r, &facts);
	assert_int_equal(facts.kind, RULE_NUMBER);
	assert_int_equal(facts.lowest, -10);
	assert_int_equal(facts.highest, 1000);
	assert_null(facts.pattern);
	assert_string_equal(says(r, "-10"), "ok");
	assert_string_equal(says(r, "0"), "ok");
	assert_string_equal(says(r, "1000"), "ok");
	assert_string_equal(says(r, "-11"),
	    "out_of_range: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "1001"),
	    "out_of_range: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "99999999999999999999"),
	    "invalid_format: Must be a number from -10 to 1000");
	assert_string_equal(says(r, ""),
	    "invalid_format: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "+1"),
	    "invalid_format: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "5 "),
	    "invalid_format: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "05"),
	    "invalid_format: Must be a number from -10 to 1000");
	assert_string_equal(says(r, "1.0"),
	    "invalid_format: Must be a number from -10 to 1000");
}

/* A list of numbers stays a list. */
static void
test_choices(void **state)
{
	const struct rule	*r = regex("^(1|3)$");

	(void)state;
	assert_string_equal(says(r, "1"), "ok");
	assert_string_equal(says(r, "3"), "ok");
	assert_string_equal(says(r, "2"), "not_allowed: Must be one of: 1, 3");
	assert_string_equal(says(regex("^(1|2|3)$"), "x"),
	    "not_allowed: Must be one of: 1, 2, 3");
}

/* Not a number, and a number outside of the range. */
static void
test_codes(void **state)
{
	static const char *const	 digits[] = { "0", "101", "999",
	    "01", "001", "00", "1000", "18446744073709551617",
	    "99999999999999999999999999999999999999" };
	static const char *const	 others[] = { "", "x", "-1", "+1",
	    "1.0", "1e1", " 1", "1 ", "1x", "0x1", "1\n", "\xd9\xa1", "1,2" };
	const struct rule		*r = regex("^([1-9][0-9]?|100)$");
	char				 number[8];
	size_t				 i;

	(void)state;
	for (i = 1; i <= 100; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		assert_string_equal(says(r, number), "ok");
	}
	for (i = 0; i < sizeof(digits) / sizeof(digits[0]); i++)
		assert_string_equal(says(r, digits[i]), "out_of_range: "
		    "Must be a number from 1 to 100");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_string_equal(says(r, others[i]), "invalid_format: "
		    "Must be a number from 1 to 100");
}

static void
test_long_numbers(void **state)
{
	char	text[3000];

	(void)state;
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_string_equal(says(regex("^[0-9]{1,3}$"), text),
	    "out_of_range: Must be a number from 0 to 999");
	text[2000] = 'x';
	assert_string_equal(says(regex("^[0-9]{1,3}$"), text),
	    "invalid_format: Must be a number from 0 to 999");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_ranges),
		TEST(test_no_ranges),
		TEST(test_bounds),
		TEST(test_choices),
		TEST(test_codes),
		TEST(test_long_numbers),
	};

	return (cmocka_run_group_tests_name("validator numbers", tests, NULL,
	    NULL));
}
