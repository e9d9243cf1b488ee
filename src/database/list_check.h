/* SPDX-License-Identifier: ISC */
/* What lists_check() finds about the items of a list. */

#ifndef DATABASE_LIST_CHECK_H
#define DATABASE_LIST_CHECK_H

#include "database/list.h"
#include "http/routes.h"

/*
 * Compares a list with its responses, their items, and what completes and
 * counts these. Returns NULL or an error message, which says what to write.
 */
const char	*list_check_items(const struct list *);

/* The same for ?fields and ?expand of a route that responds with the list. */
const char	*list_check_query(const struct list *, const struct route *,
		    const struct endpoint *);

#endif
