/* SPDX-License-Identifier: ISC */
/* The API's description and the page that shows it. */

#ifndef MODULES_DOCS_H
#define MODULES_DOCS_H

#include "http/static_file.h"

/* docs_service.c */

/* The page that shows the description. Raises 404 in a build without it. */
const struct static_file	*docs_service_page(struct ctx *);

/* A file that the page loads, by its name. Raises 404 if there is none. */
const struct static_file	*docs_service_file(struct ctx *,
				    const char *name);

#endif
