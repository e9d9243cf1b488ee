/* SPDX-License-Identifier: ISC */
/* What is refused in a regular expression, and the line that says so. */

#include "posix_fixture.h"

/* Each pattern that glibc reads in another way than it looks, or refuses. */
static const char *const	 refused[][2] = {
	{ "^\\d{5}$", "\\d is not POSIX: write [0-9]" },
	{ "^\\D$", "\\D is not POSIX: write [^0-9]" },
	{ "^\\w+$", "\\w is not POSIX: write [A-Za-z0-9_]" },
	{ "^\\W$", "\\W is not POSIX: write [^A-Za-z0-9_]" },
	{ "^\\s$", "\\s is not POSIX: write [[:space:]]" },
	{ "^\\S+$", "\\S is not POSIX: write [^[:space:]]" },
	{ "^\\bfoo\\b$",
	    "\\b is not POSIX: write the characters around the word: POSIX "
	    "has no boundaries" },
	{ "^a\\Bb$",
	    "\\B is not POSIX: write the characters around the word: POSIX "
	    "has no boundaries" },
	{ "^\\<a\\>$",
	    "\\< is not POSIX: write < for the character: POSIX has no "
	    "boundaries" },
	{ "^\\`a$",
	    "\\` is not POSIX: write ^ for the beginning, ` for the "
	    "character" },
	{ "^a\\'$",
	    "\\' is not POSIX: write $ for the end, ' for the character" },
	{ "\\Aabc\\z", "\\A is not POSIX: write ^" },
	{ "^abc\\Z$", "\\Z is not POSIX: write $" },
	{ "^(a)\\1$",
	    "\\1 is a back-reference, which POSIX does not have: write the "
	    "alternatives" },
	{ "^(a)\\9$",
	    "\\9 is a back-reference, which POSIX does not have: write the "
	    "alternatives" },
	{ "^\\0$", "\\0 is not POSIX: write the character itself" },
	{ "^a\\nb$", "\\n is not POSIX: write [[:space:]]" },
	{ "^\\t$", "\\t is not POSIX: write [[:blank:]]" },
	{ "^\\r\\n$", "\\r is not POSIX: write [[:space:]]" },
	{ "^\\f\\v\\a\\e$", "\\f is not POSIX: write [[:space:]]" },
	{ "^\\x41$", "\\x is not POSIX: write the character itself" },
	{ "^\\u0041$", "\\u is not POSIX: write the character itself" },
	{ "^\\U00000041$", "\\U is not POSIX: write the character itself" },
	{ "^\\cA$", "\\c is not POSIX: write [[:cntrl:]]" },
	{ "^\\o{101}$", "\\o is not POSIX: write the character itself" },
	{ "^\\p{L}+$", "\\p is not POSIX: write a class such as [[:alpha:]]" },
	{ "^\\P{L}$", "\\P is not POSIX: write a class such as [^[:alpha:]]" },
	{ "^\\Qa.b\\E$",
	    "\\Q is not POSIX: write a backslash before each special "
	    "character" },
	{ "^\\h+$", "\\h is not POSIX: write [[:blank:]]" },
	{ "^\\H$", "\\H is not POSIX: write [^[:blank:]]" },
	{ "^\\V$", "\\V is not POSIX: write [^[:space:]]" },
	{ "^\\R$", "\\R is not POSIX: write [[:space:]]" },
	{ "^\\N$",
	    "\\N is not POSIX: write the character itself, or [^[:cntrl:]]" },
	{ "^\\X$", "\\X is not POSIX: write ." },
	{ "^\\K$", "\\K is not POSIX: write K for the letter" },
	{ "^\\Ga$", "\\G is not POSIX: write ^" },
	{ "^\\k<n>$",
	    "\\k is not POSIX: write the alternatives: POSIX has no "
	    "back-references" },
	{ "^\\g{1}$",
	    "\\g is not POSIX: write the alternatives: POSIX has no "
	    "back-references" },
	{ "^\\y$", "\\y is not POSIX: write y for the letter" },
	{ "^a\\", "a backslash at the end: write \\\\ for the character" },
	{ "^(?:a|b)$", "(?: is not POSIX: write (...)" },
	{ "^(?i)abc$",
	    "(?i is not POSIX: write both cases, [Aa]: POSIX has no flags" },
	{ "(?i)^abc$",
	    "(?i is not POSIX: write both cases, [Aa]: POSIX has no flags" },
	{ "^(?i:abc)$",
	    "(?i is not POSIX: write both cases, [Aa]: POSIX has no flags" },
	{ "^(?s).$", "(? is not POSIX: write ( alone: POSIX has no flags" },
	{ "^(?-i)a$", "(? is not POSIX: write ( alone: POSIX has no flags" },
	{ "^(?=.*[0-9]).{8,}$",
	    "(?= is not POSIX: write a validator function: POSIX does not "
	    "look ahead" },
	{ "^(?!admin).*$",
	    "(?! is not POSIX: write a validator function: POSIX does not "
	    "look ahead" },
	{ "^a(?<=a)b$",
	    "(?<= is not POSIX: write a validator function: POSIX does not "
	    "look behind" },
	{ "^a(?<!a)b$",
	    "(?<! is not POSIX: write a validator function: POSIX does not "
	    "look behind" },
	{ "^(?P<year>[0-9]{4})$",
	    "(?P is not POSIX: write (...): POSIX has no names" },
	{ "^(?<year>[0-9]{4})$",
	    "(?< is not POSIX: write (...): POSIX has no names" },
	{ "^(?'y'a)$", "(?' is not POSIX: write (...): POSIX has no names" },
	{ "^(?P=year)$",
	    "(?P= is not POSIX: write the alternatives: POSIX has no "
	    "back-references" },
	{ "^(?P>y)$",
	    "(?P> is not POSIX: write the group again: POSIX has no names" },
	{ "^(?>a+)b$", "(?> is not POSIX: write (...)" },
	{ "^(?|a|b)$", "(?| is not POSIX: write (...)" },
	{ "^(?#note)a$", "(?# is not POSIX: write no comment" },
	{ "^(?(1)a|b)$",
	    "(?( is not POSIX: write the alternatives: POSIX has no "
	    "conditions" },
	{ "^(?R)$", "(? is not POSIX: write ( alone: POSIX has no flags" },
	{ "^(?)$", "(? is not POSIX: write ( alone: POSIX has no flags" },
	{ "^(*UTF8)a$", "(* is not POSIX: write (\\* for the character" },
	{ "^(*a)$", "(* is not POSIX: write (\\* for the character" },
	{ "^.*?$",
	    "*? is not POSIX: write * (all of a value must match, whatever "
	    "is taken first)" },
	{ "^a+?b$",
	    "+? is not POSIX: write + (all of a value must match, whatever "
	    "is taken first)" },
	{ "^a?\?b$",
	    "?\? is not POSIX: write ? (all of a value must match, "
	    "whatever is taken first)" },
	{ "^a{2,3}?$",
	    "{2,3}? is not POSIX: write {2,3} (all of a value must match, "
	    "whatever is taken first)" },
	{ "^a*+$",
	    "*+ is not POSIX: write * (all of a value must match, whatever "
	    "is taken first)" },
	{ "^a++$",
	    "++ is not POSIX: write + (all of a value must match, whatever "
	    "is taken first)" },
	{ "^a?+$",
	    "?+ is not POSIX: write ? (all of a value must match, whatever "
	    "is taken first)" },
	{ "^a{2}+$",
	    "{2}+ is not POSIX: write {2} (all of a value must match, "
	    "whatever is taken first)" },
	{ "^a**$", "two repetitions in a row, **: write one" },
	{ "^a+*$", "two repetitions in a row, +*: write one" },
	{ "^a{2}{3}$", "two repetitions in a row, {2}{3}: write one" },
	{ "^a{,x}$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{x}$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{}$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{1$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{1,x}$",
	    "a { that is no repetition: write \\{ for the character" },
	{ "^a{1,2$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{ 1}$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{,}$", "a { that is no repetition: write \\{ for the character" },
	{ "^{5}$", "a { that is no repetition: write \\{ for the character" },
	{ "^{abc}$", "a { that is no repetition: write \\{ for the character" },
	{ "^a{5,2}$", "{5,2} is upside down: write {2,5}" },
	{ "^*a$", "nothing to repeat before *: write \\* for the character" },
	{ "^+a$", "nothing to repeat before +: write \\+ for the character" },
	{ "^?a$", "nothing to repeat before ?: write \\? for the character" },
	{ "^(+a)$", "nothing to repeat before +: write \\+ for the character" },
	{ "^a|*b$", "nothing to repeat before *: write \\* for the character" },
	{ "^(a|*b)$",
	    "nothing to repeat before *: write \\* for the character" },
	{ "*", "nothing to repeat before *: write \\* for the character" },
	{ "+1", "nothing to repeat before +: write \\+ for the character" },
	{ "^()$", "an empty group, (): leave it out" },
	{ "^(a|)$",
	    "an empty alternative: write (...)? for what may be absent" },
	{ "^(|a)$",
	    "an empty alternative: write (...)? for what may be absent" },
	{ "^(a||b)$",
	    "an empty alternative: write (...)? for what may be absent" },
	{ "^a|$", "an empty alternative: write (...)? for what may be absent" },
	{ "|^a$", "an empty alternative: write (...)? for what may be absent" },
	{ "^(a", "no ) ends a (: write \\( for the character" },
	{ "^(a$",
	    "a $ in a group: write ^(...)$ around the whole pattern, or "
	    "\\$ for the character" },
	{ "^a)$", "a ) without a (: write \\) for the character" },
	{ "^a$)", "a $ that is not at the end: write \\$ for the character" },
	{ "abc",
	    "a value that only contains a match would match, too: write "
	    "^abc$" },
	{ "[0-9]{5}",
	    "a value that only contains a match would match, too: write "
	    "^[0-9]{5}$" },
	{ "^abc",
	    "a value that only contains a match would match, too: write "
	    "^abc$" },
	{ "abc$",
	    "a value that only contains a match would match, too: write "
	    "^abc$" },
	{ "^a|b$",
	    "not every alternative begins with ^ and ends with $, so "
	    "values that only contain one would match: write ^(...|...)$" },
	{ "^a$|b",
	    "not every alternative begins with ^ and ends with $, so "
	    "values that only contain one would match: write ^(...|...)$" },
	{ "a|b",
	    "not every alternative begins with ^ and ends with $, so "
	    "values that only contain one would match: write ^(...|...)$" },
	{ "(^a$)",
	    "a ^ in a group: write ^(...)$ around the whole pattern, or "
	    "\\^ for the character" },
	{ "^(a|^b)$",
	    "a ^ in a group: write ^(...)$ around the whole pattern, or "
	    "\\^ for the character" },
	{ "^(a$|b)$",
	    "a $ in a group: write ^(...)$ around the whole pattern, or "
	    "\\$ for the character" },
	{ "^^a$",
	    "a ^ that is not at the beginning: write \\^ for the character" },
	{ "^a$$", "a $ that is not at the end: write \\$ for the character" },
	{ "^a^b$",
	    "a ^ that is not at the beginning: write \\^ for the character" },
	{ "^a$b$", "a $ that is not at the end: write \\$ for the character" },
	{ "^a$ # note",
	    "a $ that is not at the end: write \\$ for the character" },
	{ "\"^a$\"",
	    "a ^ that is not at the beginning: write \\^ for the character" },
	{ "/^a$/",
	    "a ^ that is not at the beginning: write \\^ for the character" },
	{ "/^a$/i",
	    "a ^ that is not at the beginning: write \\^ for the character" },
	{ "^(a*)*$",
	    "a group that can be empty is repeated: let it have at least "
	    "one character, (a+)* or (a|b)*, not (a*)* or (a?b?)*" },
	{ "^(a?){3}$",
	    "a group that can be empty is repeated: let it have at least "
	    "one character, (a+)* or (a|b)*, not (a*)* or (a?b?)*" },
	{ "^(a?)?$",
	    "a group that can be empty is repeated: let it have at least "
	    "one character, (a+)* or (a|b)*, not (a*)* or (a?b?)*" },
	{ "^(a?|b?)$",
	    "two alternatives can be empty: let only one be, (a+|b+)? "
	    "instead of (a*|b*)" },
	{ "^.{0,1001}$",
	    "it stands for 1001 characters, and 1000 is the most: repeat "
	    "less often, or write a validator function" },
	{ "^[a-z]{20000}$",
	    "it stands for 20000 characters, and 1000 is the most: repeat "
	    "less often, or write a validator function" },
	{ "^(a{40}){40}$",
	    "it stands for 1600 characters, and 1000 is the most: repeat "
	    "less often, or write a validator function" },
	{ "^a{40000}$",
	    "it stands for 40000 characters, and 1000 is the most: repeat "
	    "less often, or write a validator function" },
	{ "^a{99999999999}$",
	    "it stands for 100000 characters or more, and 1000 is the "
	    "most: repeat less often, or write a validator function" },
	{ "", "an empty alternative: write (...)? for what may be absent" },
	{ "^(x[)]$",
	    "a $ in a group: write ^(...)$ around the whole pattern, or "
	    "\\$ for the character" },
	{ "^a{2}*$", "two repetitions in a row, {2}*: write one" },
	{ "^((((((((((((((((((((( a)$", "too many groups in groups" },
	{ "^a$|^$|^b?$",
	    "two alternatives can be empty: let only one be, (a+|b+)? "
	    "instead of (a*|b*)" },
	{ "^(ab{0,500}){0,2}$",
	    "it stands for 1002 characters, and 1000 is the most: repeat "
	    "less often, or write a validator function" },
	{ "^a.$x", "a $ that is not at the end: write \\$ for the character" },
};

