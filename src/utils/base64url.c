/* SPDX-License-Identifier: ISC */
/* Strict base64url without padding (RFC 4648, 5). */

#include <stdint.h>

#include "utils/base64url.h"

static int	base64url_value(unsigned char);

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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
	int		 c;

	if (len % 4 == 1)
		return (-1);
	need = len / 4 * 3 + (len % 4 != 0 ? len % 4 - 1 : 0);
	if (need > dstsize)
		return (-1);

	v = 0;
	bits = 0;
	n = 0;
	for (i = 0; i < len; i++) {
		c = base64url_value((unsigned char)src[i]);
		if (c == -1)
			return (-1);
		v = v << 6 | (uint32_t)c;
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

static int
base64url_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A');
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52);
	if (c == '-')
		return (62);
	if (c == '_')
		return (63);
	return (-1);
}
