/* SPDX-License-Identifier: ISC */
/* /openapi.json, and /docs, which shows it. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/docs/docs.h"
#include "openapi/openapi.h"

ROUTER(docs, "The OpenAPI description.");

/* Allows only our own files, and requests only to this server. */
static const char	policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

static void
read_description(struct ctx *c)
{
	respond_static(c, openapi_file());
}

static void
show_docs(struct ctx *c)
{
	respond_header(c, "content-security-policy", policy);
	respond_header(c, "referrer-policy", "no-referrer");
	respond_static(c, docs_service_page(c));
}

static void
read_docs_file(struct ctx *c)
{
	respond_static(c, docs_service_file(c, path_param(c, "name")));
}

ROUTE(openapi_json,
    GET(read_description, .hidden = true, .any_query = true,
	.doc = "The description of this API, OpenAPI 3.1."));

ROUTE(docs_page,
    GET(show_docs, .hidden = true, .any_query = true,
	.doc = "A page that shows the description."));

ROUTE(docs_file,
    PATH(name, T_STR),
    GET(read_docs_file, .hidden = true, .any_query = true,
	.doc = "A file of that page."));
