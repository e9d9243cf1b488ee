/* SPDX-License-Identifier: ISC */
/* How deep JSON text nests, and how much it holds. */

#ifndef UTILS_JSON_LIMITS_H
#define UTILS_JSON_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Do the arrays and objects of the text nest more than max levels? jansson
 * recurses up to 2048 levels, which a coroutine's stack cannot hold, so this
 * comes before it. The text need not be JSON. Pure.
 */
bool	json_nests_deeper(const char *text, size_t len, unsigned max);

/*
 * May the text hold more than max values? An empty array or object counts as
 * two. jansson takes up to 130 bytes for a value of two, so this comes before
 * it, too. Pure.
 */
bool	json_holds_more(const char *text, size_t len, size_t max);

#endif
