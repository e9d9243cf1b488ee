/* SPDX-License-Identifier: ISC */
/* Checks all routes at the start. */

#include "http/routes_check.h"

const char *
routes_check(void)
{
	const struct route	*r;
	const char		*problem;

	for (r = routes_first(); r != NULL; r = r->next) {
		if ((problem = route_check_order(r)) != NULL ||
		    (problem = route_check_path(r)) != NULL ||
		    (problem = route_check_params(r)) != NULL ||
		    (problem = route_check_rows(r)) != NULL)
			return (problem);
	}
	if ((problem = routes_check_names()) != NULL)
		return (problem);
	return (routes_check_schemas());
}
