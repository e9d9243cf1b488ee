/* SPDX-License-Identifier: ISC */
/* Is a password made of its owner's name or address? */

#ifndef UTILS_PASSWORD_PERSONAL_H
#define UTILS_PASSWORD_PERSONAL_H

#include <stdbool.h>

/*
 * Returns whether a password is little else than the e-mail address, the part
 * of it before the @, the name, or one word of these two: whatever else it has
 * are digits, punctuation, symbols and blanks, and fewer characters. Case,
 * accents and compatibility forms do not count, nor do punctuation and blanks
 * in between. The domain alone is not personal. Each text is valid UTF-8 or
 * NULL. False also when memory is short. Thread-safe; what it copies is wiped.
 */
bool	password_is_personal(const char *password, const char *email,
	    const char *name);

#endif
