/* SPDX-License-Identifier: ISC */
/* Is a password made of its owner's name or address? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "utils/password_personal.h"

#define ADA	"ada.lovelace@example.org"
#define NAME	"Augusta Ada King-Lovelace"
#define JOSE	"Jos\xc3\xa9 Garc\xc3\xad" "a"

struct person {
	const char	*password, *email, *name;
};

static const struct person	personal[] = {
	{ ADA, ADA, NULL }, { ADA "1", ADA, NULL },
	{ "Ada.Lovelace@Example.ORG2024!", ADA, NULL },
	{ "ada.lovelace1", ADA, NULL }, { "Ada_Lovelace-1815", ADA, NULL },
	{ "AdaLovelace1", ADA, NULL }, { "2024AdaLovelace", ADA, NULL },
	{ "Lovelace1", ADA, NULL }, { "LOVELACE", ADA, NULL },
	{ "Augusta-Ada-King-Lovelace 1", NULL, NAME },
	{ "AugustaAdaKingLovelace1", NULL, NAME },
	{ "Augusta99!", NULL, NAME },
	{ "Test1234", "test1234@example.com", NULL },
	{ "Jose.Garcia2", "jose.garcia77@example.org", NULL },
	{ "JoseGarcia1", NULL, JOSE },
	{ "jose\xcc\x81garci\xcc\x81" "a7", NULL, JOSE },
	{ "\xef\xbc\xac\xef\xbd\x8fvelace1", ADA, NULL },	/* wide Lo */
	{ "01234567891", "0123456789@example.org", NULL },
	{ "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2" "12", NULL,
	  "\xd0\x98\xd0\x92\xd0\x90\xd0\x9d\xd0\x9e\xd0\x92" },	/* Ivanov */
	{ "no-at-sign1", "no-at-sign", NULL },
	/* U+FDFA, which is 18 code points. */
	{ "\xef\xb7\xba\xef\xb7\xba" "1", NULL,
	  "\xef\xb7\xba\xef\xb7\xba" },
	{ "stra\xc3\x9f" "enbahn1", NULL, "STRASSENBAHN" },
};

static const struct person	other[] = {
	{ "Test1234", "test@example.com", "Test User" },
	{ "Sunny-day-42", ADA, NAME }, { "Example123", ADA, NAME },
	{ "Lovelace18151852", ADA, NAME },	/* half of it */
	{ "Ada-1815", ADA, NAME },
	{ "xLovelace1", ADA, NAME }, { "Lovelacey1", ADA, NAME },
	{ "Lovelace and me", ADA, NAME },
	{ "12345678", "1@example.org", "2" }, { "12345678", "@", " " },
	{ "12345678", "", "" }, { "12345678", NULL, NULL },
	{ "!!!!!!!!", "!@example.org", "?" },
	{ "", ADA, NAME },
};

static void
test_personal(void **state)
{
	const struct person	*p;

	(void)state;
	for (p = personal; p < personal + sizeof(personal) / sizeof(*p); p++) {
		if (!password_is_personal(p->password, p->email, p->name))
			fail_msg("not refused: %s", p->password);
	}
}

static void
test_other(void **state)
{
	const struct person	*p;

	(void)state;
	for (p = other; p < other + sizeof(other) / sizeof(*p); p++) {
		if (password_is_personal(p->password, p->email, p->name))
			fail_msg("refused: %s", p->password);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_personal),
		cmocka_unit_test(test_other),
	};

	return (cmocka_run_group_tests_name("password_personal", tests, NULL,
	    NULL));
}
