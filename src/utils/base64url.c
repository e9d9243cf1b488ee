/* SPDX-License-Identifier: ISC */
/* Strict base64url without padding (RFC 4648, 5). */

#include <stdint.h>

#include "utils/base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The index of each character in the alphabet, plus 1; 0: it is not in it. */
static const unsigned char values[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['-'] = 63, ['_'] = 64,
};

ssize_t
base64url_encode(char *dst, size_t dstsize, const void *src, size_t len)
{
	const unsigned char	*p = src;
	size_t			 i, n, need;
	uint32_t		 v;

	if (len > SIZE_MAX / 8)
		return (-1);
	need = len / 3 * 4 + (len % 3 != 0 ? len % 3 + 1 : 0);
	if (need >= dstsize)
		return (-1);

	n = 0;
	for (i = 0; i + 2 < len; i += 3) {
		v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
		dst[n++] = alphabet[v >> 18];
		dst[n++] = alphabet[v >> 12 & 63];
		dst[n++] = alphabet[v >> 6 & 63];
		dst[n++] = alphabet[v & 63];
	}
	if (len - i == 1) {
		dst[n++] = alphabet[p[i] >> 2];
		dst[n++] = alphabet[(p[i] & 3) << 4];
	} else if (len - i == 2) {
		dst[n++] = alphabet[p[i] >> 2];
		dst[n++] = alphabet[(p[i] & 3) << 4 | p[i + 1] >> 4];
		dst[n++] = alphabet[(p[i + 1] & 15) << 2];
	}
	dst[n] = '\0';
	return ((ssize_t)n);
}

ssize_t
base64url_decode(void *dst, size_t dstsize, const char *src, size_t len)
{
	unsigned char	*p = dst;
	size_t		 i, n, need;
	uint32_t	 v;
	unsigned int	 bits;
	unsigned int	 c;

	if (len % 4 == 1)
		return (-1);
	need = len / 4 * 3 + (len % 4 != 0 ? len % 4 - 1 : 0);
	if (need > dstsize)
		return (-1);

	v = 0;
	bits = 0;
	n = 0;
	for (i = 0; i < len; i++) {
		if ((c = values[(unsigned char)src[i]]) == 0)
			return (-1);
		v = v << 6 | (c - 1);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[n++] = (unsigned char)(v >> bits);
			v &= (1U << bits) - 1;
		}
	}
	/* Spare bits must be 0, or the same bytes would have several texts. */
	if (v != 0)
		return (-1);
	return ((ssize_t)n);
}
