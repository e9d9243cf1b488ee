/* SPDX-License-Identifier: ISC */
/* Entity tags: making, comparing, lists. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/etag.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* In a block of its own size, so that AddressSanitizer sees reads past it. */
static enum etag_result
find(const char *list, const char *tag, int weak)
{
	char			*copy = strdup(list), *ours = strdup(tag);
	enum etag_result	 result = etag_in_list(copy, ours, weak);

	free(copy);
	free(ours);
	return (result);
}

static bool
make(const void *fingerprint, size_t len, const char *id, int64_t version,
    char out[static ETAG_TEXT])
{
	char	*tag = malloc(ETAG_TEXT), *copy = malloc(len);
	bool	 fine;

	memcpy(copy, fingerprint, len);
	if ((fine = etag_make(tag, copy, len, id, version)))
		memcpy(out, tag, ETAG_TEXT);
	free(tag);
	free(copy);
	return (fine);
}

static const char *
said(enum etag_result result)
{
	return (result == ETAG_MATCHES ? "matches" :
	    result == ETAG_ANY ? "any" :
	    result == ETAG_DIFFERS ? "differs" : "malformed");
}

/* Checks the results of both comparisons with "1". */
static void
assert_found(const char *list, enum etag_result strong,
    enum etag_result weak)
{
	enum etag_result	 is;

	if ((is = find(list, "\"1\"", 0)) != strong)
		fail_msg("%s strongly: %s", list, said(is));
	if ((is = find(list, "\"1\"", 1)) != weak)
		fail_msg("%s weakly: %s", list, said(is));
}

static void
test_one(void **state)
{
	(void)state;
	assert_found("\"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("\"\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("\"11\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("\"01\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("\"1\\\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found(" \t\"1\"\t ", ETAG_MATCHES, ETAG_MATCHES);
	assert_int_equal(find("\"\"", "\"\"", 0), ETAG_MATCHES);
	assert_int_equal(find("\"1\"", "\"10\"", 0), ETAG_DIFFERS);
	assert_int_equal(find("\"10\"", "\"1\"", 0), ETAG_DIFFERS);
	assert_int_equal(find("\"-9223372036854775808\"",
	    "\"-9223372036854775808\"", 0), ETAG_MATCHES);
}

/* The example table of RFC 9110, 8.8.3.2, with a strong tag of ours. */
static void
test_weak(void **state)
{
	(void)state;
	assert_found("W/\"1\"", ETAG_DIFFERS, ETAG_MATCHES);
	assert_found("W/\"2\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("W/\"1\", \"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"1\", W/\"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("W/\"1\", \"2\"", ETAG_DIFFERS, ETAG_MATCHES);
	assert_found("\"2\", W/\"1\"", ETAG_DIFFERS, ETAG_MATCHES);
	assert_found("\"W/\", \"2\"", ETAG_DIFFERS, ETAG_DIFFERS);
}

