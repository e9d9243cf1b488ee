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
    "{2}", "{1,}", "{0,2}", "{1,3}", "{0}", "{0,}", "{3,12}", "{,3}" };

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

/* before, n times the unit, after */
static void
check(const char *pattern, const char *before, const char *unit, unsigned n,
    const char *after, bool expected)
{
	struct automaton	*a = automaton_new(pattern);
	char			*value, *p;

	assert_non_null(a);
	value = malloc(strlen(before) + n * strlen(unit) + strlen(after) + 1);
	p = stpcpy(value, before);
	while (n-- > 0)
		p = stpcpy(p, unit);
	strcpy(p, after);
	if (automaton_match(a, value) != expected)
		fail_msg("%s %s '%s'", pattern, expected ? "refuses" :
		    "accepts", value);
	free(value);
	automaton_free(a);
}

/* Longer values than those above, and more states than a word has bits. */
static void
test_lengths(void **state)
{
	(void)state;
	check("^[^ ]{1,100}$", "", "é", 100, "", true);
	check("^[^ ]{1,100}$", "", "é", 101, "", false);
	check("^[^ ]{1,100}$", "", "é", 99, " ", false);
	check("^[a-z_]{1,64}$", "", "a", 64, "", true);
	check("^[a-z_]{1,64}$", "", "a", 65, "", false);
	check("^[a-z]{63}[0-9]{2}$", "", "a", 63, "12", true);
	check("^[a-z]{64}[0-9]{2}$", "", "a", 64, "12", true);
	check("^[a-z]{65}[0-9]{2}$", "", "a", 64, "12", false);
	check("^[a-z]{500}[0-9]{0,500}$", "", "a", 500, "1234567890", true);
	check("^[a-z]{500}[0-9]{0,500}$", "", "a", 499, "1234567890", false);
	check("^.{0,1000}$", "", "😀", 1000, "", true);
	check("^.{0,1000}$", "", "😀", 1001, "", false);
	check("^.{3,}$", "", "é", 2, "", false);
	check("^.{3,}$", "", "é", 100000, "", true);
	check("^[[:alpha:]]+$", "", "é", 100000, "", true);
	check("^[[:alpha:]]+$", "", "é", 100000, "1", false);
	check("^(a|b)*a(a|b){199}$", "", "ab", 5000, "", true);
	check("^(a|b)*a(a|b){200}$", "", "b", 10000, "", false);
}

static void
test_not_utf8(void **state)
{
	(void)state;
	check("^.*$", "a", "\xc3", 1, "", false);
	check("^[^a]*$", "b", "\xff", 1, "b", false);
	check("^.$", "", "\xf0\x9f\x98", 1, "", false);
	check("^.$", "", "\xed\xa0\x80", 1, "", false);
}

static void
test_facts(void **state)
{
	static const struct {
		const char	*pattern;
		size_t		 states;
		bool		 endless;
	} rows[] = {
		{ "^a{2,5}$", 5, false }, { "^a{3,}$", 3, true },
		{ "^(ab?)*c+$", 3, true }, { "^$", 0, false },
		{ "^.{0,1000}$", 1000, false }, { "^(a|bc){2}$", 6, false },
	};
	struct automaton	*a;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_non_null(a = automaton_new(rows[i].pattern));
		assert_int_equal(automaton_states(a), rows[i].states);
		assert_int_equal(automaton_is_endless(a), rows[i].endless);
		automaton_free(a);
	}
	assert_null(automaton_new("^\\d$"));
	automaton_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_random_patterns),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_facts),
	};

	if (getenv("SEED") != NULL)
		seed = (unsigned)atoi(getenv("SEED"));
	setlocale(LC_CTYPE, "C.UTF-8");
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return (cmocka_run_group_tests_name("automaton", tests, NULL, NULL));
}
