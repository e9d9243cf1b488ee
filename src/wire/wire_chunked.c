/* SPDX-License-Identifier: ISC */
/* Decodes chunked bodies. Independent of connections and of Kore. */

#include <stdbool.h>

#include "utils/hex.h"
#include "utils/token.h"
#include "wire/wire_chunked.h"

#define SIZE_DIGITS	8	/* hexadecimal; far above any limit of a body */
#define EXTRA_MAX	8192	/* bytes of framing beyond the credit */
#define EXTRA_PER_BYTE	8	/* bytes of framing credited per byte of data */

static bool
is_text(char c)
{
	return ((unsigned char)c >= ' ' ? c != 0x7f : c == '\t');
}

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t');
}

static bool
go_to(struct chunked *s, enum chunked_state state)
{
	s->state = state;
	return (true);
}

/* After the size, or after an extension: the next one, or the line's end. */
static bool
end_extension(struct chunked *s, char c)
{
	if (c == ';')
		return (go_to(s, CHUNKED_EXTENSION));
	if (c == '\r' && s->state != CHUNKED_BLANK)
		return (go_to(s, CHUNKED_SIZE_LF));
	return (is_blank(c) && go_to(s, CHUNKED_BLANK));
}

static bool
read_size(struct chunked *s, char c)
{
	int	 value = hex_value(c);

	if (value != -1) {
		s->left = s->left * 16 + (unsigned)value;
		return (++s->digits <= SIZE_DIGITS);
	}
	return (s->digits > 0 && end_extension(s, c));
}

/* RFC 9112, 7.1.1: blanks may stand before ";", and around "=". */
static bool
read_extension(struct chunked *s, char c)
{
	switch (s->state) {
	case CHUNKED_EXTENSION:
		return (is_blank(c) ||
		    (token_has(c) && go_to(s, CHUNKED_NAME)));
	case CHUNKED_NAME:
		if (token_has(c))
			return (true);
		return (c == '=' ? go_to(s, CHUNKED_EQUALS) :
		    is_blank(c) ? go_to(s, CHUNKED_NAME_BLANK) :
		    end_extension(s, c));
	case CHUNKED_NAME_BLANK:
		return (is_blank(c) ||
		    (c == '=' && go_to(s, CHUNKED_EQUALS)) ||
		    (c == ';' && go_to(s, CHUNKED_EXTENSION)));
	case CHUNKED_EQUALS:
		return (is_blank(c) ||
		    (c == '"' && go_to(s, CHUNKED_QUOTED)) ||
		    (token_has(c) && go_to(s, CHUNKED_VALUE)));
	case CHUNKED_VALUE:
		return (token_has(c) || end_extension(s, c));
	case CHUNKED_QUOTED:
		if (c == '"')
			return (go_to(s, CHUNKED_QUOTE_END));
		return (c == '\\' ? go_to(s, CHUNKED_ESCAPED) : is_text(c));
	case CHUNKED_ESCAPED:
		return (is_text(c) && go_to(s, CHUNKED_QUOTED));
	default:
		return (end_extension(s, c));
	}
}

/* RFC 9112, 7.1.2: header lines, and an empty line at the end. */
static bool
read_trailer(struct chunked *s, char c)
{
	switch (s->state) {
	case CHUNKED_TRAILER:
		if (c == '\r')
			return (go_to(s, CHUNKED_END_LF));
		return (token_has(c) && go_to(s, CHUNKED_TRAILER_NAME));
	case CHUNKED_TRAILER_NAME:
		return (token_has(c) ||
		    (c == ':' && go_to(s, CHUNKED_TRAILER_VALUE)));
	default:
		return (c == '\r' ? go_to(s, CHUNKED_TRAILER_LF) : is_text(c));
	}
}

/* Reads one byte of framing; false if it is not valid here. */
static bool
step(struct chunked *s, char c)
{
	switch (s->state) {
	case CHUNKED_SIZE:
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
	case CHUNKED_TRAILER_NAME:
	case CHUNKED_TRAILER_VALUE:
		return (read_trailer(s, c));
	case CHUNKED_TRAILER_LF:
		s->state = CHUNKED_TRAILER;
		return (c == '\n');
	case CHUNKED_END_LF:
		s->state = CHUNKED_ENDED;
		return (c == '\n');
	default:
		return (read_extension(s, c));
	}
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
