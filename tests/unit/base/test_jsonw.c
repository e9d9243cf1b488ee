/* SPDX-License-Identifier: ISC */
/* The JSON writer: members, escapes, and memory that runs out. */

/* sources: src/base/jsonw.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c */
/* defines: -DFAULTS */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/faults.h"
#include "base/jsonw.h"
#include "utils/utf8.h"

static struct arena	arena;
static struct jsonw	j;

static int
setup(void **state)
{
	(void)state;
	jsonw_init(&j, &arena);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena, false);
	return (arena_count() == 0 ? 0 : -1);
}

static void
assert_written(const struct jsonw *w, const char *text)
{
	assert_false(w->text.cut);
	if (w->text.len != strlen(text) ||
	    memcmp(w->text.data, text, w->text.len) != 0)
		fail_msg("%.*s is not %s", (int)w->text.len, w->text.data,
		    text);
}

/* Parses the text with jansson. */
static json_t *
parsed(const struct jsonw *w)
{
	json_error_t	 error;
	json_t		*root;

	assert_false(w->text.cut);
	root = json_loadb(w->text.data, w->text.len, JSON_DECODE_ANY |
	    JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		fail_msg("%s: %.*s", error.text, (int)w->text.len,
		    w->text.data);
	return (root);
}

static void
assert_quoted(const char *value, const char *json)
{
	jsonw_init(&j, &arena);
	jsonw_string(&j, NULL, value);
	assert_written(&j, json);
}

static void
test_escapes(void **state)
{
	(void)state;
	assert_quoted("", "\"\"");
	assert_quoted(NULL, "null");
	assert_quoted("plain /text", "\"plain /text\"");
	assert_quoted("\"", "\"\\\"\"");
	assert_quoted("\\", "\"\\\\\"");
	assert_quoted("\\\"\\", "\"\\\\\\\"\\\\\"");
	assert_quoted("a\"b\\c", "\"a\\\"b\\\\c\"");
	assert_quoted("\n\r\t\b\f",
	    "\"\\u000a\\u000d\\u0009\\u0008\\u000c\"");
	assert_quoted("\x01\x1f \x7e\x7f", "\"\\u0001\\u001f ~\\u007f\"");
	assert_quoted("é€😀", "\"é€😀\"");
	assert_quoted("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
	    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	    "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
	    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

#define BAD	"\\ufffd"

/* Bytes that are not UTF-8 become U+FFFD one by one; the next are kept. */
static void
test_not_utf8(void **state)
{
	(void)state;
	assert_quoted("\x80", "\"" BAD "\"");
	assert_quoted("\xff\xfe", "\"" BAD BAD "\"");
	/* Overlong. */
	assert_quoted("\xc0\x80", "\"" BAD BAD "\"");
	assert_quoted("\xc1\xbf", "\"" BAD BAD "\"");
	assert_quoted("\xc0\xa2", "\"" BAD BAD "\"");
	assert_quoted("\xe0\x80\xa2", "\"" BAD BAD BAD "\"");
	assert_quoted("\xe0\x9f\xbf", "\"" BAD BAD BAD "\"");
	assert_quoted("\xf0\x8f\xbf\xbf", "\"" BAD BAD BAD BAD "\"");
	/* Surrogates. */
	assert_quoted("\xed\xa0\x80", "\"" BAD BAD BAD "\"");
	assert_quoted("\xed\xbf\xbf", "\"" BAD BAD BAD "\"");
	/* Above U+10FFFF. */
	assert_quoted("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"");
	assert_quoted("\xf5\x80\x80\x80", "\"" BAD BAD BAD BAD "\"");
	/* Incomplete, at the end and before another character. */
	assert_quoted("\xc3", "\"" BAD "\"");
	assert_quoted("\xe2\x82", "\"" BAD BAD "\"");
	assert_quoted("\xf0\x9f\x98", "\"" BAD BAD BAD "\"");
	assert_quoted("\xc3\"", "\"" BAD "\\\"\"");
	assert_quoted("\xe2\x82\\", "\"" BAD BAD "\\\\\"");
	assert_quoted("\xf0\x9f\x98\n", "\"" BAD BAD BAD "\\u000a\"");
	assert_quoted("\xe2\xc3\xa9", "\"" BAD "é\"");
}

/* All texts of up to two bytes, and many longer ones, give JSON in UTF-8. */
static void
test_any_bytes(void **state)
{
	static char	 buf[256];
	char		*text;
	unsigned	 seed = 1, i, n, k;
	json_t		*root;

	(void)state;
	for (i = 1; i < 200000; i++) {
		n = i < 65536 ? 2 : 1 + i % 9;
		text = malloc(n + 1);	/* for ASan: its own block */
		for (k = 0; k < n; k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = (char)(i < 65536 ? i >> (8 * k) :
			    (seed >> 16) % 3 == 0 ? seed >> 24 :
			    0x80 | seed >> 18);
		}
		text[n] = '\0';
		jsonw_init_fixed(&j, buf, sizeof(buf));
		jsonw_string(&j, NULL, text);
		assert_true(utf8_valid(j.text.data, j.text.len));
		root = parsed(&j);
		if (utf8_valid(text, strlen(text)))
			assert_string_equal(json_string_value(root), text);
		else
			assert_non_null(strstr(json_string_value(root),
			    "\xef\xbf\xbd"));
		json_decref(root);
		free(text);
	}
}

static void
test_nesting_and_commas(void **state)
{
	(void)state;
	jsonw_object(&j, NULL);
	jsonw_object_end(&j);
	assert_written(&j, "{}");

	jsonw_init(&j, &arena);
	jsonw_array(&j, NULL);
	jsonw_array_end(&j);
	assert_written(&j, "[]");

	jsonw_init(&j, &arena);
	jsonw_object(&j, NULL);
	jsonw_object(&j, "empty");
	jsonw_object_end(&j);
	jsonw_array(&j, "list");
	jsonw_array(&j, NULL);
	jsonw_array_end(&j);
	jsonw_array(&j, NULL);
	jsonw_int(&j, NULL, 1);
	jsonw_int(&j, NULL, -2);
	jsonw_array_end(&j);
	jsonw_object(&j, NULL);
	jsonw_bool(&j, "yes", true);
	jsonw_bool(&j, "no", false);
	jsonw_object_end(&j);
	jsonw_string(&j, NULL, "text");
	jsonw_string(&j, NULL, NULL);
	jsonw_null(&j, NULL);
	jsonw_array_end(&j);
	jsonw_null(&j, "nothing");
	jsonw_string(&j, "ke\"y\x80", "value");
	jsonw_time(&j, "at", INT64_C(1795346625123456));
	jsonw_object_end(&j);
	assert_written(&j, "{\"empty\":{},\"list\":[[],[1,-2],"
	    "{\"yes\":true,\"no\":false},\"text\",null,null],"
	    "\"nothing\":null,\"ke\\\"y\\ufffd\":\"value\","
	    "\"at\":\"2026-11-22T11:23:45.123456Z\"}");
	json_decref(parsed(&j));
}

static void
test_raw(void **state)
{
	(void)state;
	jsonw_array(&j, NULL);
	jsonw_raw(&j, NULL, "{\"a\": [1, \"\\u0001\"]}");
	jsonw_raw(&j, NULL, "{}");
	jsonw_raw(&j, NULL, NULL);
	jsonw_array_end(&j);
	assert_written(&j, "[{\"a\": [1, \"\\u0001\"]},{},null]");
	json_decref(parsed(&j));
}

static void
test_int64(void **state)
{
	static const int64_t	 values[] = { INT64_MIN, INT64_MIN + 1, -1, 0,
				    1, INT64_MAX - 1, INT64_MAX };
	json_t			*root;
	size_t			 i;

	(void)state;
	jsonw_array(&j, NULL);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		jsonw_int(&j, NULL, values[i]);
	jsonw_array_end(&j);
	assert_written(&j, "[-9223372036854775808,-9223372036854775807,-1,0,"
	    "1,9223372036854775806,9223372036854775807]");
	root = parsed(&j);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_true(json_integer_value(json_array_get(root, i)) ==
		    values[i]);
	json_decref(root);
}

/* One member of each kind, a little over 80 bytes. */
static void
write_sample(struct jsonw *w)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "text", "a\"\n\x80" "é€😀");
	jsonw_array(w, "list");
	jsonw_int(w, NULL, INT64_MIN);
	jsonw_bool(w, NULL, true);
	jsonw_null(w, NULL);
	jsonw_array_end(w);
	jsonw_raw(w, "raw", "{}");
	jsonw_time(w, "at", 0);
	jsonw_object_end(w);
}

/* In a buffer of each size, it fits, or text.cut is set, without an overrun. */
static void
test_fixed_buffer(void **state)
{
	struct jsonw	 whole;
	size_t		 i, len;
	char		*buf;

	(void)state;
	jsonw_init(&whole, &arena);
	write_sample(&whole);
	assert_false(whole.text.cut);
	for (i = 0; i <= whole.text.len + 1; i++) {
		buf = malloc(i + 1);
		buf[i] = 'x';
		jsonw_init_fixed(&j, buf, i);
		write_sample(&j);
		assert_int_equal(j.text.cut, i <= whole.text.len);
		assert_true(j.text.len <= i);
		assert_memory_equal(buf, whole.text.data, j.text.len);
		assert_int_equal(buf[i], 'x');

		/* It stays cut, although this would fit. */
		len = j.text.len;
		if (j.text.cut) {
			jsonw_array_end(&j);
			assert_int_equal(j.text.len, len);
			assert_true(j.text.cut);
		}
		free(buf);
	}
}

/* Members of every length, so that the text grows at every offset. */
static void
test_growth(void **state)
{
	char		 value[801];
	json_t		*root, *item;
	size_t		 i;

	(void)state;
	memset(value, 'v', sizeof(value));
	jsonw_array(&j, NULL);
	for (i = 0; i < sizeof(value); i++) {
		value[i] = '\0';
		jsonw_string(&j, NULL, value);
		value[i] = 'v';
	}
	jsonw_array_end(&j);
	root = parsed(&j);
	assert_int_equal(json_array_size(root), sizeof(value));
	json_array_foreach(root, i, item) {
		assert_int_equal(json_string_length(item), i);
		assert_int_equal(strspn(json_string_value(item), "v"), i);
	}
	json_decref(root);
}

static void
test_one_large_value(void **state)
{
	size_t	 len = 1000000;
	char	*value = malloc(len + 1);
	json_t	*root;

	(void)state;
	memset(value, 'v', len);
	value[len] = '\0';
	jsonw_string(&j, NULL, value);
	root = parsed(&j);
	assert_string_equal(json_string_value(root), value);
	json_decref(root);
	free(value);
}

/* Each of the arena's chunks fails in turn. */
static void
test_memory_short(void **state)
{
	static const char *const headers[] = { "alloc=1", "alloc=2",
	    "alloc=3" };
	struct faults	 faults;
	size_t		 i, k, len;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		arena_free(&arena, false);
		jsonw_init(&j, &arena);
		faults_parse(&faults, headers[i]);
		faults_select(&faults);
		jsonw_array(&j, NULL);
		for (k = 0; k < 5000 && !j.text.cut; k++)
			jsonw_int(&j, NULL, (int64_t)k);
		faults_select(NULL);
		assert_true(j.text.cut);
		len = j.text.len;
		jsonw_array_end(&j);
		assert_true(j.text.cut);
		assert_int_equal(j.text.len, len);
	}
}

/* Every code point except NUL, in members of 64 each. */
static void
test_every_code_point(void **state)
{
	static char	 buf[1024];
	char		 value[64 * 4 + 1];
	unsigned	 cp;
	size_t		 n = 0;
	json_t		*root;

	(void)state;
	for (cp = 1; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		if (cp < 0x80) {
			value[n++] = (char)cp;
		} else if (cp < 0x800) {
			value[n++] = (char)(0xc0 | cp >> 6);
			value[n++] = (char)(0x80 | (cp & 0x3f));
		} else if (cp < 0x10000) {
			value[n++] = (char)(0xe0 | cp >> 12);
			value[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
			value[n++] = (char)(0x80 | (cp & 0x3f));
		} else {
			value[n++] = (char)(0xf0 | cp >> 18);
			value[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
			value[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
			value[n++] = (char)(0x80 | (cp & 0x3f));
		}
		if (n < sizeof(value) - 4 && cp != 0x10ffff)
			continue;
		value[n] = '\0';
		n = 0;
		jsonw_init_fixed(&j, buf, sizeof(buf));
		jsonw_string(&j, NULL, value);
		root = parsed(&j);
		assert_string_equal(json_string_value(root), value);
		json_decref(root);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_escapes),
		TEST(test_not_utf8),
		TEST(test_any_bytes),
		TEST(test_nesting_and_commas),
		TEST(test_raw),
		TEST(test_int64),
		TEST(test_fixed_buffer),
		TEST(test_growth),
		TEST(test_one_large_value),
		TEST(test_memory_short),
		TEST(test_every_code_point),
	};

	return (cmocka_run_group_tests_name("jsonw", tests, NULL, NULL));
}
