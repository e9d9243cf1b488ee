/* SPDX-License-Identifier: ISC */
/* The rows of the route tables: ROUTE, GET, POST, PATH, PARAM. */

#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include <stddef.h>

#include "base/export.h"
#include "base/register.h"
#include "http/path_shape.h"
#include "request/ctx.h"
#include "request/depend.h"
#include "request/endpoint.h"
#include "schema/schema.h"
#include "schema/validator.h"

/*
 * A route's rows in C. kore.conf maps a path to the route; the rows name the
 * path's groups and declare its methods:
 *
 *	ROUTER(users, "Users.");
 *	ROUTE(users_item,
 *	    PATH(user_id, T_UUID),
 *	    GET(read_user, .auth = &signed_in, .out = &user_schema,
 *	        .raises = RAISES(&ERR_NOT_FOUND), .doc = "Read a user."));
 *
 * kore.conf:	route ^/api/v1/users/([^/]+)$ users_item
 *
 * At start, routes_init() looks up `users_item__route` for each handler of
 * Kore's route table: there is no list of routes in C.
 */

/*
 * A file's router, like FastAPI's APIRouter: its name is the OpenAPI tag of the
 * file's routes. It must stand above the first ROUTE.
 */
struct router {
	const char	*name;
	const char	*doc;
	const char	*file;
};

#define ROUTER(title, text)						\
	static const struct router router = {				\
		.name = #title, .doc = text, .file = __BASE_FILE__	\
	}

/* A row of a ROUTE: a method's endpoint, or facts about a parameter. */
enum route_row_kind { ROW_ENDPOINT, ROW_PATH, ROW_PARAM };

struct route_row {
	enum route_row_kind	 kind;
	struct endpoint		 endpoint;	/* ROW_ENDPOINT */
	const char		*name;		/* of the parameter */
	enum member_type		 type;		/* ROW_PATH */
	const char		*doc;		/* ROW_PARAM */
	const char		*fallback;	/* ROW_PARAM; or NULL */
	const char		*example;	/* ROW_PARAM; or NULL */
};

struct http_request;
struct kore_domain;
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
	const struct path_shape		*shape;		/* or NULL */
	size_t				 order;		/* in its domain */
	const char			*allow;
	struct route			*next;		/* bound after it */
	struct route			*next_shapeless; /* of its domain */
};

/* All ROUTEs, also those that kore.conf leaves out: their hdlr is NULL. */
REGISTERED(struct route, routes);

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
	REGISTER(routes, route_name##__route);				\
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

/*
 * Describes a query parameter of kore.conf. .fallback is its default; .example
 * is for those that are not a number, a choice or a bool.
 */
#define PARAM(title, text, ...)						\
	{ .kind = ROW_PARAM, .name = #title, .doc = text, ##__VA_ARGS__ }

/*
 * Handles a request that Kore has routed; called again when the request's
 * coroutine is done. Returns KORE_RESULT_*.
 */
typedef int	 route_handler_fn(struct http_request *, const struct route *);

/* Kore's handler of every route: calls the function of routes_init(). */
int		 route_dispatch(struct http_request *, const struct route *);

/* A query parameter that was sent, decoded; value is NULL if invalid. */
struct query_value {
	const char		*name;
	const char		*value;
	struct query_value	*next;
};

/* Does this params block of kore.conf belong to the endpoint's method? */
bool		 query_is_of(const struct kore_handler_params *,
		    const struct endpoint *);

/* The rule of an endpoint's query parameter; NULL: it has no such parameter. */
const struct rule	*query_rule(const struct route *,
			    const struct endpoint *, const char *name);

/*
 * A place where code asks for a parameter by its name. routes_check() looks for
 * the name in the rows of the handler's ROUTE or, outside of a handler, in all
 * rows of the file.
 */
struct asked_name {
	enum route_row_kind	 kind;
	const char		*name;		/* NULL: not a constant */
	const char		*file;
	const char		*function;
};

/*
 * The text, and a note that it is asked for. For a function that takes a name:
 * address_param(c, QUERY_NAME("address")).
 */
#define QUERY_NAME(text)	ASKED_NAME(ROW_PARAM, text)
#define PATH_NAME(text)		ASKED_NAME(ROW_PATH, text)
#define ASKED_NAME(row_kind, text) __extension__ ({			\
	static const struct asked_name	 asked_name = {			\
		row_kind, __builtin_choose_expr(			\
		    __builtin_constant_p(text), text, NULL),		\
		__BASE_FILE__, __func__					\
	};								\
	REGISTER(asked_names, asked_name);				\
	(text);								\
})

