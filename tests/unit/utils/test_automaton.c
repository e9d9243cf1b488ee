/* SPDX-License-Identifier: ISC */
/* The automaton of a regex, compared with glibc's regexec(). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utils/automaton.h"
#include "utils/posix.h"

#define PATTERNS	3000	/* of each kind; SEED repeats them */
#define VALUES		20

static unsigned	seed = 18;
static locale_t	plain;

static unsigned
below(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return ((seed >> 16) % n);
}

#define PICK(list)	list[below(sizeof(list) / sizeof(list[0]))]

static const char *const	 pieces[] = { "a", "b", ".", "[ab]", "[^a]",
    "[a-c]", "[[:alpha:]]", "[^[:alpha:]é]", "[[:digit:]_-]", "é", "[é€]",
    "[^é€]", "\\.", "\\\\", "[]a]", "[^]a]", "[\\\\a]", "😀", " ", "[.]",
    "[[:space:]]", "[[:upper:][:punct:]]", "[--/]", "}", "]", "1", "[$^|]" };
static const char *const	 counts[] = { "", "", "", "", "*", "+", "?",
    "{2}", "{1,}", "{0,2}", "{1,3}", "{0}", "{0,}", "{3,12}" };

/* Adds a random pattern without its anchors. */
static void
add_pattern(char *out, unsigned depth)
{
	unsigned	 n = below(3) + 1;

	for (; n > 0; n--) {
		if (depth > 0 && below(3) == 0) {
			strcat(out, "(");
			add_pattern(out, depth - 1);
			if (below(2) == 0) {
				strcat(out, "|");
				add_pattern(out, depth - 1);
			}
			strcat(out, ")");
		} else {
			strcat(out, PICK(pieces));
		}
		strcat(out, PICK(counts));
	}
}

static void
add_value(char *out)
{
	static const char *const	 units[] = { "a", "a", "b", "c", "é",
	    "€", "😀", "1", ".", "\\", "-", " ", "_", "]", "\n", "Z", "É",
	    "a", "}", "$", "\x7f", "\xc2\x85" };
	unsigned			 n = below(7);

	*out = '\0';
	while (n-- > 0)
		strcat(out, PICK(units));
}

/* Kore compiles each pattern in the locale C, with bytes for characters. */
static void
check_compiles(const char *pattern)
{
	locale_t	 utf8 = uselocale(plain);
	regex_t		 regex;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		fail_msg("accepted, but Kore refuses %s", pattern);
	regfree(&regex);
	uselocale(utf8);
}

/* The same result for random values, if the pattern is accepted. */
static bool
compare(const char *pattern)
{
	struct automaton	*a;
	regex_t			 regex;
	char			 value[64];
	unsigned		 i;
	bool			 expected;

	if (posix_problem(pattern) != NULL)
		return (false);
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		fail_msg("accepted, but glibc refuses %s", pattern);
	check_compiles(pattern);
	assert_non_null(a = automaton_new(pattern));
	for (i = 0; i < VALUES; i++) {
		add_value(value);
		expected = regexec(&regex, value, 0, NULL, 0) == 0;
		if (automaton_match(a, value) != expected)
			fail_msg("%s %s '%s'", pattern, expected ? "refuses" :
			    "accepts", value);
	}
	automaton_free(a);
	regfree(&regex);
	return (true);
}

static void
test_random_patterns(void **state)
{
	char		 pattern[8192];
	unsigned	 i, accepted = 0;

	(void)state;
	for (i = 0; i < PATTERNS; i++) {
		strcpy(pattern, "^");
		add_pattern(pattern, 2);
		strcat(pattern, "$");
		accepted += compare(pattern);
	}
	assert_true(accepted > PATTERNS / 2);
}

/* What is accepted is what glibc reads in the same way. */
static void
test_random_bytes(void **state)
{
	static const char *const	 bits[] = { "a", "b", "é", "^", "$",
	    "(", ")", "[", "]", "[^", "{", "}", "2", ",", "*", "+", "?", "|",
	    "\\", "-", ".", "[:", ":]", "alpha", "[a-c]", "(a", "[=", "a{1," };
	char				 pattern[128];
	unsigned			 i, n, accepted = 0;

	(void)state;
	for (i = 0; i < 20 * PATTERNS; i++) {
		strcpy(pattern, "^");
		for (n = below(8); n > 0; n--)
			strcat(pattern, PICK(bits));
		strcat(pattern, "$");
		accepted += compare(pattern);
	}
	assert_true(accepted > PATTERNS);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_random_patterns),
		cmocka_unit_test(test_random_bytes),
	};

	if (getenv("SEED") != NULL)
		seed = (unsigned)atoi(getenv("SEED"));
	setlocale(LC_CTYPE, "C.UTF-8");
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return (cmocka_run_group_tests_name("automaton", tests, NULL, NULL));
}
