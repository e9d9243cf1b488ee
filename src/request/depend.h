/* SPDX-License-Identifier: ISC */
/*
 * Dependencies of handlers, like FastAPI's Depends(), and overrides for tests.
 */

#ifndef REQUEST_DEPEND_H
#define REQUEST_DEPEND_H

#include <stdbool.h>

#include "request/ctx.h"
#include "request/endpoint.h"

/*
 * A ROUTE row declares what its handler depends on, like FastAPI's Depends(). A
 * test overrides it, like app.dependency_overrides:
 *
 *	ROUTE(users_me, GET(read_me, .auth = &signed_in, ...));
 *
 *	override_dependency(&signed_in, as_ada, "read_me");
 *	override_repository("users", two_users, "list_users");
 *	...
 *	overrides_clear();
 *
 * Of two overrides for the same handler, the later one is used.
 */

/* Resolved before the handler runs; resolve() raises if it cannot be. */
struct dependency {
	const char		*name;
	void			(*resolve)(struct ctx *,
				    const struct dependency *);
	const char *const	*roles;		/* ends with NULL */
	const char		*path;		/* a PATH that it reads */

	/* For OpenAPI: doc says who may call; the roles follow it. */
	const char		*doc;
	bool			 optional;	/* a token may be left out */
	bool			 everybody;	/* nobody signs in: public */
	const struct error_kind	*const *raises;
};

/*
 * .auth = &public: for everybody. Each row says who may call it, so that no
 * endpoint is open only because somebody forgot its .auth.
 */
extern const struct dependency	public;

/* Does nobody sign in for it? A job's endpoint has no .auth at all. */
static inline bool
endpoint_is_public(const struct endpoint *e)
{
	return (e->auth == NULL || e->auth->everybody);
}

/* Resolves a dependency, or its override. */
void	depend(struct ctx *, const struct dependency *) AWAITS;

/* Overrides a dependency for one handler, named as in its ROUTE row. */
void	override_dependency(const struct dependency *,
	    void (*resolve)(struct ctx *, const struct dependency *),
	    const char *handler);

/*
 * Overrides a repository for one handler: all queries of one file of
 * sql/queries. The function gets the query's title (find_by_id), the struct
 * that has parameters (NULL: none), and the other parameters, in the order in
 * which the query declares them. It returns rows of the query's struct, and
 * sets *n to their number; for a statement without rows, to the number of rows
 * that it affects. Such a handler's transactions send nothing: neither BEGIN
 * nor COMMIT.
 */
typedef void	*repository_fn(struct ctx *, const char *title,
		    const void *from, const char *const *params, size_t *n);

void	override_repository(const char *file, repository_fn *,
	    const char *handler);

/* Removes all overrides. */
void	overrides_clear(void);

/*
 * For src/database: the override of a query ("users.find_by_id") in this
 * request, or NULL; and whether any repository is overridden in it.
 */
repository_fn	*override_of_query(const struct ctx *, const char *name);
bool		 overrides_database(const struct ctx *);

#endif
