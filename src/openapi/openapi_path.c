/* SPDX-License-Identifier: ISC */
/* Converts kore.conf's paths from regexes to OpenAPI's path templates. */

#include "http/path_template.h"
#include "openapi/openapi_build.h"

/* The route, and its PATH row of the last group. */
struct groups {
	const struct route	*route;
	const struct route_row	*row;
};

static bool
add_group(struct text *t, void *arg)
{
	struct groups	*g = arg;

	if ((g->row = route_next_path_row(g->route, g->row)) == NULL)
		return (false);
	text_printf(t, "{%s}", g->row->name);
	return (true);
}

bool
openapi_path(const struct route *r, char out[static OPENAPI_PATH_MAX])
{
	struct groups	 g = { r, NULL };
	struct text	 t = text_in(out, OPENAPI_PATH_MAX);

	if (r->regex == NULL) {
		text_puts(&t, route_path(r));
		return (!t.cut);
	}
	return (path_template(route_path(r), add_group, &g, &t));
}
