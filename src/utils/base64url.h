/* SPDX-License-Identifier: ISC */
/* base64url (RFC 4648, 5). */

#ifndef UTILS_BASE64URL_H
#define UTILS_BASE64URL_H

#include <sys/types.h>

#include <stddef.h>

/*
 * base64url without padding (RFC 4648 section 5, RFC 7515 section 2). Pure and
 * thread-safe; nothing is allocated.
 */

/* The size in bytes of the text for len bytes, its NUL included. */
#define BASE64URL_SIZE(len)	(((len) * 4 + 2) / 3 + 1)

/*
 * Encodes len bytes of src into dst, NUL-terminated, without padding. Returns
 * the length of the text without its NUL (0 for no bytes), or -1 when the text
 * and its NUL do not fit into dstsize bytes. dst and src must not overlap.
 */
ssize_t	base64url_encode(char *dst, size_t dstsize, const void *src,
	    size_t len);

/*
 * Decodes len characters of src (no NUL needed) into dst, without adding a NUL.
 * It is strict, so that any bytes have exactly one text: only the alphabet, no
 * padding, no white space, no length of 4n + 1, and zero in the unused bits at
 * the end (RFC 4648 section 3.5). Returns the number of bytes, or -1 for any
 * other text and when dst is too small; dst is then unspecified. dst may be src
 * itself.
 */
ssize_t	base64url_decode(void *dst, size_t dstsize, const char *src,
	    size_t len);

#endif
