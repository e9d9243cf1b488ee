/* SPDX-License-Identifier: ISC */
/* What the tests of chunked bodies share. */

#ifndef TESTS_WIRE_CHUNKED_FIXTURE_H
#define TESTS_WIRE_CHUNKED_FIXTURE_H

/* Reads a chunked body as wire_read.c does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire_chunked.h"

#define BODY_MAX	65536

/* A body: what has been read of it, and the outcome. */
struct body {
	struct chunked		 state;
	enum chunked_result	 result;
	size_t			 read;		/* bytes */
	size_t			 len;
	char			 data[BODY_MAX];
};

static struct body	body;

static inline void
body_begin(struct body *b)
{
	memset(&b->state, 0, sizeof(b->state));
	b->result = CHUNKED_MORE;
	b->read = b->len = 0;
}

/* Reads bytes that arrive, in a block of their own size. */
static inline void
body_feed(struct body *b, const char *in, size_t len)
{
	char	*block = malloc(len > 0 ? len : 1);
	size_t	 at = 0, used, data;

	memcpy(block, in, len);
	do {
		data = 0;
		b->result = chunked_next(&b->state, block + at, len - at,
		    &used, &data);
		assert_true(used <= len - at && data <= len - at - used);
		if (b->result == CHUNKED_DATA) {
			assert_in_range(data, 1, BODY_MAX - b->len);
			memcpy(b->data + b->len, block + at + used, data);
			b->len += data;
		} else
			assert_int_equal(data, 0);
		at += used + data;
	} while (b->result == CHUNKED_DATA);
	if (b->result == CHUNKED_MORE)
		assert_int_equal(at, len);
	b->read += at;
	free(block);
}

#endif
