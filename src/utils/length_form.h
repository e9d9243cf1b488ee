/* SPDX-License-Identifier: ISC */
/* The forms in which kore.conf says how long a text may be. */

#ifndef UTILS_LENGTH_FORM_H
#define UTILS_LENGTH_FORM_H

#include <stdbool.h>

/*
 * Reads length:m..n, line:m..n, which is also *is_line, or ^.{m,n}$. False if
 * the pattern is none of them. Pure and thread-safe.
 */
bool		 length_form(const char *pattern, bool *is_line,
		    unsigned *min, unsigned *max);

/*
 * What is wrong with a pattern that begins like one of them, and what to write
 * instead, as start_error() does; or NULL. ^.{20000}$ and ^.{0,20000}$ take
 * gigabytes to compile.
 */
const char	*length_form_problem(const char *pattern);

#endif
