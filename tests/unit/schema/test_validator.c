/* SPDX-License-Identifier: ISC */
/* Validators of text: lengths, choices, patterns, functions. */

/* sources: src/schema/validator.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */

#include "request/request_fixture.h"

#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "schema/validator.h"
#include "utils/text.h"

#define E	"é"
#define E10	E E E E E E E E E E
#define E100	E10 E10 E10 E10 E10 E10 E10 E10 E10 E10

/* The rule for a regex. */
static const struct rule *
regex(const char *pattern)
{
	const struct rule	*r = rule_of(fake_validator("r", pattern,
				    NULL));

	assert_non_null(r);
	return (r);
}

static const struct rule	*checked;
static const char		*checked_value;
static bool			 checked_fine;

static void
check_value(struct ctx *c)
{
	checked_fine = rule_check(c, checked, "body.x", checked_value);
	raise_validation(c);
}

/* "ok", or the codes of the reasons. */
static const char *
codes(const struct rule *r, const char *value)
{
	const char	*outcome, *reason;

	request_begin();
	checked = r;
	checked_value = value;
	outcome = request_run(check_value);
	assert_int_equal(checked_fine, strcmp(outcome, "ok") == 0);

	/* Without a request, the reason is the same. */
	reason = rule_reason(r, value);
	assert_int_equal(reason == NULL, checked_fine);
	if (reason != NULL)
		assert_string_equal(reason, request_detail(0));
	return (outcome);
}

#define FAILS(code)	"422 VALIDATION_ERROR body.x:" code

/* ^.{m,n}$ counts code points. */
static void
test_length(void **state)
{
	const struct rule	*r = regex("^.{1,100}$");

	(void)state;
	assert_string_equal(codes(r, "a"), "ok");
	assert_string_equal(codes(r, E100), "ok");
	assert_string_equal(codes(r, ""), FAILS("too_short"));
	assert_string_equal(request_detail(0),
	    "Must have at least 1 character");
	assert_string_equal(codes(r, E100 "x"), FAILS("too_long"));
	assert_string_equal(codes(r, E100 E), FAILS("too_long"));
	assert_string_equal(request_detail(0),
	    "Must have at most 100 characters");

	r = regex("^.{2,3}$");
	assert_string_equal(codes(r, "😀"), FAILS("too_short"));
	assert_string_equal(request_detail(0),
	    "Must have at least 2 characters");
	assert_string_equal(codes(r, "😀😀"), "ok");
	assert_string_equal(codes(r, "😀\n😀"), "ok");
	assert_string_equal(codes(r, "😀😀😀a"), FAILS("too_long"));
	r = regex("^.{0,1}$");
	assert_string_equal(codes(r, ""), "ok");
	assert_string_equal(codes(r, E), "ok");
	assert_string_equal(codes(r, "ab"), FAILS("too_long"));
}

/* Almost one of the two shapes, but a regex; so the message shows it. */
static void
test_other_shapes(void **state)
{
	static const char	 other[] = FAILS("invalid_format");
	const struct rule	*r;

	(void)state;
	r = regex("^.{2}$");
	assert_string_equal(codes(r, E E), "ok");
	assert_string_equal(codes(r, E), other);
	assert_string_equal(codes(r, E E E), other);
	r = regex("^.{2,}$");
	assert_string_equal(codes(r, E E E), "ok");
	assert_string_equal(codes(r, E), other);
	r = regex("^.{1,2}$|^long$");
	assert_string_equal(codes(r, "long"), "ok");
	assert_string_equal(codes(r, "lon"), other);
	r = regex("^.{1,2}x$");
	assert_string_equal(codes(r, E E "x"), "ok");
	assert_string_equal(codes(r, "ab"), other);
	r = regex("^(a.c|x)$");
	assert_string_equal(codes(r, "a" E "c"), "ok");
	assert_string_equal(codes(r, "a.cd"), other);
	r = regex("^(ab|cd)+$");
	assert_string_equal(codes(r, "abcd"), "ok");
	assert_string_equal(codes(r, "abc"), other);
	r = regex("^(a)$");
	assert_string_equal(codes(r, "a"), "ok");
	assert_string_equal(codes(r, "b"), other);
	r = regex("^x(ab|cd)$");
	assert_string_equal(codes(r, "xab"), "ok");
	assert_string_equal(codes(r, "cd"), other);
}

