/* SPDX-License-Identifier: ISC */
/* Tells statements that only read from others. For src/database only. */

#ifndef DATABASE_MAY_WRITE_H
#define DATABASE_MAY_WRITE_H

#include <stdbool.h>

#include "database/query.h"

/*
 * May the query, or without one the text, write or lock a row, or end a
 * transaction? One that writes by a function that it calls is not recognized.
 */
bool	may_write(const struct query *, const char *sql);

#endif
