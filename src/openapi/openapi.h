/* SPDX-License-Identifier: ISC */
/*
 * The description of the API (OpenAPI), made at the start from what decides at
 * run time.
 */

#ifndef OPENAPI_OPENAPI_H
#define OPENAPI_OPENAPI_H

#include "http/static_file.h"

/*
 * The description of the API, OpenAPI 3.1: made of what decides at run time,
 * kore.conf's routes, parameters and validators, the ROUTE rows and the
 * schemas. No setting changes it. FastAPI's app.openapi().
 */

/*
 * In the parent, once, after routes_init() and schemas_init(). Returns NULL,
 * or a line saying what cannot be described.
 */
const char	*openapi_init(void);

/* The text, JSON without a line's end, as what answers with it. */
const struct static_file	*openapi_file(void);

#endif
