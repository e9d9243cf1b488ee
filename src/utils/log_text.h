/* SPDX-License-Identifier: ISC */
/* A line of the log for people. */

#ifndef UTILS_LOG_TEXT_H
#define UTILS_LOG_TEXT_H

#include <stdbool.h>

#include "utils/text.h"

/*
 * Adds a line to a text, its newline included, for an object that log_begin()
 * began:
 *
 *	20:15:33.042 info    GET /healthz 200 1.2 ms alive client=... id=...
 *	20:15:33.042 error   database: cannot connect id=...
 *
 * Members that are null or false are left out. The time is in UTC. What a
 * terminal would act on stays escaped, as JSON has it; with colour, this adds
 * escapes of its own. Takes the characters from `safe`, a text with room for
 * them; if one of the two is cut, so is the line. Pure and thread-safe.
 */
void	log_text(struct text *, const char *json, struct text *safe,
	    bool colour);

#endif
