/* SPDX-License-Identifier: ISC */
/* How deep JSON text nests. */

#ifndef UTILS_JSON_DEPTH_H
#define UTILS_JSON_DEPTH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Do the arrays and objects of the text nest more than max levels? jansson
 * recurses up to 2048 levels, which a coroutine's stack cannot hold, so this
 * comes before it. The text need not be JSON. Pure.
 */
bool	json_nests_deeper(const char *text, size_t len, unsigned max);

#endif
