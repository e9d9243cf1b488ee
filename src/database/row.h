/* SPDX-License-Identifier: ISC */
/* Reads rows of a result into the structs of their schema. */

#ifndef DATABASE_ROW_H
#define DATABASE_ROW_H

#include <libpq-fe.h>

#include "database/database.h"

/*
 * Reads one value into its place in the struct. A text is not copied: it lives
 * as long as the result. Returns NULL, or what is wrong with the value: "is
 * null". For src/database only.
 */
const char	*row_read_column(const PGresult *, int row, int column,
		    const struct member *, void *place);

/* Is its place a pointer, to a text? */
bool		 member_is_text(const struct member *);

#endif