static void
test_refused(void **state)
{
	(void)state;
	CHECK(refused);
}

static void
test_not_utf8(void **state)
{
	(void)state;
	assert_string_equal(problem_of("^\xff$"), "the pattern is not UTF-8");
	assert_string_equal(problem_of("^[\xc3]$"),
	    "the pattern is not UTF-8");
}

/* Every letter behind a backslash, and no other ASCII character. */
static void
test_every_escape(void **state)
{
	char	 pattern[] = "^\\.$", c;

	(void)state;
	for (c = ' '; c < 0x7f; c++) {
		pattern[2] = c;
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || strchr("<>`'", c) != NULL)
			assert_non_null(problem_of(pattern));
		else
			accept(pattern);
	}
}

/* n times the piece, between two others. */
static char *
many(const char *before, const char *piece, size_t n, const char *after)
{
	char	*out = malloc(strlen(before) + n * strlen(piece) +
		    strlen(after) + 1), *p;

	assert_non_null(out);
	for (p = stpcpy(out, before); n > 0; n--)
		p = stpcpy(p, piece);
	strcpy(p, after);
	return (out);
}

static void
check_many(const char *before, const char *piece, size_t most,
    const char *after, const char *says)
{
	char	*fine = many(before, piece, most, after);
	char	*more = many(before, piece, most + 1, after);

	accept(fine);
	if (problem_of(more) == NULL || strstr(problem_of(more), says) == NULL)
		fail_msg("%s: %s", more, problem_of(more));
	free(fine);
	free(more);
}

