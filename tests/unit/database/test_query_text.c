/* SPDX-License-Identifier: ISC */
/* The tokens of a query file: what is ours, and what is left alone. */

/* sources: src/database/query_text.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/query_text.h"

/* A letter for each kind; blanks are left out. */
static const char	kinds[] = {
	[QUERY_COMMENT] = '-', [QUERY_WORD] = 'w', [QUERY_NUMBER] = 'n',
	[QUERY_STRING] = 's', [QUERY_NAME] = 'q', [QUERY_OPERATOR] = 'o',
	[QUERY_SIGN] = '.', [QUERY_COLUMNS] = '@', [QUERY_PARAM] = ':',
	[QUERY_NUMBERED] = '$', [QUERY_UNENDED] = '?',
};

/* The kinds of the tokens, and the text of those that are ours or wrong. */
static const struct {
	const char	*text;
	const char	*kinds;
	const char	*ours[4];
} table[] = {
	{ "", "", { NULL } },
	{ " \t\r\n\f\v", "", { NULL } },
	{ "SELECT a1, _b$2", "ww.w", { NULL } },
	{ "\u00fcber \u540d", "ww", { NULL } },
	{ "1 1.5 1e9 0x1F", "nnnn", { NULL } },

	/* Parameters */
	{ ":email", ":", { ":email" } },
	{ "lower(:q)", "w.:.", { ":q" } },
	{ ":x::text", ":.w", { ":x" } },
	{ ":x :: text", ":.w", { ":x" } },
	{ ":x.set", ":", { ":x.set" } },
	{ ":x.set::text", ":.w", { ":x.set" } },
	{ ":x .set", ":.w", { ":x" } },
	{ ":x.", ":.", { ":x" } },
	{ ":x.1", ":.n", { ":x" } },
	{ ":x.y.z", ":.w", { ":x.y" } },
	{ ":_1a", ":", { ":_1a" } },
	{ ":\u00e9", ":", { ":\u00e9" } },
	{ ":x$", ":.", { ":x" } },
	{ ":x:y", "::", { ":x", ":y" } },
	{ ":x,:x", ":.:", { ":x", ":x" } },
	{ "a=:x", "wo:", { ":x" } },
	{ "a<@:x", "wo:", { ":x" } },
	{ ":x-:y", ":o:", { ":x", ":y" } },
	{ "a[:n]", "w.:.", { ":n" } },

	/* No parameters */
	{ ":", ".", { NULL } },
	{ "a :", "w.", { NULL } },
	{ "::text", ".w", { NULL } },
	{ "a::text", "w.w", { NULL } },
	{ ":::x", ".:", { ":x" } },
	{ "a := 1", "w.n", { NULL } },
	{ "f(a := :x)", "w.w.:.", { ":x" } },
	{ "f(a =>:x)", "w.wo:.", { ":x" } },
	{ ":=x", ".w", { NULL } },
	{ "a[1:2]", "w.n.n.", { NULL } },
	{ "a[1 : n]", "w.n.w.", { NULL } },
	{ "a[1:n]", "w.n:.", { ":n" } },
	{ "a[:]", "w...", { NULL } },
	{ ": x", ".w", { NULL } },
	{ ":'x'", ".s", { NULL } },
	{ ":\"x\"", ".q", { NULL } },

	/* Columns */
	{ "@user", "@", { "@user" } },
	{ "u.@user", "w.@", { "@user" } },
	{ "@user,@post", "@.@", { "@user", "@post" } },
	{ "@user(", "@.", { "@user" } },
	{ "@user$", "@.", { "@user" } },
	{ "RETURNING@user", "w@", { "@user" } },
	{ "@_a1", "@", { "@_a1" } },
	{ "@\u00e9", "@", { "@\u00e9" } },

	/* No columns */
	{ "@", "o", { NULL } },
	{ "@ x", "ow", { NULL } },
	{ "@1", "on", { NULL } },
	{ "@(x)", "o.w.", { NULL } },
	{ "@@x", "ow", { NULL } },
	{ "a @>ARRAY[1]", "wow.n.", { NULL } },
	{ "a<@user", "wow", { NULL } },
	{ "a @@ user", "wow", { NULL } },
	{ "a @@user", "wow", { NULL } },
	{ "@-@ path", "ow", { NULL } },
	{ "@-@user", "ow", { NULL } },
	{ "a @? b", "wow", { NULL } },
	{ "@?x", "ow", { NULL } },
	{ "a ~@user", "wow", { NULL } },
	{ "!!@user", "ow", { NULL } },
	{ "a ->> 'b' || c #>> d", "wosowow", { NULL } },

	/* Strings */
	{ "'x:y'", "s", { NULL } },
	{ "'@user $1'", "s", { NULL } },
	{ "'it''s :x'", "s", { NULL } },
	{ "''", "s", { NULL } },
	{ "'':x", "s:", { ":x" } },
	{ "'\\':x", "s:", { ":x" } },
	{ "'a' ':x'", "ss", { NULL } },
	{ "'a\n:x'", "s", { NULL } },
	{ "E'\\':x'", "s", { NULL } },
	{ "e'\\':x'", "s", { NULL } },
	{ "E'\\\\':x", "s:", { ":x" } },
	{ "E'a''b\\':x'", "s", { NULL } },
	{ "E'a' :x", "s:", { ":x" } },
	{ "E'a'\n  'b\\':x'", "s", { NULL } },
	{ "E'a' 'b\\':x", "ss:", { ":x" } },
	{ "'a'\n'b\\':x", "s:", { ":x" } },
	{ "'a'\n:x", "s:", { ":x" } },
	{ "E '\\':x", "ws:", { ":x" } },
	{ "_E'\\':x", "ws:", { ":x" } },
	{ "E2'\\':x", "ws:", { ":x" } },
	{ "date'2026-01-01'", "ws", { NULL } },
	{ "B'1' X'F' N':x'", "wswsws", { NULL } },
	{ "U&'\\:x'", "wos", { NULL } },
	{ "U&'\\':x", "wos:", { ":x" } },
	{ "u&\"\\:x\"", "woq", { NULL } },

	/* Quoted names */
	{ "\"a:b\"", "q", { NULL } },
	{ "\"a\"\":b\"", "q", { NULL } },
	{ "\"a\\\":b", "q:", { ":b" } },
	{ "\"it's\":b", "q:", { ":b" } },
	{ "\"u\".@user", "q.@", { "@user" } },
	{ "COLLATE \"C\"", "wq", { NULL } },

	/* Dollar quotes, and $1 */
	{ "$$ :x $$", "s", { NULL } },
	{ "$tag$ :x $tag$", "s", { NULL } },
	{ "$tag$ $$ :x $other$ $TAG$ $tag$", "s", { NULL } },
	{ "$a$:x$a$:y", "s:", { ":y" } },
	{ "$$it's$$:y", "s:", { ":y" } },
	{ "$\u00e9$:x$\u00e9$", "s", { NULL } },
	{ "$t1$:x$t1$", "s", { NULL } },
	{ "$1", "$", { "$1" } },
	{ "$12::int", "$.w", { "$12" } },
	{ "a$1", "w", { NULL } },
	{ "a$b$:x", "w:", { ":x" } },
	{ "$", ".", { NULL } },
	{ "$ 1", ".n", { NULL } },
	{ "$tag :x", ".w:", { ":x" } },
	{ "$1$ :x $1$", "$.:$.", { "$1", ":x", "$1" } },

	/* Comments */
	{ "-- it's :x", "-", { NULL } },
	{ "--:x\n:y", "-:", { ":y" } },
	{ "a--:x", "w-", { NULL } },
	{ "a---:x\n", "w-", { NULL } },
	{ "a- -:x", "woo:", { ":x" } },
	{ "/* :x */:y", "-:", { ":y" } },
	{ "/* /* :x */ */ :y", "-:", { ":y" } },
	{ "/* /* */ :x */ :y", "-:", { ":y" } },
	{ "/*/ :x */:y", "-:", { ":y" } },
	{ "/**/:y", "-:", { ":y" } },
	{ "/***/:y", "-:", { ":y" } },
	{ "/* -- */:y", "-:", { ":y" } },
	{ "/* ' */:y", "-:", { ":y" } },
	{ "-- /*\n:y", "-:", { ":y" } },
	{ "a*/*:x*/b", "wo-w", { NULL } },
	{ "a=--:x\n@user", "wo-@", { "@user" } },
	{ "a@/*:x*/b", "wo-w", { NULL } },
	{ "a / :x * :y", "wo:o:", { ":x", ":y" } },

	/* What has no end */
	{ "'it''s :x", "?", { "'it''s :x" } },
	{ "E'\\'", "?", { "E'\\'" } },
	{ "E'\\", "?", { "E'\\" } },
	{ "'", "?", { "'" } },
	{ "'a'\n'b", "?", { "'a'\n'b" } },
	{ "a \"b", "w?", { "\"b" } },
	{ "a \"b\"\"", "w?", { "\"b\"\"" } },
	{ "$$ :x $", "?", { "$$ :x $" } },
	{ "$a$ $b$", "?", { "$a$ $b$" } },
	{ "/* :x", "?", { "/* :x" } },
	{ "/* /* */", "?", { "/* /* */" } },
	{ "/*/", "?", { "/*/" } },
};

