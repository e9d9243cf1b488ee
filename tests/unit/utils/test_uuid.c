/* SPDX-License-Identifier: ISC */
/* UUIDs: version 7, reading, malformed text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utils/uuid.h"

static void
test_v7_layout(void **state)
{
	char			a[UUID_TEXT], b[UUID_TEXT], head[13];
	unsigned long long	ms, before, after;
	int			i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		before = (unsigned long long)time(NULL) * 1000;
		assert_true(uuid_v7(a));
		after = (unsigned long long)(time(NULL) + 1) * 1000;

		assert_int_equal(strlen(a), 36);
		assert_int_equal(a[14], '7');
		assert_non_null(strchr("89ab", a[19]));
		assert_true(uuid_parse(a, b));
		assert_string_equal(a, b);

		memcpy(head, a, 8);
		memcpy(head + 8, a + 9, 4);
		head[12] = '\0';
		ms = strtoull(head, NULL, 16);
		/* time() reads a coarser clock, which may be one tick late. */
		assert_true(ms + 20 >= before && ms <= after + 20);
	}
}

static int
compare(const void *a, const void *b)
{
	return (strcmp(a, b));
}

static void
test_v7_unique(void **state)
{
	enum { COUNT = 20000 };
	char	(*all)[UUID_TEXT];
	int	  i;

	(void)state;
	all = malloc(COUNT * sizeof(*all));
	for (i = 0; i < COUNT; i++)
		assert_true(uuid_v7(all[i]));
	qsort(all, COUNT, sizeof(*all), compare);
	for (i = 1; i < COUNT; i++)
		assert_string_not_equal(all[i - 1], all[i]);
	free(all);
}

static void
test_parse(void **state)
{
	static const char	upper[] =
	    "017F22E2-79B0-7CC3-98C4-DC0C0C07398F";
	static const char	lower[] =
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
	char			out[UUID_TEXT], same[UUID_TEXT];

	(void)state;
	assert_true(uuid_parse(upper, out));
	assert_string_equal(out, lower);
	assert_true(uuid_parse("00000000-0000-0000-0000-000000000000", out));
	assert_true(uuid_parse("ffffffff-ffff-ffff-ffff-ffffffffffff", out));
	memcpy(same, upper, sizeof(same));
	assert_true(uuid_parse(same, same));
	assert_string_equal(same, lower);
}

static void
test_parse_refuses(void **state)
{
	static const char *const bad[] = {
		"", "-", "017f22e2",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f ",
		" 017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"017f22e279b07cc398c4dc0c0c07398f",
		"017f22e2-79b07-cc3-98c4-dc0c0c07398f",
		"{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
		"urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398\xc3\xa9",
		"017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
		"--------------------------------",
		"017f22e2-79b0-7cc3-98c4-dc0c0c073/8f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c073:8f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c073@8f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c073`8f",
	};
	char	 out[UUID_TEXT], *copy;
	size_t	 i;

	(void)state;
	assert_false(uuid_parse(NULL, out));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		copy = strdup(bad[i]);
		out[0] = 'x';
		assert_false(uuid_parse(copy, out));
		assert_string_equal(out, "");
		free(copy);
	}
}

static void
test_bytes(void **state)
{
	static const unsigned char	expected[UUID_BYTES] = {
		0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
		0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f,
	};
	static const unsigned char	zeros[UUID_BYTES];
	unsigned char			bytes[UUID_BYTES];
	char				out[UUID_TEXT];

	(void)state;
	assert_true(uuid_bytes("017F22E2-79b0-7cC3-98c4-dc0c0c07398F", bytes));
	assert_memory_equal(bytes, expected, UUID_BYTES);
	uuid_text(bytes, out);
	assert_string_equal(out, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	assert_false(uuid_bytes("017f22e2-79b0-7cc3-98c4-dc0c0c07398", bytes));
	assert_memory_equal(bytes, zeros, UUID_BYTES);
	memset(bytes, 'x', sizeof(bytes));
	assert_false(uuid_bytes(NULL, bytes));
	assert_memory_equal(bytes, zeros, UUID_BYTES);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_v7_layout),
		cmocka_unit_test(test_v7_unique),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_bytes),
	};

	return (cmocka_run_group_tests_name("uuid", tests, NULL, NULL));
}
