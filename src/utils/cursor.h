/* SPDX-License-Identifier: ISC */
/* Cursors of lists: signed, and opaque to clients. */

#ifndef UTILS_CURSOR_H
#define UTILS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A cursor is a text that a client sends back and cannot change: the base64url
 * of an HMAC-SHA-256 (cut to 128 bits) followed by the text. The text is not
 * secret. Pure.
 */

#define CURSOR_KEY	32	/* bytes */
#define CURSOR_MAC	16
#define CURSOR_TEXT_MAX	1280	/* bytes, its NUL included: an order, an id
				 * and 255 characters of 4 bytes */
#define CURSOR_MAX	(((CURSOR_MAC + CURSOR_TEXT_MAX) * 4 + 2) / 3 + 1)

/* Derives the key for cursors from the secret for tokens. False: no memory. */
bool	cursor_key(const void *secret, size_t len,
	    unsigned char key[static CURSOR_KEY]);

/*
 * Writes the cursor for a text. scope says which list it belongs to:
 * cursor_open() accepts it for the same scope only. False when text or scope is
 * too long, or memory is short.
 */
bool	cursor_seal(const unsigned char key[static CURSOR_KEY],
	    const char *scope, const char *text, char out[static CURSOR_MAX]);

/* Checks a cursor and writes its text. False: not of this key and scope. */
bool	cursor_open(const unsigned char key[static CURSOR_KEY],
	    const char *scope, const char *cursor,
	    char text[static CURSOR_TEXT_MAX]);

#endif
