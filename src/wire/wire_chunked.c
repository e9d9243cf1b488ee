/* SPDX-License-Identifier: ISC */
/* Decodes chunked bodies. Independent of connections and of Kore. */

#include <stdbool.h>

#include "utils/hex.h"
#include "wire/wire_chunked.h"

#define SIZE_DIGITS	8	/* hexadecimal; far above any limit of a body */
#define EXTRA_MAX	8192	/* bytes of framing beyond the credit */
#define EXTRA_PER_BYTE	8	/* bytes of framing credited per byte of data */

static bool
is_text(char c)
{
	return ((unsigned char)c >= ' ' ? c != 0x7f : c == '\t');
}

/* Reads the chunk's size, and the rest of its line. */
static bool
read_size(struct chunked *s, char c)
{
	int	 value = hex_value(c);

	if (s->state == CHUNKED_SIZE && value != -1) {
		s->left = s->left * 16 + (unsigned)value;
		return (++s->digits <= SIZE_DIGITS);
	}
	if (s->digits == 0)
		return (false);
	if (c == '\r' && s->state != CHUNKED_BLANK) {
		s->state = CHUNKED_SIZE_LF;
		return (true);
	}
	if (s->state == CHUNKED_EXTENSION)
		return (is_text(c));
	s->state = c == ';' ? CHUNKED_EXTENSION : CHUNKED_BLANK;
	return (c == ';' || c == ' ' || c == '\t');
}

static bool
read_trailer(struct chunked *s, char c)
{
	if (c == '\r')
		s->state = CHUNKED_TRAILER_LF;
	else
		s->line++;
	return (c == '\r' || is_text(c));
}

/* Reads one byte of framing; false if it is not valid here. */
static bool
step(struct chunked *s, char c)
{
	switch (s->state) {
	case CHUNKED_SIZE:
	case CHUNKED_BLANK:
	case CHUNKED_EXTENSION:
		return (read_size(s, c));
	case CHUNKED_SIZE_LF:
		s->state = s->left > 0 ? CHUNKED_DATA_BYTES : CHUNKED_TRAILER;
		return (c == '\n');
	case CHUNKED_DATA_CR:
		s->state = CHUNKED_DATA_LF;
		return (c == '\r');
	case CHUNKED_DATA_LF:
		s->state = CHUNKED_SIZE;
		s->digits = 0;
		return (c == '\n');
	case CHUNKED_TRAILER:
		return (read_trailer(s, c));
	case CHUNKED_TRAILER_LF:
		s->state = s->line == 0 ? CHUNKED_ENDED : CHUNKED_TRAILER;
		s->line = 0;
		return (c == '\n');
	case CHUNKED_DATA_BYTES:
	case CHUNKED_ENDED:
		break;
	}
	return (false);
}

/* Small chunks are allowed; endless framing with little data is not. */
static void
credit_data(struct chunked *s, size_t data)
{
	if (data >= s->extra / EXTRA_PER_BYTE + 1)
		s->extra = 0;
	else
		s->extra -= (unsigned)data * EXTRA_PER_BYTE;
}

enum chunked_result
chunked_next(struct chunked *s, const char *in, size_t len, size_t *used,
    size_t *data)
{
	for (*used = 0; *used < len && s->state != CHUNKED_ENDED; ++*used) {
		if (s->state == CHUNKED_DATA_BYTES) {
			*data = len - *used;
			if (*data > s->left)
				*data = (size_t)s->left;
			s->left -= *data;
			credit_data(s, *data);
			if (s->left == 0)
				s->state = CHUNKED_DATA_CR;
			return (CHUNKED_DATA);
		}
		if (++s->extra > EXTRA_MAX || !step(s, in[*used]))
			return (CHUNKED_BAD);
	}
	return (s->state == CHUNKED_ENDED ? CHUNKED_DONE : CHUNKED_MORE);
}
