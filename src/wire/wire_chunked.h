/* SPDX-License-Identifier: ISC */
/* Chunked bodies (RFC 9112, 7.1). For src/wire only. */

#ifndef WIRE_WIRE_CHUNKED_H
#define WIRE_WIRE_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

/* A decoder that takes the body in pieces. Pure functions. */

enum chunked_state {
	CHUNKED_SIZE,
	/* An extension: ;name = value ;name = "value" */
	CHUNKED_BLANK, CHUNKED_EXTENSION, CHUNKED_NAME, CHUNKED_NAME_BLANK,
	CHUNKED_EQUALS, CHUNKED_VALUE, CHUNKED_QUOTED, CHUNKED_ESCAPED,
	CHUNKED_QUOTE_END,
	CHUNKED_SIZE_LF, CHUNKED_DATA_BYTES, CHUNKED_DATA_CR, CHUNKED_DATA_LF,
	/* After the last chunk. */
	CHUNKED_TRAILER, CHUNKED_TRAILER_NAME, CHUNKED_TRAILER_VALUE,
	CHUNKED_TRAILER_LF, CHUNKED_END_LF, CHUNKED_ENDED
};

/* Zeroed at the start of a body. */
struct chunked {
	enum chunked_state	state;
	uint64_t		left;		/* bytes of data in the chunk */
	unsigned		digits;		/* of its size */
	unsigned		extra;		/* bytes that are not data */
};

enum chunked_result {
	CHUNKED_MORE,		/* all input was read; the body continues */
	CHUNKED_DATA,		/* data follows what was read */
	CHUNKED_DONE,		/* the body has ended */
	CHUNKED_BAD		/* not a valid chunked body */
};

/*
 * Decodes the next len bytes. *used is the number of bytes of framing that were
 * read. After CHUNKED_DATA, *data bytes of the body follow them; continue after
 * those. Extensions and trailers are dropped.
 */
enum chunked_result	chunked_next(struct chunked *, const char *in,
			    size_t len, size_t *used, size_t *data);

#endif