static void
test_choices(void **state)
{
	static const char *const	 bad[] = { "", "u", "use", "user,",
	    "user, ", "user ", " user", "users", "User", "ser", "staf",
	    "staff|admin", "user|staff", "min", "a", ",", ", ", " ",
	    "admin\n", "\nadmin", "^(user", "admin)$", "us\xc3\xa9r" };
	const struct rule		*r = regex("^(user|staff|admin)$");
	size_t				 i;

	(void)state;
	assert_string_equal(codes(r, "user"), "ok");
	assert_string_equal(codes(r, "staff"), "ok");
	assert_string_equal(codes(r, "admin"), "ok");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (rule_reason(r, bad[i]) == NULL)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_string_equal(codes(r, bad[i]), FAILS("not_allowed"));
		assert_string_equal(request_detail(0),
		    "Must be one of: user, staff, admin");
	}

	r = regex("^(ab)$");
	assert_string_equal(codes(r, "ab"), "ok");
	assert_string_equal(codes(r, "a"), FAILS("not_allowed"));
	assert_string_equal(request_detail(0), "Must be one of: ab");

	r = regex("^(-created_at|created_at)$");
	assert_string_equal(codes(r, "created_at"), "ok");
	assert_string_equal(codes(r, "-created_at"), "ok");
	assert_string_equal(codes(r, "--created_at"), FAILS("not_allowed"));
}

/* The error message lists the words; a value must be one of them. */
static void
test_a_list_of_choices_is_refused(void **state)
{
	static const char *const	 bad[] = { "user, staff",
	    "staff, admin", "user, staff, admin" };
	const struct rule		*r = regex("^(user|staff|admin)$");
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (rule_reason(r, bad[i]) == NULL)
			fail_msg("accepted \"%s\"", bad[i]);
	}
	r = regex("^(a,b|c)$");
	assert_string_equal(codes(r, "a,b"), "ok");
	assert_string_equal(codes(r, "c"), "ok");
	assert_string_equal(codes(r, "a"), FAILS("not_allowed"));
}

/* A dot matches a character, and a bracket expression contains characters. */
static void
test_regex(void **state)
{
	static const char	 bad[] = FAILS("invalid_format");
	const struct rule	*r;

	(void)state;
	r = regex("^a.b$");
	assert_string_equal(codes(r, "axb"), "ok");
	assert_string_equal(codes(r, "a" E "b"), "ok");
	assert_string_equal(codes(r, "a€b"), "ok");
	assert_string_equal(codes(r, "a😀b"), "ok");
	assert_string_equal(codes(r, "ab"), bad);
	assert_string_equal(codes(r, "a" E E "b"), bad);
	assert_string_equal(request_detail(0), "Must match ^a.b$");
	r = regex("^[äöü€]{2}$");
	assert_string_equal(codes(r, "ä€"), "ok");
	assert_string_equal(codes(r, "ä"), bad);
	assert_string_equal(codes(r, "äë"), bad);
	r = regex("^[0-9a-f]{1,3}$");
	assert_string_equal(codes(r, "10f"), "ok");
	assert_string_equal(codes(r, "100f"), bad);
	assert_string_equal(codes(r, "\xd9\xa1"), bad);	/* an Arabic 1 */
	assert_string_equal(codes(r, "10\n"), bad);
	assert_string_equal(codes(r, ""), bad);
}

static void
test_long_input(void **state)
{
	const struct rule	*r = regex("^[a-z]*$");
	char			*text = malloc(100001);

	(void)state;
	memset(text, 'a', 100000);
	text[100000] = '\0';
	assert_string_equal(codes(r, text), "ok");
	text[99999] = 'A';
	assert_string_equal(codes(r, text), FAILS("invalid_format"));

	text[99999] = '\0';
	assert_string_equal(codes(regex("length:1..99999"), text), "ok");
	text[99999] = 'a';
	assert_string_equal(codes(regex("length:1..99999"), text),
	    FAILS("too_long"));
	free(text);
}