static bool
is_ours(enum query_token_kind kind)
{
	return (kind == QUERY_PARAM || kind == QUERY_COLUMNS ||
	    kind == QUERY_NUMBERED || kind == QUERY_UNENDED);
}

/* The text is at the end of its memory, and no NUL follows it. */
static void
check(const char *text, const char *expected, const char *const *ours)
{
	size_t			 len = strlen(text), seen = 0, n = 0;
	char			*copy = malloc(len + !len), found[64] = "";
	struct query_token	 t;

	memcpy(copy, text, len);
	t = query_tokens(copy, len);
	while (query_token_next(&t)) {
		assert_ptr_equal(t.start, copy + seen);
		assert_true(t.len > 0);
		seen += t.len;
		if (t.kind == QUERY_BLANK)
			continue;
		found[strlen(found)] = kinds[t.kind];
		if (!is_ours(t.kind))
			continue;
		assert_true(n < 4 && ours[n] != NULL);
		assert_int_equal(t.len, strlen(ours[n]));
		assert_memory_equal(t.start, ours[n], t.len);
		n++;
	}
	assert_int_equal(seen, len);
	assert_string_equal(found, expected);
	assert_true(n == 4 || ours[n] == NULL);
	free(copy);
}

static void
test_tokens(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check(table[i].text, table[i].kinds, table[i].ours);
}

