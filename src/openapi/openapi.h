/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_OPENAPI_H
#define KEEL_OPENAPI_H

#include "runtime/static_file.h"

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
