/* SPDX-License-Identifier: ISC */
/* Language tags: which are well-formed, their case, and the look-up. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/language_tag.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Most are of RFC 5646, appendix A and 2.1.1. */
static void
test_well_formed_tags(void **state)
{
	static const char *const	 cases[][2] = {
		{ "en", "en" }, { "DE", "de" }, { "en-us", "en-US" },
		{ "ZH-hant-tw", "zh-Hant-TW" }, { "es-419", "es-419" },
		{ "zh-cmn-hans-cn", "zh-cmn-Hans-CN" }, { "yue-HK", "yue-HK" },
		{ "zh-aaa-bbb-ccc", "zh-aaa-bbb-ccc" },
		{ "sl-rozaj-biske", "sl-rozaj-biske" },
		{ "DE-ch-1901", "de-CH-1901" }, { "sl-1994-1995", NULL },
		{ "hy-latn-it-AREVELA", "hy-Latn-IT-arevela" },
		{ "x-WHATEVER-a", "x-whatever-a" },
		{ "de-CH-x-PHONEBK-DE", "de-CH-x-phonebk-de" },
		{ "az-latn-x-LATN", "az-Latn-x-latn" },
		{ "en-ca-x-CA", "en-CA-x-ca" },
		{ "en-US-U-ISLAMCAL-Latn", "en-US-u-islamcal-latn" },
		{ "zh-CN-a-myext-x-private", NULL }, { "en-a-bbb-b-ccc", NULL },
		{ "en-a-bbb-x-a-ccc-a", NULL }, { "en-1-aa-2-bb", NULL },
		{ "abcd-latn", "abcd-Latn" }, { "abcdefgh", NULL },
		{ "de-1996-x-1996", NULL }, { "en-u-ca-u1-ca", NULL },
		/* The grandfathered ones. */
		{ "EN-gb-OED", "en-GB-oed" }, { "I-KLINGON", "i-klingon" },
		{ "sgn-be-fr", "sgn-BE-FR" }, { "i-default", NULL },
		{ "zh-min-nan", NULL }, { "ART-lojban", "art-lojban" },
		{ "cel-gaulish", NULL }, { "no-bok", NULL },
		/* 35 characters. */
		{ "en-u-aaaaaaaa-bbbbbbbb-cccccccc-ddd", NULL },
	};
	char	 out[LANGUAGE_TAG_MAX], again[LANGUAGE_TAG_MAX];
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (language_tag(cases[i][0], out) != NULL)
			fail_msg("%s %s", cases[i][0],
			    language_tag(cases[i][0], out));
		assert_string_equal(out, cases[i][1] != NULL ? cases[i][1] :
		    cases[i][0]);
		assert_null(language_tag(out, again));
		assert_string_equal(again, out);
	}
}

static void
test_other_texts(void **state)
{
	static const char *const	 cases[][2] = {
		{ "", "empty" }, { "en_US", "hyphen, not an underscore" },
		{ "en_US.UTF-8", "underscore" }, { "zh_Hant_TW", "underscore" },
		{ "C", "begin with a language" }, { "a-DE", "begin with a" },
		{ "419", "begin with a" }, { "e1", "begin with a" },
		{ "1x-foo", "begin with a" }, { "i-unknown", "begin with a" },
		{ "en-", "empty subtag" }, { "-en", "empty subtag" },
		{ "en--US", "empty subtag" }, { "-", "empty subtag" },
		{ "en US", "letters, digits" }, { " en", "letters, digits" },
		{ "en\n", "letters, digits" }, { "fran\u00e7ais", "letters" },
		{ "en-\uff35\uff33", "letters" }, { "*", "letters" },
		{ "en,de", "letters" }, { "en;q=0.5", "letters" },
		{ "abcdefghi", "8 characters" }, { "en-abcdefghi", "8 char" },
		{ "en-US-GB", "order" }, { "en-US-Latn", "order" },
		{ "en-Latn-Cyrl", "order" }, { "abcd-aaa", "order" },
		{ "zh-aaa-bbb-ccc-ddd", "order" }, { "en-abc1", "order" },
		{ "de-DE-1901-1901", "variant twice" },
		{ "sl-rozaj-biske-ROZAJ", "variant twice" },
		{ "en-a-bbb-A-ccc", "twice" }, { "en-u-ca-u-co", "twice" },
		{ "en-a", "behind a single" }, { "en-a-b", "behind a single" },
		{ "en-a-x-b", "behind a single" }, { "x", "behind x" },
		{ "en-x", "behind x" }, { "x-", "empty" },
		{ "x-abcdefghi", "8 char" },
		{ "en-u-aaaaaaaa-bbbbbbbb-cccccccc-dddd", "35 characters" },
	};
	char		 out[LANGUAGE_TAG_MAX];
	const char	*what;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		strcpy(out, "old");
		what = language_tag(cases[i][0], out);
		if (what == NULL || strstr(what, cases[i][1]) == NULL)
			fail_msg("%s: %s", cases[i][0],
			    what == NULL ? "good" : what);
		assert_string_equal(out, "");
	}
}