/* Every text has an end: each of five bytes out of the ones that matter. */
static void
test_any_text_ends(void **state)
{
	static const char	 bytes[] = "'\"$:@-/*\\Ea1.\n ";
	size_t			 base = sizeof(bytes) - 1, i, k, n;
	struct query_token	 t;
	char			*text = malloc(5);

	(void)state;
	for (i = 0; i < base * base * base * base * base; i += 7) {
		for (k = 0, n = i; k < 5; k++, n /= base)
			text[k] = bytes[n % base];
		t = query_tokens(text, 5);
		for (n = 0; query_token_next(&t); n += t.len)
			assert_true(t.len > 0);
		assert_int_equal(n, 5);
	}
	free(text);
}

static void
test_signs_and_keywords(void **state)
{
	struct query_token	 t = query_tokens("As(", 3);

	(void)state;
	assert_false(query_token_is(&t, "as"));
	assert_true(query_token_next(&t));
	assert_true(query_token_is(&t, "as"));
	assert_false(query_token_is(&t, "a"));
	assert_false(query_token_is(&t, "asc"));
	assert_false(query_token_opens(&t));
	assert_true(query_token_next(&t));
	assert_true(query_token_is(&t, "("));
	assert_true(query_token_opens(&t));
	assert_false(query_token_closes(&t));
	assert_false(query_token_next(&t));
	t = query_tokens("\"as\"", 4);
	assert_true(query_token_next(&t));
	assert_false(query_token_is(&t, "\"as\""));
}

static void
test_headings(void **state)
{
	static const struct {
		const char	*text;
		unsigned	 headings;
	} headings[] = {
		{ "-- name: a", 1 },
		{ "-- list: a", 1 },
		{ "-- name: a\n-- name: b\n\n-- list: c\n", 3 },
		{ " -- name: a", 0 },
		{ "x -- name: a", 0 },
		{ "--  name: a\n-- name a\n-- name:a\n-- Name: a", 0 },
		{ "-- kind: a", 0 },
		{ "'\n-- name: a\n'", 0 },
		{ "$$\n-- name: a\n$$", 0 },
		{ "/*\n-- name: a\n*/", 0 },
		{ "\"\n-- name: a\n\"", 0 },
		{ "/* */-- name: a", 0 },
	};
	struct query_token	 t;
	unsigned		 i, n;

	(void)state;
	for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		t = query_tokens(headings[i].text, strlen(headings[i].text));
		for (n = 0; query_token_next(&t); )
			n += query_token_is_heading(&t, headings[i].text);
		assert_int_equal(n, headings[i].headings);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_any_text_ends),
		cmocka_unit_test(test_signs_and_keywords),
		cmocka_unit_test(test_headings),
	};

	return (cmocka_run_group_tests_name("query_text", tests, NULL, NULL));
}
