/* SPDX-License-Identifier: ISC */
/* UUIDs: making version 7, reading any. */

#ifndef UTILS_UUID_H
#define UTILS_UUID_H

#include <stdbool.h>

/* UUIDs as text (RFC 9562). Thread-safe. */

/* 8-4-4-4-12 hexadecimal digits and the NUL. */
#define UUID_TEXT	37
#define UUID_BYTES	16

/*
 * Makes a version 7 UUID (RFC 9562 section 5.7) in lower case: 48 bits of Unix
 * time in milliseconds, then 74 random bits. UUIDs of the same millisecond have
 * no order. Returns false when OpenSSL's random bytes fail; out is then "".
 */
bool	uuid_v7(char out[static UUID_TEXT]);

/*
 * Reads a UUID of any version and variant in either case (RFC 9562 section 4)
 * and writes it in lower case. Only 8-4-4-4-12 is accepted: no braces, no
 * urn:uuid:, no white space. Returns false otherwise; out is then "". text may
 * be NULL and may be out itself.
 */
bool	uuid_parse(const char *text, char out[static UUID_TEXT]);

/* The same as bytes; where it returns false, they are zero. */
bool	uuid_bytes(const char *text, unsigned char out[static UUID_BYTES]);

/* Writes 16 bytes as a UUID, in lower case. */
void	uuid_text(const unsigned char bytes[static UUID_BYTES],
	    char out[static UUID_TEXT]);

#endif
