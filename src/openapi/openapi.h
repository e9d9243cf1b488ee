/* SPDX-License-Identifier: ISC */
/*
 * The OpenAPI description of the API, made at start from the tables that the
 * server itself uses.
 */

#ifndef OPENAPI_OPENAPI_H
#define OPENAPI_OPENAPI_H

#include "http/static_file.h"

/*
 * The OpenAPI 3.1 description of the API, like FastAPI's app.openapi(). It is
 * made from what decides at run time: kore.conf's routes, parameters and
 * validators, the ROUTE rows and the schemas. No setting changes it.
 */

/*
 * In the parent, once, after routes_init() and schemas_init(). Returns NULL, or
 * an error message that says what cannot be described.
 */
const char	*openapi_init(void);

/* The JSON text, without a line feed at its end, as a static file. */
const struct static_file	*openapi_file(void);

#endif