static void
test_any(void **state)
{
	(void)state;
	assert_found("*", ETAG_ANY, ETAG_ANY);
	assert_found("\"*\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("**", ETAG_MALFORMED, ETAG_MALFORMED);
	assert_found("*, \"1\"", ETAG_MALFORMED, ETAG_MALFORMED);
	assert_found("\"1\", *", ETAG_MALFORMED, ETAG_MALFORMED);
	assert_found("W/*", ETAG_MALFORMED, ETAG_MALFORMED);
}

static void
test_lists(void **state)
{
	(void)state;
	assert_found("\"1\",\"2\",\"3\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2\",\"1\",\"3\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2\",\"3\",\"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2\" , \"3\"\t,\t\"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2\", \"3\"", ETAG_DIFFERS, ETAG_DIFFERS);
	/* Empty elements are ignored; a comma in quotes is part of the tag. */
	assert_found(",\"1\"", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"1\",", ETAG_MATCHES, ETAG_MATCHES);
	assert_found(", ,\"2\",, ,\"1\" , ", ETAG_MATCHES, ETAG_MATCHES);
	assert_found("\"2,\",\"3\"", ETAG_DIFFERS, ETAG_DIFFERS);
	assert_found("\"2, 1\"", ETAG_MALFORMED, ETAG_MALFORMED);
	assert_found("\",1,\"", ETAG_DIFFERS, ETAG_DIFFERS);
}

/* The mistake decides, whatever comes before it. */
static void
test_malformed(void **state)
{
	static const char *const	 bad[] = { "", " ", ",", ", ,\t,",
	    "1", "\"", "\"1", "1\"", "'1'", "W", "W/", "W/1", "W/\"",
	    "W/\"1", "w/\"1\"", "W\"1\"", "W /\"1\"", "W/ \"1\"",
	    "W/W/\"1\"", "/\"1\"", "\"1\"\"1\"", "\"1\" \"1\"", "\"1\"x",
	    "x\"1\"", "\"1\";\"2\"", "\"a b\"", "\"a\tb\"", "\"a\x7f\"",
	    "\"a\x01\"", "\"1\", 2", "\"1\", \"2", "\"1\",W/",
	    "\"1\", W/\"2", "\"\\\"1\\\"\"", "Wx\"1\"", "Wx" };
	size_t				 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_found(bad[i], ETAG_MALFORMED, ETAG_MALFORMED);
}

/* The bytes that an opaque tag may have: 8.8.3. */
static void
test_bytes(void **state)
{
	char		 list[4] = "\"x\"";
	unsigned	 c;

	(void)state;
	for (c = 1; c < 256; c++) {
		list[1] = (char)c;
		assert_int_equal(find(list, "\"z\"", 0), c == 'z' ?
		    ETAG_MATCHES : c <= ' ' || c == '"' || c == 0x7f ?
		    ETAG_MALFORMED : ETAG_DIFFERS);
	}
}

/* Any text: no byte outside is read, and the search ends. */
static void
test_noise(void **state)
{
	static const char	 bytes[] = "\"\"\"1W/*,, \tx";
	unsigned		 seed = 1, seen[4] = { 0, 0, 0, 0 };
	char			 text[16];
	size_t			 i, len;
	int			 round;

	(void)state;
	for (round = 0; round < 50000; round++) {
		len = (size_t)rand_r(&seed) % sizeof(text);
		for (i = 0; i < len; i++)
			text[i] = bytes[(size_t)rand_r(&seed) %
			    (sizeof(bytes) - 1)];
		text[len] = '\0';
		seen[find(text, "\"1\"", round & 1)]++;
	}
	assert_true(seen[ETAG_MALFORMED] > 1000);
	assert_true(seen[ETAG_DIFFERS] > 100);
	assert_true(seen[ETAG_MATCHES] > 30);
	assert_true(seen[ETAG_ANY] > 30);
}

/* The hash of the three, cut; a release that makes another changes all. */
static void
test_made(void **state)
{
	static const char	 f[] = "ffffffffffffffffffffffffffffffff"
				    "ffffffffffffffffffffffffffffffff";
	char			 tag[ETAG_TEXT];

	(void)state;
	assert_true(make(f, 32, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 7,
	    tag));
	assert_string_equal(tag, "\"XHxXHUNOOmnjeJB_Q7dQ2g\"");
	assert_true(make("", 0, "x", -1, tag));
	assert_string_equal(tag, "\"4T2vHkbA-qhWUH6b-3vH1Q\"");
	assert_true(make(f, 64, "x", INT64_MAX, tag));
	assert_string_equal(tag, "\"Qiq8inYKna2Qu253nsSMeA\"");
}

static void
test_too_long_to_make(void **state)
{
	char	 f[65], id[127], tag[ETAG_TEXT];

	(void)state;
	memset(f, 'f', sizeof(f));
	assert_false(make(f, 65, "x", 1, tag));
	memset(id, 'i', sizeof(id));
	id[126] = '\0';
	assert_false(make(f, 64, id, 1, tag));
	assert_true(make(f, 63, id, 1, tag));
	id[125] = '\0';
	assert_true(make(f, 64, id, 1, tag));
	assert_false(make(f, 64, id, 10, tag));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_too_long_to_make),
	};

	return (cmocka_run_group_tests_name("etag", tests, NULL, NULL));
}
