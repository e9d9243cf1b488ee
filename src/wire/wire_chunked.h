/* SPDX-License-Identifier: ISC */
/* Bodies in chunks (RFC 9112, 7.1). For src/wire only. */

#ifndef WIRE_WIRE_CHUNKED_H
#define WIRE_WIRE_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

/* A chunked body (RFC 9112, 7.1), taken apart as it comes in. Pure. */

enum chunked_state {
	CHUNKED_SIZE, CHUNKED_BLANK, CHUNKED_EXTENSION, CHUNKED_SIZE_LF,
	CHUNKED_DATA_BYTES, CHUNKED_DATA_CR, CHUNKED_DATA_LF, CHUNKED_TRAILER,
	CHUNKED_TRAILER_LF, CHUNKED_ENDED
};

/* Zeroed at the start of a body. */
struct chunked {
	enum chunked_state	state;
	uint64_t		left;		/* of the chunk's data */
	unsigned		digits;		/* of its size */
	unsigned		extra;		/* bytes that are not data */
	unsigned		line;		/* bytes of a trailer line */
};

enum chunked_result {
	CHUNKED_MORE,		/* all was read, the body goes on */
	CHUNKED_DATA,		/* data follows what was read */
	CHUNKED_DONE,		/* the body has ended */
	CHUNKED_BAD		/* this is no chunked body */
};

/*
 * Reads on in `in`. *used is how many bytes of framing were read; after
 * CHUNKED_DATA, *data bytes of the body follow them, and reading goes on after
 * those. Extensions and trailers are read and dropped.
 */
enum chunked_result	chunked_next(struct chunked *, const char *in,
			    size_t len, size_t *used, size_t *data);

#endif
