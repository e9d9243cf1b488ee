/* SPDX-License-Identifier: ISC */
/* The rows of the route tables: ROUTE, GET, POST, PATH, PARAM. */

#ifndef RUNTIME_ENDPOINT_H
#define RUNTIME_ENDPOINT_H

#include <stddef.h>

#include "runtime/ctx.h"
#include "runtime/depend.h"
#include "runtime/schema.h"
#include "runtime/validator.h"

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

enum http_verb {
	VERB_NONE, VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE
};

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

/* Which shape this endpoint's errors have: the envelope, or RFC 6749, 5.2. */
enum error_shape { ENVELOPE, OAUTH };

struct endpoint {
	enum http_verb			 verb;
	void				(*handler)(struct ctx *);
	const char			*name;
	const struct rate_limit		*limit;		/* per address */
	const struct dependency		*auth;
	const struct schema		*in;
	const struct schema		*out;
	const struct schema		*out_cursor;	/* with ?cursor= */
	int				 status;	/* 0 means 200 */
	enum error_shape		 errors;
	bool				 if_match;	/* *_precondition() */
	const struct error_kind	*const	*raises;	/* besides the above */
	bool				 hidden;	/* not described */
	const char			*doc;

	const char			*param;		/* PATH rows */
	enum field_type			 type;
	const char			*query;		/* PARAM rows */
	const char			*fallback;
};

struct kore_handler_params;
struct kore_module_handle;
struct path_regex;
struct rate_limit;

struct route {
	const char			*name;
	const struct router		*router;
	const struct endpoint		*rows;
	size_t				 nrows;

	/* Bound at start, from Kore's route table. */
	struct kore_module_handle	*hdlr;
	struct path_regex		*regex;
	const char			*allow;
	const struct route		*next;		/* bound before */
};

#define ROUTE(route_name, ...)						\
	static const struct endpoint route_name##__rows[] = {		\
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
		return (endpoint_handle(req, &route_name##__route));	\
	}								\
	struct endpoint		/* so that ROUTE(...) takes a semicolon */

#define METHOD(v, fn, ...)						\
	{ .verb = v, .handler = fn, .name = #fn, ##__VA_ARGS__ }
#define GET(fn, ...)	METHOD(VERB_GET, fn, ##__VA_ARGS__)
#define POST(fn, ...)	METHOD(VERB_POST, fn, ##__VA_ARGS__)
#define PUT(fn, ...)	METHOD(VERB_PUT, fn, ##__VA_ARGS__)
#define PATCH(fn, ...)	METHOD(VERB_PATCH, fn, ##__VA_ARGS__)
#define DELETE(fn, ...)	METHOD(VERB_DELETE, fn, ##__VA_ARGS__)
#define PATH(name, ftype)						\
	{ .verb = VERB_NONE, .param = #name, .type = ftype }

/* What a query parameter of kore.conf is for; .fallback: what none means. */
#define PARAM(name, text, ...)						\
	{ .verb = VERB_NONE, .query = #name, .doc = text, ##__VA_ARGS__ }

/*
 * What Kore calls for a request, and calls again once its coroutine is done.
 * Returns KORE_RESULT_*.
 */
int		 endpoint_handle(struct http_request *, const struct route *);

/* "GET" for VERB_GET. */
const char	*endpoint_verb_name(enum http_verb);

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
const char	*routes_init(void);

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
