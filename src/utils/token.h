/* SPDX-License-Identifier: ISC */
/* Tokens of HTTP (RFC 9110, 5.6.2). */

#ifndef UTILS_TOKEN_H
#define UTILS_TOKEN_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Pure and thread-safe. */

/* May the character be in a token? */
static inline bool
token_has(char c)
{
	return (isalnum((unsigned char)c) ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL));
}

/* The number of characters of the token that s begins with; 0: none. */
static inline size_t
token_length(const char *s)
{
	size_t	 n = 0;

	while (token_has(s[n]))
		n++;
	return (n);
}

#endif