/* A regex with more than 16 states and no end: 1024 characters. */
static void
test_endless(void **state)
{
	const struct rule	*r = regex("^([a-zé]{1,15} )*$");
	struct rule_facts	 facts;
	char			 text[4096];

	(void)state;
	rule_describe(r, &facts);
	assert_int_equal(facts.max, 0);
	r = regex("^([a-zé]{1,16} )*$");
	rule_describe(r, &facts);
	assert_int_equal(facts.kind, RULE_REGEX);
	assert_int_equal(facts.max, 1024);
	*text = '\0';
	while (strlen(text) < 1536)
		strcat(text, E " ");
	assert_string_equal(codes(r, text), "ok");
	strcat(text, "a");
	assert_string_equal(codes(r, text), FAILS("too_long"));
	assert_string_equal(request_detail(0),
	    "Must have at most 1024 characters");
	text[3] = 'A';
	assert_string_equal(codes(r, text), FAILS("too_long"));

	/* This one ends by itself. */
	rule_describe(regex("^[a-z]{1,500}$"), &facts);
	assert_int_equal(facts.max, 0);
}

/* Only ^.{m,n}$ and this are described by a length. */
static void
test_length_form(void **state)
{
	const struct rule	*r = regex("length:2..20000");
	struct rule_facts	 facts;

	(void)state;
	rule_describe(r, &facts);
	assert_int_equal(facts.kind, RULE_LENGTH);
	assert_int_equal(facts.min, 2);
	assert_int_equal(facts.max, 20000);
	assert_string_equal(codes(r, E E), "ok");
	assert_string_equal(codes(r, "length:2..20000"), "ok");
	assert_string_equal(codes(r, E), FAILS("too_short"));
	assert_string_equal(request_detail(0),
	    "Must have at least 2 characters");
}

static void
test_bad_regex(void **state)
{
	(void)state;
	assert_null(rule_of(fake_validator("bad", "^(a", NULL)));
	assert_null(rule_of(fake_validator("bad2", "[", NULL)));
	assert_null(rule_of(fake_validator("bad3", "a{2,1}", NULL)));
	assert_null(rule_of(fake_validator("bad4", "^\xff$", NULL)));
	assert_null(rule_of(fake_validator("bad5", "^(a|\xff)$", NULL)));
	assert_null(rule_of(fake_validator("bad6", "^\\d$", NULL)));
	assert_null(rule_of(fake_validator("bad7", "x(ab|cd)$", NULL)));
	assert_null(rule_of(fake_validator("bad8", "(ab|cd)", NULL)));
	assert_null(rule_of(fake_validator("bad9", "length:2..1", NULL)));
	assert_null(rule_of(fake_validator("bad10", "^.{0,1001}$", NULL)));
	assert_null(rule_of(fake_validator("bad11", "^(a|b|)$", NULL)));
}

/* Gives as many reasons as the value is long; refuses "" without a reason. */
static int
counts(struct http_request *req, const char *value)
{
	static const char *const	 names[] = { "one", "two", "three",
	    "four", "five", "six" };
	size_t				 i;

	(void)req;
	if (strcmp(value, "fine") == 0)
		return (VALID);
	for (i = 0; i < strlen(value) && i < 6; i++)
		validator_reject(names[i], "%s of %zu", names[i],
		    strlen(value));
	return (INVALID);
}

