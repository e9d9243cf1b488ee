/* SPDX-License-Identifier: ISC */
/* Percent-encoding, decoded in place. */

#include <string.h>

#include "utils/hex.h"
#include "utils/percent.h"
#include "utils/utf8.h"

bool
percent_decode(char *s)
{
	char	*in, *out;
	int	 high, low;

	for (in = out = s; *in != '\0'; in++) {
		if ((unsigned char)*in < 0x20 || *in == 0x7f)
			return (false);
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		/* A NUL is no digit, so in[2] is there if asked. */
		if ((high = hex_value(in[1])) == -1 ||
		    (low = hex_value(in[2])) == -1 ||
		    (high == 0 && low == 0))
			return (false);
		*out++ = (char)(high << 4 | low);
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
	char	*in, *out, c;
	int	 high, low;

	for (in = out = s; *in != '\0'; in++) {
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		/* A NUL is no digit, so in[2] is there if asked. */
		if ((high = hex_value(in[1])) == -1 ||
		    (low = hex_value(in[2])) == -1)
			return (false);
		in += 2;
		if (is_unreserved(c = (char)(high << 4 | low)))
			*out++ = c;
		else {
			*out++ = '%';
			hex_pair(out, (unsigned char)c, HEX_UPPER);
			out += 2;
		}
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
