/* SPDX-License-Identifier: ISC */
/* Decodes pairs of forms and query strings, in place. */

#include <stddef.h>
#include <string.h>

#include "utils/form.h"
#include "utils/hex.h"
#include "utils/utf8.h"

static bool	form_decode(char *, bool);

int
form_next(char **cursor, struct form_pair *pair)
{
	char	*segment, *end, *equals;

	if (*cursor == NULL)
		return (-1);

	segment = *cursor + strspn(*cursor, "&");
	if (*segment == '\0') {
		*cursor = segment;
		return (0);
	}
	end = segment + strcspn(segment, "&");
	*cursor = end;
	if (*end == '&') {
		*end = '\0';
		*cursor = end + 1;
	}

	/* Split before decoding: an encoded '=' or '&' is part of the text. */
	equals = strchr(segment, '=');
	pair->name = segment;
	pair->has_value = equals != NULL;
	if (equals != NULL) {
		*equals = '\0';
		pair->value = equals + 1;
	} else
		pair->value = end;

	if (!form_decode(pair->name, true) || !form_decode(pair->value, true)) {
		*cursor = NULL;
		return (-1);
	}
	return (1);
}

bool
form_percent_decode(char *s)
{
	return (form_decode(s, false));
}

bool
form_percent_encode(const char *s, char *out, size_t size)
{
	static const char	 hex[] = "0123456789ABCDEF";
	unsigned char		 c;
	size_t			 n = 0;

	for (; (c = (unsigned char)*s) != '\0'; s++) {
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || strchr("-._~", c) != NULL) {
			if (n + 1 >= size)
				return (false);
			out[n++] = (char)c;
			continue;
		}
		if (n + 3 >= size)
			return (false);
		out[n++] = '%';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	if (n >= size)
		return (false);
	out[n] = '\0';
	return (true);
}

static bool
form_decode(char *s, bool plus)
{
	char	*in, *out;
	int	 high, low;

	for (in = out = s; *in != '\0'; in++) {
		if ((unsigned char)*in < 0x20 || *in == 0x7f)
			return (false);
		if (*in == '%') {
			/* A NUL is no digit, so in[2] is there if asked. */
			if ((high = hex_value(in[1])) == -1 ||
			    (low = hex_value(in[2])) == -1 ||
			    (high == 0 && low == 0))
				return (false);
			*out++ = (char)(high << 4 | low);
			in += 2;
		} else if (*in == '+' && plus)
			*out++ = ' ';
		else
			*out++ = *in;
	}
	*out = '\0';
	return (utf8_valid(s, (size_t)(out - s)));
}
