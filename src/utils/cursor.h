/* SPDX-License-Identifier: ISC */
/* Cursors of lists: signed, and opaque to clients. */

#ifndef UTILS_CURSOR_H
#define UTILS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Cursors: a text that a client brings back and cannot change, base64url of
 * an HMAC-SHA-256 (cut to 128 bits) and the text. It is not secret. Pure.
 */

#define CURSOR_KEY	32	/* bytes */
#define CURSOR_MAC	16
#define CURSOR_TEXT_MAX	1024	/* bytes, its NUL included */
#define CURSOR_MAX	(((CURSOR_MAC + CURSOR_TEXT_MAX) * 4 + 2) / 3 + 1)

/* The key for cursors, made of the secret for tokens. False: no memory. */
bool	cursor_key(const void *secret, size_t len,
	    unsigned char key[static CURSOR_KEY]);

/*
 * Writes the cursor for a text. scope is what it is a cursor of: it is good
 * there alone. False when text is too long, or memory is short.
 */
bool	cursor_seal(const unsigned char key[static CURSOR_KEY],
	    const char *scope, const char *text, char out[static CURSOR_MAX]);

/* Reads one back. False when it is not of this key and scope. */
bool	cursor_open(const unsigned char key[static CURSOR_KEY],
	    const char *scope, const char *cursor,
	    char text[static CURSOR_TEXT_MAX]);

#endif
