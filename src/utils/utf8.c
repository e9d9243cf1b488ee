/* SPDX-License-Identifier: ISC */
/* Reads and converts UTF-8 (RFC 3629). */

#include <unictype.h>

#include "utils/utf8.h"

size_t
utf8_sequence(const char *s, size_t len)
{
	const unsigned char	*p = (const unsigned char *)s;
	unsigned char		 low = 0x80, high = 0xbf;
	size_t			 size, i;

	if (len == 0)
		return (0);
	if (p[0] < 0x80)
		return (1);

	/* RFC 3629 section 4: only the second byte's range varies. */
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		size = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		size = 3;
		if (p[0] == 0xe0)
			low = 0xa0;
		else if (p[0] == 0xed)
			high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		size = 4;
		if (p[0] == 0xf0)
			low = 0x90;
		else if (p[0] == 0xf4)
			high = 0x8f;
	} else
		return (0);

	if (len < size || p[1] < low || p[1] > high)
		return (0);
	for (i = 2; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
	}
	return (size);
}

uint32_t
utf8_code(const char *s, size_t size)
{
	uint32_t	 code = (unsigned char)*s;
	size_t		 i;

	if (size > 1)
		code &= 0x7fu >> size;
	for (i = 1; i < size; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3fu);
	return (code);
}

bool
utf8_valid(const char *s, size_t len)
{
	size_t	 i, size;

	for (i = 0; i < len; i += size) {
		if ((size = utf8_sequence(s + i, len - i)) == 0)
			return (false);
	}
	return (true);
}

size_t
utf8_length(const char *s)
{
	size_t	n;

	for (n = 0; *s != '\0'; s++) {
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	}
	return (n);
}

static bool
is_blank(uint32_t c)
{
	return (uc_is_property_white_space(c) || (c >= 0x1c && c <= 0x1f));
}

size_t
utf8_strip(const char **s)
{
	const char	*p;
	size_t		 len = 0, n;

	while (**s != '\0' && is_blank(utf8_code(*s, utf8_sequence(*s, 4))))
		*s += utf8_sequence(*s, 4);
	for (p = *s; *p != '\0'; p += n) {
		n = utf8_sequence(p, 4);
		if (!is_blank(utf8_code(p, n)))
			len = (size_t)(p - *s) + n;
	}
	return (len);
}
