/* SPDX-License-Identifier: ISC */
/* Percent-encoding, decoded in place. */

#include <string.h>

#include "utils/hex.h"
#include "utils/percent.h"
#include "utils/utf8.h"

/* The byte that s, %XX, stands for; -1 if it is malformed. */
static int
encoded_byte(const char *s)
{
	int	 high, low;

	/* A NUL is no digit, so s[2] is there if asked. */
	if ((high = hex_value(s[1])) == -1 || (low = hex_value(s[2])) == -1)
		return (-1);
	return (high << 4 | low);
}

bool
percent_decode(char *s)
{
	char	*in, *out;
	int	 byte;

	for (in = out = s; *in != '\0'; in++) {
		if ((unsigned char)*in < 0x20 || *in == 0x7f)
			return (false);
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		if ((byte = encoded_byte(in)) <= 0)
			return (false);
		*out++ = (char)byte;
		in += 2;
	}
	*out = '\0';
	return (utf8_valid(s, (size_t)(out - s)));
}

/* RFC 3986, 2.3 */
static bool
is_unreserved(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c != '\0' && strchr("-._~", c) != NULL));
}

bool
percent_normalize(char *s)
{
	char	*in, *out;
	int	 byte;

	for (in = out = s; *in != '\0'; in++) {
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		if ((byte = encoded_byte(in)) == -1)
			return (false);
		in += 2;
		if (is_unreserved((char)byte)) {
			*out++ = (char)byte;
			continue;
		}
		*out++ = '%';
		hex_pair(out, (unsigned char)byte, HEX_UPPER);
		out += 2;
	}
	*out = '\0';
	return (true);
}

bool
percent_encode(const char *s, char *out, size_t size)
{
	unsigned char		 c;
	size_t			 n = 0;

	for (; (c = (unsigned char)*s) != '\0'; s++) {
		if (is_unreserved((char)c)) {
			if (n + 1 >= size)
				return (false);
			out[n++] = (char)c;
			continue;
		}
		if (n + 3 >= size)
			return (false);
		out[n++] = '%';
		hex_pair(out + n, c, HEX_UPPER);
		n += 2;
	}
	if (n >= size)
		return (false);
	out[n] = '\0';
	return (true);
}
