/* SPDX-License-Identifier: ISC */
/* The validators of e-mail addresses and passwords. */

/* sources: src/schema/validator.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/modules/users/users_validators.c */
/* sources: src/schema/common_validators.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */

#include "request/request_fixture.h"

#include "fakes/kore_fake.h"
#include "schema/validator.h"

#define E	"é"
#define E10	E E E E E E E E E E
#define E100	E10 E10 E10 E10 E10 E10 E10 E10 E10 E10

#define FAILS(code)	"422 VALIDATION_ERROR body.x:" code

validator_fn	v_email, v_password, v_passphrase;

/* kodev makes it from assets/common_passwords.txt. */
extern const unsigned char	asset_common_passwords_txt[];
extern const unsigned int	asset_len_common_passwords_txt;

const unsigned char		asset_common_passwords_txt[] =
				    "P 4sword\nP4\nP4ssword\nPassword\n"
				    "Password1\n";
const unsigned int		asset_len_common_passwords_txt =
				    sizeof(asset_common_passwords_txt) - 1;

extern const unsigned char	asset_common_passwords_folded_txt[];
extern const unsigned int	asset_len_common_passwords_folded_txt;

const unsigned char		asset_common_passwords_folded_txt[] =
				    "monkey\np4\np4ssword\npassword\n"
				    "password1\n";
const unsigned int		asset_len_common_passwords_folded_txt =
				    sizeof(asset_common_passwords_folded_txt) -
				    1;

extern const struct validator_facts	v_email__facts, v_password__facts,
					v_passphrase__facts;

static const struct rule	*checked;
static const char		*checked_value;

static void
check_value(struct ctx *c)
{
	rule_check(c, checked, "body.x", checked_value);
	raise_validation(c);
}

/* "ok", or the codes of the reasons. */
static const char *
codes(const struct rule *r, const char *value)
{
	request_begin();
	checked = r;
	checked_value = value;
	return (request_run(check_value));
}

static void
test_password_and_email(void **state)
{
	const struct rule	*r;

	(void)state;
	fake_validator("v_password", NULL, v_password);
	fake_validator("v_email", NULL, v_email);
	r = rule_find("v_password");
	assert_non_null(r);
	assert_string_equal(codes(r, "Passw0rd"), "ok");
	assert_string_equal(codes(r, "ÉÉÉÉÉÉÉ1"), "ok");
	assert_string_equal(codes(r, ""), FAILS("too_short")
	    " body.x:no_uppercase body.x:no_digit");
	assert_string_equal(codes(r, "passw0rd"), FAILS("no_uppercase"));
	assert_string_equal(request_detail(0),
	    "Password must contain uppercase letter");
	assert_string_equal(codes(r, "Password"), FAILS("no_digit"));
	assert_string_equal(request_detail(0), "Password must contain digit");
	assert_string_equal(codes(r, "A1" E10 E100 E10 E E E E E E), "ok");
	assert_string_equal(codes(r, "A1" E10 E100 E10 E E E E E E E),
	    FAILS("too_long"));
	assert_string_equal(request_detail(0),
	    "Password must have at most 128 characters");
	assert_string_equal(codes(r, "A1" E E E E E), FAILS("too_short"));
	assert_string_equal(request_detail(0),
	    "Password must have at least 8 characters");
	assert_string_equal(codes(r, "A1" E E E E E E), "ok");
	/* Only a password that is fine otherwise is looked up. */
	assert_string_equal(codes(r, "P4"), FAILS("too_short"));
	assert_string_equal(codes(r, E10 E100 E10 E10),
	    FAILS("too_long") " body.x:no_uppercase body.x:no_digit");

	assert_string_equal(codes(r, "P4ssword"), FAILS("too_common"));
	assert_string_equal(request_detail(0),
	    "Password is one of the 10,000 most common");
	assert_string_equal(codes(r, "Password1"), FAILS("too_common"));
	assert_string_equal(codes(r, "PASSWORD1"), "ok");
	assert_string_equal(codes(r, "Password12"), "ok");

	r = rule_find("v_email");
	assert_non_null(r);
	assert_string_equal(codes(r, "a@example.org"), "ok");
	assert_string_equal(codes(r, "a@"), FAILS("invalid_format"));
	assert_string_equal(request_detail(0), "Is not a valid e-mail "
	    "address: must have something after the @");
	assert_null(rule_find("v_nobody"));
}

