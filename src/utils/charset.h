/* SPDX-License-Identifier: ISC */
/* The characters that one place of a regular expression matches. */

#ifndef UTILS_CHARSET_H
#define UTILS_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

struct charset {
	uint64_t	 ascii[2];	/* a bit for each of them */
	uint32_t	 code;		/* a character beyond ASCII, or 0 */
	unsigned	 classes;	/* a bit for each posix_classes[] */
	const char	*items;		/* with others beyond ASCII, or NULL */
	bool		 not;		/* beyond ASCII: all but these */
};

/*
 * Reads a . or a character, \. or [a-z], at its beginning. The text must
 * outlive the set. False when the system lacks the locale C.UTF-8.
 */
bool	charset_read(struct charset *, const char *text);

bool	charset_has(const struct charset *, uint32_t code);

#endif
