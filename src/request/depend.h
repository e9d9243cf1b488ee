/* SPDX-License-Identifier: ISC */
/*
 * Dependencies of handlers, as FastAPI's Depends(), and how tests replace
 * them.
 */

#ifndef REQUEST_DEPEND_H
#define REQUEST_DEPEND_H

#include <stdbool.h>

#include "request/ctx.h"

/*
 * What handlers depend on, and how a test puts something else in its place:
 * the seed's Depends() and app.dependency_overrides.
 *
 *	ROUTE(users_me, GET(read_me, .auth = &signed_in, ...));
 *
 *	override_dependency(&signed_in, as_ada, "read_me");
 *	override_repository("users", two_users, "list_users");
 *	...
 *	overrides_clear();
 *
 * Of two for the same handler the later one counts.
 */

/* Settled before the handler runs; raises when it cannot be. */
struct dependency {
	const char		*name;
	void			(*resolve)(struct ctx *,
				    const struct dependency *);
	const char *const	*roles;		/* ends with NULL */

	/* For the description: `doc` says for whom it is; roles follow. */
	const char		*doc;
	bool			 optional;	/* a token may be left out */
	const struct error_kind	*const *raises;
};

/* Resolves a dependency, or what stands in for it. */
void	depend(struct ctx *, const struct dependency *) AWAITS;

/* In the place of a dependency, for one handler: its name in a ROUTE row. */
void	override_dependency(const struct dependency *,
	    void (*resolve)(struct ctx *, const struct dependency *),
	    const char *handler);

/*
 * In the place of a repository: all queries of one file of sql/queries, for
 * one handler. Given the query's title (find_by_id) and its parameters, it
 * returns rows of the query's model, and in *n how many; for a statement
 * without rows, how many it has touched. Such a handler's transactions are
 * its own business: the database is asked neither to begin nor to commit.
 */
typedef void	*repository_fn(struct ctx *, const char *title,
		    const char *const *params, size_t *n);

void	override_repository(const char *file, repository_fn *,
	    const char *handler);

/* Everything is what it was. */
void	overrides_clear(void);

/*
 * For src/database: what stands in for a query ("users.find_by_id") in this
 * request, NULL if nothing does; and whether anything stands in for any.
 */
repository_fn	*override_of_query(const struct ctx *, const char *name);
bool		 overrides_database(const struct ctx *);

#endif