/* The normal form is counted, checked and compared. */
static void
test_normal_form(void **state)
{
	const struct rule	*r;

	(void)state;
	fake_validator("v_password", NULL, v_password);
	r = rule_find("v_password");
	assert_non_null(r);
	/* E and an accent are one character. */
	assert_string_equal(codes(r, "1E\xcc\x81" E E E E E E), "ok");
	assert_string_equal(codes(r, "1E\xcc\x81" E E E E E),
	    FAILS("too_short"));
	assert_string_equal(codes(r, "E\xcc\x81" "1" E10 E100 E10 E E E E E E),
	    "ok");
	assert_string_equal(codes(r, "E\xcc\x81" "1" E10 E100 E10 E E E E E E
	    E), FAILS("too_long"));
	/* U+212A is K, U+00A0 is a blank. */
	assert_string_equal(codes(r, "\xe2\x84\xaa" "1 ssword"), "ok");
	assert_string_equal(codes(r, "P\xc2\xa0" "4sword"),
	    FAILS("too_common"));
}

static void
test_passphrase(void **state)
{
	const struct rule	*r;

	(void)state;
	fake_validator("v_passphrase", NULL, v_passphrase);
	r = rule_find("v_passphrase");
	assert_non_null(r);
	assert_string_equal(codes(r, "ééé ééé "), "ok");
	assert_string_equal(codes(r, "ééé éé "), FAILS("too_short"));
	assert_string_equal(codes(r, E100 E10 E10 E E E E E E E E), "ok");
	assert_string_equal(codes(r, E100 E10 E10 E E E E E E E E E),
	    FAILS("too_long"));
	assert_string_equal(codes(r, "Password"), FAILS("too_common"));
	assert_string_equal(codes(r, "P4"), FAILS("too_short")
	    " body.x:too_common");

	/* Without case, and what is behind it. */
	assert_string_equal(codes(r, "PASSWORD1"), FAILS("too_common"));
	assert_string_equal(codes(r, "pAssword2024!?"), FAILS("too_common"));
	assert_string_equal(codes(r, "p4ssword 1 2 3"), FAILS("too_common"));
	assert_string_equal(codes(r, "password12345678901234567890"),
	    FAILS("too_common"));
	assert_string_equal(codes(r, "Monkey12345"), FAILS("too_common"));
	assert_string_equal(codes(r, "Monkey123456"), "ok");
	assert_string_equal(codes(r, "password1a"), "ok");
	assert_string_equal(codes(r, "1password"), "ok");
	assert_string_equal(codes(r, "12345678"), "ok");
	assert_string_equal(codes(r, "--------"), "ok");
}

/* What Kore is told, besides the reasons. */
static void
test_verdicts(void **state)
{
	static const struct {
		validator_fn	*fn;
		const char	*value;
		int		 verdict;
	} cases[] = {
		{ v_email, "a@example.org", VALID }, { v_email, "a", INVALID },
		{ v_password, "Passw0rd", VALID },
		{ v_password, "Passw0r", INVALID },
		{ v_password, "A1" E10 E100 E10 E10, INVALID },
		{ v_password, "passw0rd", INVALID },
		{ v_password, "Password", INVALID },
		{ v_password, "P4ssword", INVALID },
		{ v_passphrase, "passw0rd", VALID },
		{ v_passphrase, "passw0r", INVALID },
		{ v_passphrase, "Password", INVALID },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].fn(NULL, cases[i].value),
		    cases[i].verdict);
}

/* What the description says of them. */
static void
test_facts(void **state)
{
	static const struct {
		const struct validator_facts	*facts;
		const char			*format;
		unsigned			 min, max;
		const char			*doc;
	} cases[] = {
		{ &v_email__facts, "idn-email", 3, 254,
		  "An e-mail address, in any script." },
		{ &v_password__facts, "password", 8, 128, "Contains an "
		  "uppercase letter and a digit. Not one of the 10,000 most "
		  "common passwords." },
		{ &v_passphrase__facts, "password", 8, 128,
		  "Not one of the 10,000 most common passwords, also with "
		  "other digits behind it." },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(cases[i].facts->format, cases[i].format);
		assert_int_equal(cases[i].facts->min, cases[i].min);
		assert_int_equal(cases[i].facts->max, cases[i].max);
		assert_string_equal(cases[i].facts->doc, cases[i].doc);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_password_and_email),
		TEST(test_normal_form),
		TEST(test_passphrase),
		TEST(test_verdicts),
		TEST(test_facts),
	};

	return (cmocka_run_group_tests_name("users_validators", tests, NULL,
	    NULL));
}