static void
test_limits(void **state)
{
	(void)state;
	check_many("^", "a", 1000, "$", "it stands for 1001 characters, and "
	    "1000 is the most: repeat less often");
	check_many("^", "a?", 1000, "$", "it stands for 1001 characters");
	check_many("^", "(ab|[c-d]e){50}", 5, "$",
	    "it stands for 1200 characters");
	check_many("^(", "a|", 999, "b)$", "it has 1001 alternatives, and "
	    "1000 is the most: write a validator function");
	check_many("^(", "user|", 999, "admin)$", "it has 1001 alternatives");
	check_many("^", "(", 20, "a))))))))))))))))))))$",
	    "too many groups in groups");
	accept("^a{1000,}$");
	assert_non_null(problem_of("^a{1001,}$"));
	assert_non_null(problem_of("^((a{99}){99}){99}$"));
	assert_non_null(problem_of("^(((((a{99}){999}){999}){999}){999})$"));
}

static void
test_long_pattern(void **state)
{
	char	*pattern = many("", "a", 201, "");

	(void)state;
	assert_string_equal(problem_of(pattern), "it does not begin with ^ "
	    "and end with $, so a value that only contains a match would "
	    "match, too");
	free(pattern);
}

static void
test_accepted(void **state)
{
	(void)state;
	accept("^$");
	accept("^.*$");
	accept("^a\\.b$");
	accept("^a$|^b$");
	accept("^(a?|b)$");
	accept("^(ab?)*$");
	accept("^a{,5}$");
	accept("^.{0,1000}$");
	accept("^\\.\\-\\/\\@\\ $");
	accept("^[a-z]+(-[a-z]+)*$");
	accept("^[^@ ]+@[^@ ]+\\.[a-z]{2,}$");
	accept("^/api/v1/users/([^/]+)$");
	accept("^a}]$");
}

/* What the tree says: the automaton is made of it. */
static void
test_tree(void **state)
{
	struct posix_tree	 tree;
	const struct posix_node	*root;

	(void)state;
	assert_null(posix_parse("^(ab{2,3}|c)*$", &tree));
	root = &tree.nodes[tree.root];
	assert_int_equal(root->op, POSIX_CHOICE);
	assert_int_equal(root->states, 5);
	assert_true(root->may_be_empty);
	free(tree.nodes);
	assert_non_null(posix_parse("^(a", &tree));
	assert_null(tree.nodes);
	assert_true(posix_is_words("^(a|b)$"));
	assert_false(posix_is_words("^(a|b)"));
	assert_false(posix_is_words("^(a.|b)$"));
	assert_false(posix_is_words("^(a)(b)$"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_every_escape),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_pattern),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_tree),
	};

	return (cmocka_run_group_tests_name("posix", tests, NULL, NULL));
}
