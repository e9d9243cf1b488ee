/* SPDX-License-Identifier: ISC */
/* Text piece by piece: in a buffer, in memory that grows or runs short. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/text.h"

/* Memory that is all freed at the end of a test; `left` blocks of it. */
static struct {
	char		*blocks[64];
	unsigned	 n, left;
} memory;

static void *
give(void *from, size_t len)
{
	assert_ptr_equal(from, &memory);
	if (memory.left == 0)
		return (NULL);
	memory.left--;
	return (memory.blocks[memory.n++] = malloc(len));
}

static struct text
growing(unsigned blocks)
{
	struct text	 t = { .alloc = give, .from = &memory };

	memory.left = blocks;
	return (t);
}

static int
teardown(void **state)
{
	(void)state;
	while (memory.n > 0)
		free(memory.blocks[--memory.n]);
	return (0);
}

static void
write_sample(struct text *t)
{
	text_puts(t, "one");
	text_add(t, "two, and more", 3);
	text_printf(t, "%s-%d", "three", 4);
	text_add(t, "", 0);
	text_puts(t, "");
	text_printf(t, "%s", "");
	text_puts(t, "!");
}

static void
test_pieces_follow_each_other(void **state)
{
	char		 buffer[32];
	struct text	 t = text_in(buffer, sizeof(buffer));

	(void)state;
	assert_string_equal(buffer, "");
	write_sample(&t);
	assert_string_equal(buffer, "onetwothree-4!");
	assert_int_equal(t.len, strlen(buffer));
	assert_false(t.cut);
}

/* In a block of each size: whole pieces only, and nothing after the cut. */
static void
test_a_buffer_of_each_size(void **state)
{
	static const char	 whole[] = "onetwothree-4!";
	static const size_t	 ends[] = { 0, 3, 6, 13, 14 };
	size_t			 size, i;
	struct text		 t;
	char			*block;

	(void)state;
	for (size = 0; size <= sizeof(whole) + 1; size++) {
		block = malloc(size > 0 ? size : 1);
		t = text_in(block, size);
		write_sample(&t);
		assert_int_equal(t.cut, size < sizeof(whole));
		for (i = 4; i > 0 && ends[i] + 1 > size; i--)
			;
		assert_int_equal(t.len, ends[i]);
		if (size > 0)
			assert_int_equal(strlen(block), t.len);
		assert_memory_equal(block, whole, t.len);
		free(block);
	}
}

static void
test_after_the_cut_nothing_is_added(void **state)
{
	char		 buffer[5];
	struct text	 t = text_in(buffer, sizeof(buffer));

	(void)state;
	text_puts(&t, "abc");
	text_printf(&t, "%d", 45);
	assert_true(t.cut);
	assert_string_equal(buffer, "abc");
	text_puts(&t, "d");
	text_printf(&t, "%c", 'd');
	text_add(&t, "d", 1);
	assert_string_equal(buffer, "abc");
	assert_true(t.cut);
}

/* Pieces of every length, so that it grows at every place. */
static void
test_it_grows(void **state)
{
	struct text	 t = growing(64);
	char		 piece[301];
	size_t		 i, at;

	(void)state;
	memset(piece, 'a', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	for (i = 0, at = 0; i < 300; at += 2 * i, i++) {
		text_add(&t, piece, i);
		text_printf(&t, "%.*s", (int)i, piece);
		assert_int_equal(t.len, at + 2 * i);
		assert_int_equal(t.data[t.len], '\0');
	}
	assert_false(t.cut);
	assert_int_equal(strspn(t.data, "a"), t.len);
	text_printf(&t, "%0100000d", 0);
	assert_int_equal(strlen(t.data), at + 100000);
}

static void
test_memory_is_short(void **state)
{
	struct text	 t = growing(1);

	(void)state;
	text_puts(&t, "abc");
	text_printf(&t, "%01000d", 0);
	assert_true(t.cut);
	assert_string_equal(t.data, "abc");
	memory.left = 1;
	text_puts(&t, "d");
	assert_string_equal(t.data, "abc");

	t = growing(0);
	text_puts(&t, "abc");
	assert_true(t.cut);
	assert_null(t.data);
	assert_int_equal(t.len, 0);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_pieces_follow_each_other),
		TEST(test_a_buffer_of_each_size),
		TEST(test_after_the_cut_nothing_is_added),
		TEST(test_it_grows),
		TEST(test_memory_is_short),
	};

	return (cmocka_run_group_tests_name("text", tests, NULL, NULL));
}