static void
test_the_look_up(void **state)
{
	static const char *const	 cases[][4] = {
		{ "zh-Hant-TW", "zh-Hant", "zh", NULL },
		{ "zh-Hant-CN-x-private1-private2",
		    "zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant" },
		{ "en-u-ca", "en", NULL }, { "x-a", "", NULL },
		{ "de-a-b1-c-d1", "de-a-b1", "de", NULL }, { "en", NULL },
	};
	char	 tag[LANGUAGE_TAG_MAX];
	size_t	 i, j;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		strcpy(tag, cases[i][0]);
		for (j = 1; j < 4 && cases[i][j] != NULL &&
		    *cases[i][j] != '\0'; j++) {
			assert_true(language_tag_shorten(tag));
			assert_string_equal(tag, cases[i][j]);
		}
		while (language_tag_shorten(tag))
			assert_true(*tag != '\0');
		assert_string_equal(tag, "");
	}
}

static void
add_subtag(char *tag, size_t min, size_t max, const char *of)
{
	size_t	 n = min + (size_t)rand() % (max - min + 1), len;

	if (*tag != '\0')
		strcat(tag, "-");
	while (n-- > 0) {
		len = strlen(tag);
		tag[len] = of[(size_t)rand() % strlen(of)];
		tag[len + 1] = '\0';
	}
}

#define LETTERS		"abcdefghijklmnopqrstuvwyzABCXYZ"
#define DIGITS		"0123456789"

/* Tags that are made by the grammar are good, and so is their case. */
static void
test_tags_by_the_grammar(void **state)
{
	char	 tag[128], out[LANGUAGE_TAG_MAX], again[LANGUAGE_TAG_MAX];
	size_t	 i, n, good = 0;

	(void)state;
	srand(5646);
	for (n = 0; n < 20000; n++) {
		tag[0] = '\0';
		add_subtag(tag, 2, 3, LETTERS);
		for (i = (size_t)rand() % 3; i > 0; i--)
			add_subtag(tag, 3, 3, LETTERS);
		if (rand() % 2)
			add_subtag(tag, 4, 4, LETTERS);
		if (rand() % 2)
			add_subtag(tag, 2, 2, LETTERS);
		else if (rand() % 2)
			add_subtag(tag, 3, 3, DIGITS);
		if (rand() % 2)
			add_subtag(tag, 5, 8, LETTERS DIGITS);
		if (rand() % 3 == 0) {
			add_subtag(tag, 1, 1, "abcu0");
			add_subtag(tag, 2, 8, LETTERS DIGITS);
		}
		if (rand() % 3 == 0) {
			strcat(tag, "-x");
			add_subtag(tag, 1, 8, LETTERS DIGITS);
		}
		if (strlen(tag) >= LANGUAGE_TAG_MAX) {
			assert_non_null(language_tag(tag, out));
			continue;
		}
		if (language_tag(tag, out) != NULL)
			fail_msg("%s %s", tag, language_tag(tag, out));
		assert_int_equal(strcasecmp(tag, out), 0);
		assert_null(language_tag(out, again));
		assert_string_equal(out, again);
		good++;
	}
	assert_true(good > 10000);
}

/* Whatever is accepted has a case of its own, and no other characters. */
static void
test_random_bytes(void **state)
{
	static const char	 set[] = "aZ-x4_u.\xc3 tw-19-";
	char			 tag[48], out[LANGUAGE_TAG_MAX];
	char			 again[LANGUAGE_TAG_MAX], *p;
	size_t			 i, n, len;

	(void)state;
	srand(35);
	for (n = 0; n < 200000; n++) {
		len = (size_t)rand() % 40;
		for (i = 0; i < len; i++)
			tag[i] = set[(size_t)rand() % (sizeof(set) - 1)];
		tag[len] = '\0';
		if (language_tag(tag, out) != NULL)
			continue;
		assert_int_equal(strcasecmp(tag, out), 0);
		for (p = out; *p != '\0'; p++)
			assert_true(isalnum((unsigned char)*p) || *p == '-');
		assert_null(language_tag(out, again));
		assert_string_equal(out, again);
		while (language_tag_shorten(again))
			assert_true(strlen(again) < strlen(out));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_well_formed_tags),
		cmocka_unit_test(test_other_texts),
		cmocka_unit_test(test_the_look_up),
		cmocka_unit_test(test_tags_by_the_grammar),
		cmocka_unit_test(test_random_bytes),
	};

	return (cmocka_run_group_tests_name("language_tag", tests, NULL, NULL));
}
