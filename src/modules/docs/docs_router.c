/* SPDX-License-Identifier: ISC */
/* /openapi.json, /docs, which shows it, and /, which leads there. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/docs/docs.h"
#include "openapi/openapi.h"
#include "product.h"
#include "utils/accept.h"

ROUTER(docs, "The OpenAPI description.");

/* Browsers do; a client that takes anything does not. */
static bool
prefers_page(struct ctx *c)
{
	const char	*accept = header_list(c, "accept");

	return (media_type_weight(accept, "text/html") >
	    media_type_weight(accept, "application/json"));
}

static void
name_service(struct ctx *c)
{
	respond_header(c, "vary", "Accept");
	if (prefers_page(c)) {
		respond_location(c, "/docs");
		respond_empty(c, 303);
		return;
	}
	service_respond(c, &(struct service){
	    .name = PRODUCT_TITLE, .version = PRODUCT_VERSION,
	    .docs = ctx_printf(c, "%s/docs", public_path()),
	    .openapi = ctx_printf(c, "%s/openapi.json", public_path()) });
}

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
	respond_header(c, "x-frame-options", "DENY");	/* old browsers */
	respond_header(c, "referrer-policy", "no-referrer");
	respond_static(c, docs_service_page(c));
}

static void
read_docs_file(struct ctx *c)
{
	respond_static(c, docs_service_file(c, path_param(c, "name")));
}

static void
read_favicon(struct ctx *c)
{
	respond_static(c, docs_service_file(c, "favicon.svg"));
}

ROUTE(root,
    GET(name_service, .auth = &public, .hidden = true, .any_query = true,
	.out = &service_schema,
	.doc = "Name the service; lead a browser to the docs page."));

ROUTE(favicon,
    GET(read_favicon, .auth = &public, .raw = true, .hidden = true,
	.any_query = true,
	.doc = "The icon that browsers ask for by themselves."));

ROUTE(openapi_json,
    GET(read_description, .auth = &public, .raw = true, .hidden = true,
	.any_query = true,
	.doc = "The description of this API, OpenAPI 3.1."));

ROUTE(docs_page,
    GET(show_docs, .auth = &public, .raw = true, .hidden = true,
	.any_query = true,
	.doc = "A page that shows the description."));

ROUTE(docs_file,
    PATH(name, T_STR),
    GET(read_docs_file, .auth = &public, .raw = true, .hidden = true,
	.any_query = true,
	.doc = "A file of that page."));