static void
test_function(void **state)
{
	const struct rule	*r = rule_of(fake_validator("counts", NULL,
				    counts));

	(void)state;
	assert_non_null(r);
	assert_string_equal(codes(r, "fine"), "ok");
	assert_string_equal(codes(r, "1"), FAILS("one"));
	assert_string_equal(request_detail(0), "one of 1");
	assert_string_equal(codes(r, "123"),
	    FAILS("one") " body.x:two body.x:three");
	assert_string_equal(request_detail(2), "three of 3");
	/* Four reasons are kept; earlier values' reasons are not. */
	assert_string_equal(codes(r, "123456"),
	    FAILS("one") " body.x:two body.x:three body.x:four");
	assert_string_equal(codes(r, "12"), FAILS("one") " body.x:two");
	assert_string_equal(codes(r, "fine"), "ok");

	/* It gives no reason. */
	assert_string_equal(codes(r, ""), FAILS("invalid_format"));
	assert_string_equal(request_detail(0), "Is not valid");
}

/* All of them, a line each. */
static void
test_all_reasons(void **state)
{
	const struct rule	*r = rule_of(fake_validator("counts", NULL,
				    counts));
	char			 buffer[64];
	struct text		 t = text_in(buffer, sizeof(buffer));

	(void)state;
	rule_reasons(r, "fine", &t);
	assert_string_equal(buffer, "");
	rule_reasons(r, "123", &t);
	assert_string_equal(buffer, "one of 3\ntwo of 3\nthree of 3");
}

static int
long_winded(struct http_request *req, const char *value)
{
	(void)req;
	validator_reject("long", "%0500d%s", 1, value);
	return (INVALID);
}

/* A long reason is cut. */
static void
test_long_reason(void **state)
{
	const struct rule	*r = rule_of(fake_validator("long", NULL,
				    long_winded));

	(void)state;
	assert_string_equal(codes(r, "x"), FAILS("long"));
	assert_int_equal(strlen(request_detail(0)), 127);
}

static const void	*kept;

static void
keep(const void *v, size_t size)
{
	assert_int_equal(size, sizeof(struct kore_validator));
	if (kept == v)
		kept = NULL;
}

/* Every one that a rule was made of. */
static void
test_validators_in_use_are_kept(void **state)
{
	struct kore_validator	*one = fake_validator("k1", "^.{1,2}$", NULL),
				*other = fake_validator("k2", "^x*$", NULL);

	(void)state;
	assert_non_null(rule_of(one));
	assert_non_null(rule_of(other));
	kept = one;
	rules_keep(keep);
	assert_null(kept);
	kept = other;
	rules_keep(keep);
	assert_null(kept);
}

static void
test_made_once(void **state)
{
	struct kore_validator	*v = fake_validator("v_once", "^x$", NULL);
	const struct rule	*r = rule_of(v);

	(void)state;
	assert_non_null(r);
	assert_ptr_equal(rule_of(v), r);
	assert_ptr_equal(rule_find("v_once"), r);
	assert_ptr_not_equal(regex("^x$"), r);
}

/* Kore's own validator refuses every value. */
static void
test_kores_copy_refuses_all(void **state)
{
	static const char *const	 patterns[] = { "length:0..2000",
	    "^(user|admin)$", "^[0-9]+$", "a*", "" };
	static const char *const	 values[] = { "", "a", "user", "1", "x",
	    "x^", "x\n^", "\n", "^", E100 };
	const struct kore_validator	*v;
	size_t				 i, k;

	(void)state;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		v = fake_validator("copy", patterns[i], NULL);
		assert_non_null(rule_of(v));
		for (k = 0; k < sizeof(values) / sizeof(values[0]); k++)
			assert_int_equal(regexec(&v->rctx, values[k], 0, NULL,
			    0), REG_NOMATCH);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_length),
		TEST(test_other_shapes),
		TEST(test_choices),
		TEST(test_a_list_of_choices_is_refused),
		TEST(test_regex),
		TEST(test_long_input),
		TEST(test_endless),
		TEST(test_length_form),
		TEST(test_bad_regex),
		TEST(test_function),
		TEST(test_all_reasons),
		TEST(test_long_reason),
		TEST(test_validators_in_use_are_kept),
		TEST(test_made_once),
		TEST(test_kores_copy_refuses_all),
	};

	return (cmocka_run_group_tests_name("validator", tests, NULL, NULL));
}
