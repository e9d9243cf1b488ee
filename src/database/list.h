/* SPDX-License-Identifier: ISC */
/* Lists: a page of rows, in any of the orders that a query file allows. */

#ifndef DATABASE_LIST_H
#define DATABASE_LIST_H

#include "database/query.h"
#include "http/page.h"
#include "http/schema_response.h"

/*
 * A list is written once in sql/queries, with its orders:
 *
 *	-- list: users.list by created_at, lower(email) COLLATE "C"
 *	SELECT @user
 *	  FROM users
 *	 WHERE (:role::text IS NULL OR role = :role)
 *
 * The parameters are the query parameters of the same names, which kore.conf
 * has checked, and those that the handler gives. The header of a module
 * declares what the list answers, and its router responds with it:
 *
 *	users.h:	 LISTS(users, list, user);
 *	users_models.c:	 LIST_QUERY(users, list, user, .sort = "-created_at");
 *	users_router.c:	 list_respond(c, &users_list);
 */

/* The list in one order, or the count of its rows. */
struct list_statement {
	const char	*sort;		/* "-created_at"; NULL: the count */
	const char	*each;		/* only if this filter is given; NULL */
	const struct member	*key;	/* the member that it is sorted by */
	bool		 descending;
	struct query	 query;
};

struct list {
	const char		*name;		/* "users.list" */
	const struct schema	*row;
	const char		*sort;		/* the order without ?sort */
	const char *const	*given;		/* by the handler; or NULL */
	const struct schema	*pages;		/* the answer with a total */
	const struct schema	*cursor;	/* the answer by cursor */

	/* Set by database_load(). */
	struct list_statement	*statements;
	size_t			 nstatements;
};

#endif
