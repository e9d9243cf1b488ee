/* SPDX-License-Identifier: ISC */
/* Looks words up in a sorted list. */

#ifndef UTILS_WORDLIST_H
#define UTILS_WORDLIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns whether the word is a line of the text, len bytes long. Its lines are
 * in bytewise order (LC_ALL=C sort), and each ends with a line feed. Pure;
 * nothing is allocated.
 */
bool	wordlist_has(const char *text, size_t len, const char *word);

#endif