/*
 * The value of a query parameter, validated; NULL if it was not sent. A name in
 * quotes that no row has stops the start.
 */
const char	*query_param(const struct ctx *, const char *name);
#define query_param(c, text)	query_param(c, QUERY_NAME(text))

/*
 * The same for a time: its text in UTC, in the form that cursors have. Raises
 * 422 if the value is no time.
 */
const char	*query_time(struct ctx *, const char *name);
#define query_time(c, text)	query_time(c, QUERY_NAME(text))

/*
 * The decoded and validated value of a PATH row. NULL if the route has no row
 * of that name, or if the value is invalid and raise_validation() is still to
 * come. A dependency may serve routes without the row; but a name in quotes
 * that no row has stops the start.
 */
const char	*path_param(const struct ctx *, const char *name);
#define path_param(c, text)	path_param(c, PATH_NAME(text))

/* The request's header lines of that name, as one list; "" if none. */
const char	*header_list(struct ctx *, const char *name);

/*
 * Read the query string and the path into the ctx. Invalid values become error
 * details and have no value; the caller calls raise_validation(). path_read()
 * raises 404 if the path does not match the route.
 */
void		 query_read(struct ctx *);
void		 path_read(struct ctx *);

/*
 * In the parent, once: binds every handler of Kore's route table. Returns NULL
 * or an error message.
 */
const char	*routes_init(route_handler_fn *);

/*
 * In the parent, once, after routes_init() and schemas_init(): compares the
 * rows with each other, with kore.conf, and with what the handlers do. Returns
 * NULL, or a line that names the file and says what to write.
 */
const char	*routes_check(void);

/* The first route of all domains; its `next` leads to the others. */
const struct route	*routes_first(void);

/* Does the route's path in kore.conf match this one? */
bool		 route_matches(const struct route *, const char *path);

/* The endpoint of a method; NULL if the route has none. */
const struct endpoint	*route_endpoint(const struct route *, enum http_verb);

/* The next PATH row, the first one for NULL; NULL after the last one. */
const struct route_row	*route_next_path_row(const struct route *,
			    const struct route_row *);

/* Calls fn for every bound method row, in kore.conf's order. */
void		 routes_walk(void (*fn)(const struct route *,
		    const struct endpoint *));

/* Calls keep() for each route of Kore, for the leak sanitizer. */
void		 routes_keep(void (*keep)(const void *, size_t));

/*
 * The first route of a domain in kore.conf that matches the path, as Kore
 * chooses it; routes_init() has checked that there is one.
 */
struct kore_module_handle	*routes_find(const struct kore_domain *,
				    const char *path);

/*
 * The .body_max of the endpoint that has this path and method in that domain; 0
 * if there is none.
 */
size_t		 routes_body_max(const struct kore_domain *, const char *path,
		    const char *method);

/* Is that, in the domain of `beside`, a route that has rows? */
bool		 routes_have(const struct route *beside, const char *path);

/* The route's path in kore.conf: a regex or a plain path. */
const char	*route_path(const struct route *);

/* Finds the groups of a path; false if it does not match the route. */
#define PATH_GROUPS_MAX	4

bool		 path_match(const struct route *, const char *path,
		    struct span groups[PATH_GROUPS_MAX]);

#endif
