/* SPDX-License-Identifier: ISC */
/* The parts of the check of all routes. For src/http/routes*.c only. */

#ifndef HTTP_ROUTES_CHECK_H
#define HTTP_ROUTES_CHECK_H

#include "http/routes.h"
#include "utils/start_error.h"
#include "utils/text.h"

/*
 * Each returns NULL, or a line that ends the start: it names the file or the
 * line of kore.conf, and says what to write.
 */

/* routes_order.c: a route that no request can reach. */
const char	*route_check_order(const struct route *);

/* routes_check_rows.c: what an endpoint's row says. */
const char	*route_check_rows(const struct route *);

/* routes_check_params.c: PATH rows; PARAM rows and kore.conf's params. */
const char	*route_check_path(const struct route *);
const char	*route_check_params(const struct route *);

/* routes_asked.c: names and schemas that code uses, and no row has. */
const char	*routes_check_names(void);
const char	*routes_check_schemas(void);

/* "FILE: GET(read_note) in ROUTE(notes_item) " and then the text. */
#define row_error(r, e, fmt, ...)					\
	start_error("%s: %s(%s) in ROUTE(%s) " fmt, (r)->router->file,	\
	    endpoint_verb_name((e)->verb), (e)->name, (r)->name,	\
	    ##__VA_ARGS__)

/* route_rows.c */

/* Adds the names of the route's rows of a kind that are not in the list. */
void		 names_of_rows(const struct route *, enum route_row_kind,
		    struct text *);

/* The row of that kind and name; NULL if the route has none. */
const struct route_row	*find_row(const struct route *, enum route_row_kind,
			    const char *name);

#endif
