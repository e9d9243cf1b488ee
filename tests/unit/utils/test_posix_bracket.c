/* SPDX-License-Identifier: ISC */
/* Bracket expressions: what is refused, and what they contain. */

#include "posix_fixture.h"

static const char *const	 refused[][2] = {
	{ "^[\\d]+$",
	    "in [...] a backslash stands for itself, and \\d is two "
	    "characters: write 0-9, or \\\\ for a backslash" },
	{ "^[\\w.-]+$",
	    "in [...] a backslash stands for itself, and \\w is two "
	    "characters: write A-Za-z0-9_, or \\\\ for a backslash" },
	{ "^[^\\s]+$",
	    "in [...] a backslash stands for itself, and \\s is two "
	    "characters: write [:space:] inside the brackets, or \\\\ for "
	    "a backslash" },
	{ "^[a\\]]$",
	    "in [...] a backslash stands for itself, and \\] is two "
	    "characters: write ] first, []...], or \\\\ for a backslash" },
	{ "^[\\[\\]]$",
	    "in [...] a backslash stands for itself: leave it out, or "
	    "write \\\\ for a backslash" },
	{ "^[a\\-z]$",
	    "in [...] a backslash stands for itself, and \\- is two "
	    "characters: write - last, [...-], or \\\\ for a backslash" },
	{ "^[\\^a]$",
	    "in [...] a backslash stands for itself, and \\^ is two "
	    "characters: write ^ not first, [...^], or \\\\ for a backslash" },
	{ "^[a\\n]$",
	    "in [...] a backslash stands for itself, and \\n is two "
	    "characters: write [:space:] inside the brackets, or \\\\ for "
	    "a backslash" },
	{ "^[\\t ]$",
	    "in [...] a backslash stands for itself, and \\t is two "
	    "characters: write [:blank:] inside the brackets, or \\\\ for "
	    "a backslash" },
	{ "^[\\x41]$",
	    "in [...] a backslash stands for itself, and \\x is two "
	    "characters: write the character itself, or \\\\ for a "
	    "backslash" },
	{ "^[\\p{L}]$",
	    "in [...] a backslash stands for itself, and \\p is two "
	    "characters: write a class such as [:alpha:] inside the "
	    "brackets, or \\\\ for a backslash" },
	{ "^[\\D]$",
	    "in [...] a backslash stands for itself, and \\D is two "
	    "characters: write what is wanted, or [^...] for what is not, "
	    "or \\\\ for a backslash" },
	{ "^[\\.]$",
	    "in [...] a backslash stands for itself: leave it out, or "
	    "write \\\\ for a backslash" },
	{ "^[\\/]$",
	    "in [...] a backslash stands for itself: leave it out, or "
	    "write \\\\ for a backslash" },
	{ "^[\\b]$",
	    "in [...] a backslash stands for itself, and \\b is two "
	    "characters: write [:cntrl:] inside the brackets, or \\\\ for "
	    "a backslash" },
	{ "^[[:foo:]]$",
	    "POSIX has no class [:foo:]: it has alnum, alpha, blank, "
	    "cntrl, digit, graph, lower, print, punct, space, upper and "
	    "xdigit" },
	{ "^[[:word:]]$", "POSIX has no class [:word:]: write A-Za-z0-9_" },
	{ "^[[:ascii:]]$",
	    "POSIX has no class [:ascii:]: it has alnum, alpha, blank, "
	    "cntrl, digit, graph, lower, print, punct, space, upper and "
	    "xdigit" },
	{ "^[[:ALPHA:]]$",
	    "POSIX has no class [:ALPHA:]: it has alnum, alpha, blank, "
	    "cntrl, digit, graph, lower, print, punct, space, upper and "
	    "xdigit" },
	{ "^[[:^alpha:]]$",
	    "POSIX has no class [:^alpha:]: it has alnum, alpha, blank, "
	    "cntrl, digit, graph, lower, print, punct, space, upper and "
	    "xdigit" },
	{ "^[[:<:]]a$",
	    "POSIX has no class [:<:]: it has alnum, alpha, blank, cntrl, "
	    "digit, graph, lower, print, punct, space, upper and xdigit" },
	{ "^[[:alpha:]$", "no ] ends a [: write \\[ for the character" },
	{ "^[[:alpha]$", "no :] ends a [: in [...]" },
	{ "^[:alpha:]$",
	    "a class needs brackets of its own: write [[:alpha:]], not "
	    "[:alpha:]" },
	{ "^[^:digit:]+$",
	    "a class needs brackets of its own: write [[:alpha:]], not "
	    "[:alpha:]" },
	{ "^[[=a=]]$",
	    "[[= is a collating element: write the character itself" },
	{ "^[[.a.]]$",
	    "[[. is a collating element: write the character itself" },
	{ "^[[.hyphen.]]$",
	    "[[. is a collating element: write the character itself" },
	{ "^[z-a]$",
	    "the range z-a has no characters: write the lower end first, "
	    "or - last for the character" },
	{ "^[a-é]$",
	    "the range a-é is not within ASCII: write each character, or a "
	    "class such as [:alpha:]" },
	{ "^[À-Ý]$",
	    "the range À-Ý is not within ASCII: write each character, or a "
	    "class such as [:alpha:]" },
	{ "^[é-é]$",
	    "the range é-é is not within ASCII: write each character, or a "
	    "class such as [:alpha:]" },
	{ "^[a-z-9]$",
	    "a - between characters in [...]: write - last, [...-]" },
	{ "^[[:digit:]-z]$",
	    "a - between characters in [...]: write - last, [...-]" },
	{ "^[a-[:digit:]]$",
	    "a class in [...] cannot end a range: write - last, [...-]" },
	{ "^[a$", "no ] ends a [: write \\[ for the character" },
	{ "^[]$", "no ] ends a [: write \\[ for the character" },
	{ "^[^]$", "no ] ends a [: write \\[ for the character" },
	{ "^[:alpha:0-9]$",
	    "a class needs brackets of its own: write [[:alpha:]], not "
	    "[:alpha:]" },
	{ "^[0-9:alpha:]$",
	    "a class needs brackets of its own: write [[:alpha:]], not "
	    "[:alpha:]" },
	{ "^[^a:upper:b]$",
	    "a class needs brackets of its own: write [[:alpha:]], not "
	    "[:alpha:]" },
};

