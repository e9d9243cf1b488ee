/* SPDX-License-Identifier: ISC */
/* A sorted list of words, for looking up. */

#ifndef UTILS_WORDLIST_H
#define UTILS_WORDLIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is the word a line of the text? Its len bytes are lines in bytewise order
 * (LC_ALL=C sort), each with its line feed. Pure; nothing is allocated.
 */
bool	wordlist_has(const char *text, size_t len, const char *word);

#endif
