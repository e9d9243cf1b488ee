/* SPDX-License-Identifier: ISC */
/* Looks words up in lists. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/utf8.h"
#include "utils/wordlist.h"

#define ASSET		"../../assets/common_passwords.txt"
#define ASSET_LINES	10000
#define ASSET_SHORTEST	8	/* characters: PASSWORD_MIN */

/* In a block of its own size, so that AddressSanitizer sees reads past it. */
static bool
has(const char *text, size_t len, const char *word)
{
	char	*copy = malloc(len), *own = strdup(word);
	bool	 found;

	memcpy(copy, text, len);
	found = wordlist_has(copy, len, own);
	free(copy);
	free(own);
	return (found);
}

static bool
listed(const char *text, const char *word)
{
	return (has(text, strlen(text), word));
}

static void
test_words(void **state)
{
	static const char		 text[] = "Zebra\na1\nant\nbee\nbees\n"
					    "cat\nd\n\xc3\xa4pfel\n";
	static const char *const	 in[] = { "Zebra", "a1", "ant", "bee",
	    "bees", "cat", "d", "\xc3\xa4pfel" };
	static const char *const	 out[] = { "", "\n", "A", "Z",
	    "Zebr", "Zebra ", "zebra", "Zebra\n", "a", "a1\nant", "a2", "an",
	    "ants", "b", "be", "beess", "c", "ca", "cats", "dd", "D", "e",
	    "nt", "ee", "at", "\xc3", "\xc3\xa4pfe", "\xc3\xa4pfels",
	    "\xff", "\x01" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		if (!listed(text, in[i]))
			fail_msg("not found: %s", in[i]);
	}
	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		if (listed(text, out[i]))
			fail_msg("found: %s", out[i]);
	}
}

static void
test_small_lists(void **state)
{
	(void)state;
	assert_false(listed("", ""));
	assert_false(listed("", "a"));
	assert_true(listed("\n", ""));
	assert_false(listed("\n", "a"));
	assert_false(listed("\n", "\n"));
	assert_true(listed("a\n", "a"));
	assert_false(listed("a\n", ""));
	assert_false(listed("a\n", "A"));
	assert_false(listed("a\n", "b"));
	assert_false(listed("a\n", "aa"));
	assert_false(listed("word\n", "wor"));
	assert_false(listed("word\n", "words"));
	assert_true(listed("word\n", "word"));
	assert_true(listed("\na\n", ""));
	assert_true(listed("\na\n", "a"));
	assert_true(listed("a\nb\n", "a"));
	assert_true(listed("a\nb\n", "b"));
	assert_false(listed("a\nb\n", "ab"));

	/* Lines after the text do not count. */
	assert_false(has("a\nb\nc\n", 4, "c"));
	assert_true(has("a\nb\nc\n", 4, "b"));
}

static int
by_bytes(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

#define WORDS	40

/* A random list; a linear search must give the same for many words. */
static void
round_of(unsigned *seed)
{
	char	 words[WORDS][8], *order[WORDS], text[WORDS * 8], word[8];
	size_t	 n = (size_t)rand_r(seed) % (WORDS + 1), len = 0, i, j, k;
	bool	 expect;

	for (i = 0; i < n; i++) {
		k = (size_t)rand_r(seed) % 7;
		for (j = 0; j < k; j++)
			words[i][j] = "ab\xc3"[rand_r(seed) % 3];
		words[i][k] = '\0';
		order[i] = words[i];
	}
	qsort(order, n, sizeof(order[0]), by_bytes);
	for (i = 0; i < n; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s\n", order[i]);
	}
	for (i = 0; i < n; i++)
		assert_true(has(text, len, words[i]));
	for (i = 0; i < 60; i++) {
		k = (size_t)rand_r(seed) % 6;
		for (j = 0; j < k; j++)
			word[j] = "ab\xc3"[rand_r(seed) % 3];
		word[k] = '\0';
		for (expect = false, j = 0; j < n && !expect; j++)
			expect = strcmp(words[j], word) == 0;
		assert_int_equal(has(text, len, word), expect);
	}
}

static void
test_random_lists(void **state)
{
	unsigned	 seed = 1;
	int		 round;

	(void)state;
	for (round = 0; round < 1000; round++)
		round_of(&seed);
}

/* The list that v_password refuses. */
static void
test_common_passwords(void **state)
{
	char	*text = calloc(1, 1024 * 1024), *p, *end;
	char	 word[100], before[100] = "";
	size_t	 len, lines = 0;
	FILE	*f = fopen(ASSET, "r");

	(void)state;
	assert_non_null(f);
	assert_non_null(text);
	len = fread(text, 1, 1024 * 1024 - 1, f);
	fclose(f);
	assert_true(len > 0 && text[len - 1] == '\n');
	assert_int_equal(strlen(text), len);
	for (p = text; *p != '\0'; p = end + 1, lines++) {
		end = strchr(p, '\n');
		assert_true((size_t)(end - p) < sizeof(word) - 1);
		snprintf(word, sizeof(word), "%.*s", (int)(end - p), p);
		assert_true(utf8_valid(word, strlen(word)));
		assert_true(utf8_length(word) >= ASSET_SHORTEST);
		if (strcmp(before, word) >= 0)
			fail_msg("%s is not behind %s", word, before);
		strcpy(before, word);

		if (!wordlist_has(text, len, word))
			fail_msg("not found: %s", word);
		strcat(word, "\x01");		/* nor anything similar */
		assert_false(wordlist_has(text, len, word));
	}
	assert_int_equal(lines, ASSET_LINES);
	assert_true(wordlist_has(text, len, "password1"));
	assert_false(wordlist_has(text, len, "Test1234"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_small_lists),
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_common_passwords),
	};

	return (cmocka_run_group_tests_name("wordlist", tests, NULL, NULL));
}
