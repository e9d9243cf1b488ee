/* SPDX-License-Identifier: ISC */
/* Makes and reads UUIDs (RFC 9562). */

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "utils/hex.h"
#include "utils/random_pool.h"
#include "utils/uuid.h"

static bool	uuid_is_hyphen(size_t);

bool
uuid_v7(char out[static UUID_TEXT])
{
	unsigned char		b[UUID_BYTES];
	struct timespec		ts;
	uint64_t		ms;
	size_t			i;

	out[0] = '\0';
	if (!random_pool_take(b + 6, sizeof(b) - 6))
		return (false);
	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		return (false);

	ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	for (i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	uuid_text(b, out);
	return (true);
}

void
uuid_text(const unsigned char bytes[static UUID_BYTES],
    char out[static UUID_TEXT])
{
	size_t	i, n = 0;

	for (i = 0; i < UUID_BYTES; i++) {
		if (uuid_is_hyphen(n))
			out[n++] = '-';
		hex_pair(out + n, bytes[i], HEX_LOWER);
		n += 2;
	}
	out[n] = '\0';
}

bool
uuid_parse(const char *text, char out[static UUID_TEXT])
{
	char	tmp[UUID_TEXT];
	size_t	i;
	char	c;

	if (text == NULL) {
		out[0] = '\0';
		return (false);
	}
	/* A NUL is neither a hyphen nor a digit, so a short text fails here. */
	for (i = 0; i < UUID_TEXT - 1; i++) {
		c = text[i];
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (uuid_is_hyphen(i) ? c != '-' :
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			break;
		tmp[i] = c;
	}
	if (i != UUID_TEXT - 1 || text[i] != '\0') {
		out[0] = '\0';
		return (false);
	}
	tmp[i] = '\0';
	memcpy(out, tmp, sizeof(tmp));
	return (true);
}

bool
uuid_bytes(const char *text, unsigned char out[static UUID_BYTES])
{
	char	digits[UUID_TEXT];
	size_t	i, n = 0;

	memset(out, 0, UUID_BYTES);
	if (!uuid_parse(text, digits))
		return (false);
	for (i = 0; i < UUID_BYTES; i++) {
		if (uuid_is_hyphen(n))
			n++;
		out[i] = (unsigned char)(hex_value(digits[n]) << 4 |
		    hex_value(digits[n + 1]));
		n += 2;
	}
	return (true);
}

static bool
uuid_is_hyphen(size_t i)
{
	return (i == 8 || i == 13 || i == 18 || i == 23);
}
