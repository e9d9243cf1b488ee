/* SPDX-License-Identifier: ISC */
/* The API's description, the page that shows it, and /, which leads there. */

#ifndef MODULES_DOCS_H
#define MODULES_DOCS_H

#include "http/schema_response.h"
#include "http/static_file.h"

/* docs_schemas.c: the name of the service, and where clients find more. */

struct service {
	const char	*name;
	const char	*version;	/* of the API */
	const char	*docs;
	const char	*openapi;
};

SCHEMA_RESPONSE(service, service);

/* docs_service.c */

/* The page that shows the description. Raises 404 in a build without it. */
const struct static_file	*docs_service_page(struct ctx *);

/* A file that the page loads, by its name. Raises 404 if there is none. */
const struct static_file	*docs_service_file(struct ctx *,
				    const char *name);

#endif
