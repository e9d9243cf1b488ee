/* SPDX-License-Identifier: ISC */
/* The rows of the route tables: ROUTE, GET, POST, PATH, PARAM. */

#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include <stddef.h>

#include "base/export.h"
#include "request/ctx.h"
#include "request/depend.h"
#include "request/endpoint.h"
#include "schema/schema.h"
#include "schema/validator.h"

/*
 * A route's C half. kore.conf says which path leads to it; its rows say what
 * the path's groups are and which methods there are:
 *
 *	ROUTER(users, "Users.");
 *	ROUTE(users_item,
 *	    PATH(user_id, T_UUID),
 *	    GET(read_user, .auth = &signed_in, .out = &user_schema,
 *	        .raises = RAISES(&ERR_NOT_FOUND), .doc = "Read one user."));
 *
 * kore.conf:	route ^/api/v1/users/([^/]+)$ users_item
 *
 * At start routes_init() finds `users_item__route` for each handler of Kore's
 * route table; there is no list in C to edit.
 */

/*
 * Whose rows a file has, and its tag in the description (the seed's
 * APIRouter); ROUTE asks for one above it.
 */
struct router {
	const char	*name;
	const char	*doc;
};

#define ROUTER(title, text)						\
	static const struct router router = { .name = #title, .doc = text }

/* A row of a ROUTE: the endpoint of a method, or what a parameter is for. */
enum route_row_kind { ROW_ENDPOINT, ROW_PATH, ROW_PARAM };

struct route_row {
	enum route_row_kind	 kind;
	struct endpoint		 endpoint;	/* ROW_ENDPOINT */
	const char		*name;		/* of the parameter */
	enum field_type		 type;		/* ROW_PATH */
	const char		*doc;		/* ROW_PARAM */
	const char		*fallback;	/* ROW_PARAM; or NULL */
};

struct http_request;
struct kore_handler_params;
struct kore_module_handle;
struct path_regex;

struct route {
	const char			*name;
	const struct router		*router;
	const struct route_row		*rows;
	size_t				 nrows;

	/* Bound at start, from Kore's route table. */
	struct kore_module_handle	*hdlr;
	struct path_regex		*regex;
	const char			*allow;
	const struct route		*next;		/* bound before */
};

#define ROUTE(route_name, ...)						\
	static const struct route_row route_name##__rows[] = {		\
		__VA_ARGS__						\
	};								\
	EXPORT extern struct route route_name##__route;			\
	struct route route_name##__route = {				\
		.name = #route_name, .router = &router,			\
		.rows = route_name##__rows,				\
		.nrows = sizeof(route_name##__rows) /			\
		    sizeof(route_name##__rows[0]),			\
	};								\
	EXPORT int route_name(struct http_request *);			\
	int								\
	route_name(struct http_request *req)				\
	{								\
		return (route_dispatch(req, &route_name##__route));	\
	}								\
	struct endpoint		/* so that ROUTE(...) takes a semicolon */

#define METHOD(v, fn, ...)						\
	{ .kind = ROW_ENDPOINT, .endpoint = {				\
	    .verb = v, .handler = fn, .name = #fn, ##__VA_ARGS__ } }
#define GET(fn, ...)	METHOD(VERB_GET, fn, ##__VA_ARGS__)
#define POST(fn, ...)	METHOD(VERB_POST, fn, ##__VA_ARGS__)
#define PUT(fn, ...)	METHOD(VERB_PUT, fn, ##__VA_ARGS__)
#define PATCH(fn, ...)	METHOD(VERB_PATCH, fn, ##__VA_ARGS__)
#define DELETE(fn, ...)	METHOD(VERB_DELETE, fn, ##__VA_ARGS__)
#define PATH(title, ftype)						\
	{ .kind = ROW_PATH, .name = #title, .type = ftype }

/* What a query parameter of kore.conf is for; .fallback: what none means. */
#define PARAM(title, text, ...)						\
	{ .kind = ROW_PARAM, .name = #title, .doc = text, ##__VA_ARGS__ }

/*
 * Handles a request that Kore has led to a route; called again once the
 * request's coroutine is done. Returns KORE_RESULT_*.
 */
typedef int	 route_handler_fn(struct http_request *, const struct route *);

/* What Kore calls for every route: the function given to routes_init(). */
int		 route_dispatch(struct http_request *, const struct route *);

/* A query parameter that was sent, decoded; value is NULL while it is bad. */
struct query_value {
	const char		*name;
	const char		*value;
	struct query_value	*next;
};

/* Does kore.conf's params block declare it for this row's method? */
bool		 query_is_of(const struct kore_handler_params *,
		    const struct endpoint *);

/* The value of a query parameter, validated; NULL if it was not sent. */
const char	*query_param(const struct ctx *, const char *name);

/*
 * The value of a PATH row, validated; NULL if the route has none of that name,
 * or before raise_validation() if it is bad.
 */
const char	*path_param(const struct ctx *, const char *name);

/*
 * Read both into the ctx, and note what is bad: raise_validation() is the
 * caller's. What is bad has no value then.
 */
void		 query_read(struct ctx *);
void		 path_read(struct ctx *);

/*
 * In the parent, once: binds every handler of Kore's route table. Returns
 * NULL, or a line saying what does not fit.
 */
const char	*routes_init(route_handler_fn *);

/* The endpoint of a method; NULL if the route has none. */
const struct endpoint	*route_endpoint(const struct route *, enum http_verb);

/* The PATH row that follows one, the first for NULL; NULL after the last. */
const struct route_row	*route_next_path_row(const struct route *,
			    const struct route_row *);

/* Calls fn for every bound method row, in kore.conf's order. */
void		 routes_walk(void (*fn)(const struct route *,
		    const struct endpoint *));

/* Calls keep() with every route of Kore's, for a search for leaks. */
void		 routes_keep(void (*keep)(const void *, size_t));

/*
 * Does kore.conf lead the path to an endpoint, in the domain of `beside`? A
 * route without rows does not count.
 */
bool		 routes_have(const struct route *beside, const char *path,
		    size_t len);

/* The path kore.conf gives it, a regex or a plain path. */
const char	*route_path(const struct route *);

/* The groups of route's path in a path; false when it does not match. */
#define PATH_GROUPS_MAX	4

struct span {
	size_t	start, end;
};

bool		 path_match(const struct route *, const char *path,
		    struct span groups[PATH_GROUPS_MAX]);

#endif
