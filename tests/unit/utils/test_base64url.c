/* SPDX-License-Identifier: ISC */
/* base64url: what is encoded, and what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"

static const char	alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789-_";

static void
test_rfc4648_vectors(void **state)
{
	static const struct {
		const char	*plain;
		const char	*text;
	} vectors[] = {
		{ "", "" },
		{ "f", "Zg" },
		{ "fo", "Zm8" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xff\xfe", "___-" },
	};
	char	out[16];
	size_t	i, len;
	ssize_t	n;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		len = strlen(vectors[i].plain);
		n = base64url_encode(out, sizeof(out), vectors[i].plain, len);
		assert_int_equal(n, strlen(vectors[i].text));
		assert_string_equal(out, vectors[i].text);
		n = base64url_decode(out, sizeof(out), vectors[i].text,
		    strlen(vectors[i].text));
		assert_int_equal(n, len);
		assert_memory_equal(out, vectors[i].plain, len);
	}
}

static void
test_every_byte_comes_back(void **state)
{
	unsigned char	 all[256];
	char		*text, *back;
	size_t		 i, len;
	ssize_t		 n;

	(void)state;
	for (i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	for (len = 0; len <= sizeof(all); len++) {
		/* Exact sizes: AddressSanitizer sees one byte too many. */
		text = malloc(BASE64URL_SIZE(len));
		n = base64url_encode(text, BASE64URL_SIZE(len), all, len);
		assert_int_equal(n, BASE64URL_SIZE(len) - 1);
		back = malloc(len + 1);
		assert_int_equal(base64url_decode(back, len, text, (size_t)n),
		    len);
		assert_memory_equal(back, all, len);
		if (len > 0)
			assert_int_equal(base64url_decode(back, len - 1, text,
			    (size_t)n), -1);
		assert_int_equal(base64url_encode(text,
		    BASE64URL_SIZE(len) - 1, all, len), -1);
		free(text);
		free(back);
	}
	assert_int_equal(base64url_encode((char *)all, 0, "", 0), -1);
	assert_int_equal(base64url_encode((char *)all, 256, "", SIZE_MAX), -1);
	/* Four thirds of it would be 2^64, which is 0. */
	assert_int_equal(base64url_encode((char *)all, 256, "",
	    SIZE_MAX / 4 * 3 + 3), -1);
}

static void
test_in_place(void **state)
{
	char	buf[] = "Zm9vYmFy";

	(void)state;
	assert_int_equal(base64url_decode(buf, sizeof(buf), buf, 8), 6);
	assert_memory_equal(buf, "foobar", 6);
}

static void
test_strict(void **state)
{
	static const char *const bad[] = {
		"A", "AAAAA",			/* 4n + 1 */
		"Zg==", "Zm8=", "Zg=", "=", "====",
		"Zh", "Zn", "Zm9", "Zm-",	/* trailing bits */
		"Zm9v ", " Zm9v", "Zm\n9v", "Zm9v\n",
		"Zm+v", "Zm/v", "Zm9*", "Zm9\x80", "Zm9\xff",
		"Zm.v", "Zm@v", "Zm[v", "Zm`v", "Zm{v",
	};
	char	out[16];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(base64url_decode(out, sizeof(out), bad[i],
		    strlen(bad[i])), -1);
	assert_int_equal(base64url_decode(out, sizeof(out), "Zg\0v", 4), -1);
}

/* Of all bytes, only those of the alphabet, wherever they are. */
static void
test_only_the_alphabet(void **state)
{
	char	 text[4], out[4];
	int	 c, place;

	(void)state;
	for (c = 0; c < 256; c++) {
		for (place = 0; place < 4; place++) {
			memcpy(text, "AAAA", 4);
			text[place] = (char)c;
			assert_int_equal(base64url_decode(out, 4, text, 4),
			    c != 0 && strchr(alphabet, c) != NULL ? 3 : -1);
		}
	}
}

/* Of the 64 texts "A?" and "AA?", only those with zero spare bits pass. */
static void
test_one_text_for_some_bytes(void **state)
{
	char	text[4] = "AA", out[4];
	int	i, two = 0, three = 0;

	(void)state;
	for (i = 0; i < 64; i++) {
		text[1] = alphabet[i];
		two += base64url_decode(out, sizeof(out), text, 2) == 1;
		text[1] = 'A';
		text[2] = alphabet[i];
		three += base64url_decode(out, sizeof(out), text, 3) == 2;
	}
	assert_int_equal(two, 4);
	assert_int_equal(three, 16);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_rfc4648_vectors),
		cmocka_unit_test(test_every_byte_comes_back),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_only_the_alphabet),
		cmocka_unit_test(test_one_text_for_some_bytes),
	};

	return (cmocka_run_group_tests_name("base64url", tests, NULL, NULL));
}
