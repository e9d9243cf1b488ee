/* SPDX-License-Identifier: ISC */
/* The files that are compiled into the module, as assets. */

#ifndef BASE_ASSETS_H
#define BASE_ASSETS_H

#include <stdbool.h>

/*
 * Calls found() with the name of each asset, "0001_users_sql", and its text,
 * until that returns false. The names are read from the symbols of the file
 * that has this code; one that was stripped has none.
 */
void	assets_each(bool (*found)(void *arg, const char *name,
	    const char *text), void *arg);

#endif
