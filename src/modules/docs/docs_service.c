/* SPDX-License-Identifier: ISC */
/* Swagger UI, compiled in from assets/swagger-ui, and the page around it. */

#include <string.h>

#include "modules/docs/docs.h"

/*
 * kodev generates these names for an asset's bytes, their number and their
 * entity tag. Weak, because assets/swagger-ui is empty before `make deps`.
 */
#define WEAK	__attribute__((weak))
#define ASSET(name)							\
	extern const unsigned char	asset_##name[] WEAK;		\
	extern const unsigned int	asset_len_##name WEAK;		\
	extern const char		*asset_sha256_##name WEAK

ASSET(docs_css);
ASSET(docs_html);
ASSET(docs_js);
ASSET(favicon_svg);
ASSET(swagger_ui_css_gz);
ASSET(swagger_ui_bundle_js_gz);

static const struct static_file *
make_file(struct ctx *c, const char *type, const unsigned char *body,
    const unsigned int *len, const char *const *etag, bool gzip)
{
	struct static_file	*f;

	if (body == NULL)
		raise_error(c, &ERR_NOT_FOUND, "The docs page is not in this "
		    "build: run make deps, and build again");
	f = ctx_alloc(c, sizeof(*f));
	f->type = type;
	f->body = body;
	f->len = *len;
	f->etag = *etag;
	f->gzip = gzip;
	return (f);
}

#define FILE_OF(name, type, gzip)					\
	make_file(c, type, asset_##name, &asset_len_##name,		\
	    &asset_sha256_##name, gzip)

const struct static_file *
docs_service_page(struct ctx *c)
{
	docs_service_file(c, "swagger-ui-bundle.js");	/* or 404 */
	return (FILE_OF(docs_html, "text/html; charset=utf-8", false));
}

const struct static_file *
docs_service_file(struct ctx *c, const char *name)
{
	static const char	css[] = "text/css; charset=utf-8";
	static const char	js[] = "text/javascript; charset=utf-8";

	if (strcmp(name, "docs.css") == 0)
		return (FILE_OF(docs_css, css, false));
	if (strcmp(name, "docs.js") == 0)
		return (FILE_OF(docs_js, js, false));
	if (strcmp(name, "favicon.svg") == 0)
		return (FILE_OF(favicon_svg, "image/svg+xml", false));
	if (strcmp(name, "swagger-ui.css") == 0)
		return (FILE_OF(swagger_ui_css_gz, css, true));
	if (strcmp(name, "swagger-ui-bundle.js") == 0)
		return (FILE_OF(swagger_ui_bundle_js_gz, js, true));
	raise_error(c, &ERR_NOT_FOUND, "Not found");
}
