/* SPDX-License-Identifier: ISC */
/* Endless framing with little data is refused; small chunks are not. */

/* sources: src/wire/wire_chunked.c */

#include "chunked_fixture.h"

/* EXTRA_MAX and EXTRA_PER_BYTE of wire_chunked.c. */
#define ALLOWANCE	8192
#define PER_BYTE	8

/* Feeds `text` repeatedly; returns how many bytes pass before it is refused. */
static size_t
endless(const char *text)
{
	size_t	 i, n, len = strlen(text);

	for (n = 0; n < 4 * ALLOWANCE; n += len) {
		for (i = 0; i < len; i++) {
			body_feed(&body, text + i, 1);
			if (body.result != CHUNKED_MORE)
				return (n + i);
		}
	}
	return (n);
}

/* The same after the start of a body. */
static size_t
endless_after(const char *start, const char *text)
{
	body_begin(&body);
	body_feed(&body, start, strlen(start));
	assert_int_equal(body.result, CHUNKED_MORE);
	return (strlen(start) + endless(text));
}

static void
test_framing_without_end_is_refused(void **state)
{
	(void)state;
	assert_int_equal(endless_after("5;", "a"), ALLOWANCE);
	assert_int_equal(endless_after("0;", "a"), ALLOWANCE);
	assert_int_equal(endless_after("0\r\n", "a"), ALLOWANCE);
	assert_int_equal(endless_after("0\r\n", "a: b\r\n"), ALLOWANCE);
	assert_int_equal(endless_after("0;a\r\n", "bcd: e\r\n"), ALLOWANCE);
}

/* Feeds n chunks; returns how many are read. */
static size_t
chunks(const char *text, size_t n)
{
	size_t	 i;

	body_begin(&body);
	for (i = 0; i < n; i++) {
		body_feed(&body, text, strlen(text));
		if (body.result != CHUNKED_MORE)
			break;
		body.len = 0;
	}
	return (i);
}

static void
test_small_chunks_are_fine(void **state)
{
	(void)state;
	assert_int_equal(chunks("1\r\na\r\n", 100000), 100000);
	/* As much framing as a byte of data allows, and one byte more. */
	assert_int_equal(chunks("1;bc\r\na\r\n", 100000), 100000);
	assert_in_range(chunks("1;bcd\r\na\r\n", 100000), ALLOWANCE - 16,
	    ALLOWANCE);
	assert_int_equal(body.result, CHUNKED_BAD);
	assert_in_range(chunks("1;bcdefghijklm\r\na\r\n", 100000),
	    ALLOWANCE / 10 - 2, ALLOWANCE / 10);
	assert_int_equal(body.result, CHUNKED_BAD);
}

static char	chunk[2 * ALLOWANCE];

/* Feeds a chunk with that much framing before its data. */
static size_t
feed_chunk(size_t framing, size_t len)
{
	int	 n;

	n = snprintf(chunk, sizeof(chunk), "%zx;", len);
	memset(chunk + n, 'a', framing - 2 - (size_t)n);
	memcpy(chunk + framing - 2, "\r\n", 2);
	memset(chunk + framing, 'd', len);
	body_feed(&body, chunk, framing + len);
	return (framing + len);
}

/* Data allow framing before them, but not after. */
static void
test_data_pay_for_framing(void **state)
{
	(void)state;
	body_begin(&body);
	feed_chunk(8000, 1000);
	assert_int_equal(body.result, CHUNKED_MORE);
	body_feed(&body, "\r\n", 2);
	feed_chunk(8000, 1000);
	body_feed(&body, "\r\n", 2);
	assert_int_equal(body.result, CHUNKED_MORE);
	assert_int_equal(body.len, 2000);

	/* All that is allowed without data, and what one byte allows. */
	body_begin(&body);
	feed_chunk(ALLOWANCE, 1);
	body_feed(&body, "\r\n1;aaaa", PER_BYTE);
	assert_int_equal(body.result, CHUNKED_MORE);
	body_feed(&body, "a", 1);
	assert_int_equal(body.result, CHUNKED_BAD);

	body_begin(&body);
	feed_chunk(ALLOWANCE + 1, 1);
	assert_int_equal(body.result, CHUNKED_BAD);
	assert_int_equal(body.len, 0);

	/* Much data once, and then only framing. */
	body_begin(&body);
	feed_chunk(8, 8000);
	body_feed(&body, "\r\n0;", 4);
	assert_int_equal(body.result, CHUNKED_MORE);
	assert_int_equal(endless("a"), ALLOWANCE - 4);
}

/* It makes no difference whether the bytes arrive at once or one by one. */
static void
test_pieces_pay_the_same(void **state)
{
	static char	 in[2 * ALLOWANCE];
	struct chunked	 whole;
	size_t		 framing, i, n;

	(void)state;
	for (framing = 7; framing < 100; framing++) {
		body_begin(&body);
		n = feed_chunk(framing, 10);
		whole = body.state;
		memcpy(in, chunk, n);
		body_begin(&body);
		for (i = 0; i < n; i++)
			body_feed(&body, in + i, 1);
		assert_int_equal(body.state.extra, whole.extra);
		assert_int_equal(body.state.extra,
		    framing > 80 ? framing - 80 : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_framing_without_end_is_refused),
		cmocka_unit_test(test_small_chunks_are_fine),
		cmocka_unit_test(test_data_pay_for_framing),
		cmocka_unit_test(test_pieces_pay_the_same),
	};

	return (cmocka_run_group_tests_name("wire_chunked_framing", tests,
	    NULL, NULL));
}
