/* SPDX-License-Identifier: ISC */
/* Reads what is logged, in unit tests. */

#ifndef TESTS_FAKES_LOG_FAKE_H
#define TESTS_FAKES_LOG_FAKE_H

#include <jansson.h>

/*
 * From begin on, standard output goes into a file. end returns what is in it: a
 * text that is valid until the next one ends.
 */
void		 log_capture_begin(void);
const char	*log_capture_end(void);

/*
 * The same, as the one event that was logged, which the caller frees. Fails
 * unless its members have these names and types, in this order: "time:s
 * level:s". s: string, i: integer, b: boolean, n: null.
 */
json_t	*log_capture_event(const char *members);

#endif