static void
test_refused(void **state)
{
	(void)state;
	CHECK(refused);
}

static void
test_accepted(void **state)
{
	static const char *const	 fine[] = { "^[a\\\\z]$", "^[]a]$",
	    "^[^]a]$", "^[a[:alpha:]]$", "^[:a]$", "^[a:b:c]$", "^[--/]$",
	    "^[+--]$", "^[a-]$", "^[a-a]$", "^[-a]$", "^[é€]$",
	    "^[[:digit:]-]$", "^[[]$", "^[a[]$", "^[$^(|*+?{.]$",
	    "^[[:alnum:][:alpha:][:blank:]"
	    "[:cntrl:][:digit:][:graph:][:lower:][:print:][:punct:][:space:]"
	    "[:upper:][:xdigit:]]$", "^[\\\\-a]$" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		accept(fine[i]);
}

/* Every letter and digit behind a backslash, and all else. */
static void
test_every_escape(void **state)
{
	char	 pattern[] = "^[\\.]$", c;

	(void)state;
	for (c = ' '; c < 0x7f; c++) {
		pattern[3] = c;
		if (c == '\\')
			accept(pattern);
		else
			assert_non_null(problem_of(pattern));
	}
}

static void
test_items(void **state)
{
	struct posix_item	 item;
	const char		*p = "]+--\\\\é[:digit:]-]rest";

	(void)state;
	assert_true(posix_bracket_next(&p, &item));
	assert_int_equal(item.from, ']');
	assert_int_equal(item.to, ']');
	assert_true(posix_bracket_next(&p, &item));
	assert_int_equal(item.from, '+');
	assert_int_equal(item.to, '-');
	assert_true(posix_bracket_next(&p, &item));
	assert_int_equal(item.from, '\\');
	assert_true(posix_bracket_next(&p, &item));
	assert_int_equal(item.from, 0xe9);
	assert_int_equal(item.class, -1);
	assert_true(posix_bracket_next(&p, &item));
	assert_string_equal(posix_classes[item.class], "digit");
	assert_false(posix_bracket_next(&p, &item));
	assert_int_equal(item.from, '-');
	assert_string_equal(p, "]rest");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_every_escape),
		cmocka_unit_test(test_items),
	};

	return (cmocka_run_group_tests_name("posix brackets", tests, NULL,
	    NULL));
}
