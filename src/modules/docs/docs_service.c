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
ASSET(swagger_ui_css);
ASSET(favicon_svg);
ASSET(swagger_ui_css_gz);
ASSET(swagger_ui_bundle_js);
ASSET(swagger_ui_bundle_js_gz);

static struct static_body
make_body(struct ctx *c, const unsigned char *bytes,
    const unsigned int *len, const char *const *etag)
{
	if (bytes == NULL)
		raise_error(c, &ERR_NOT_FOUND, "The docs page is not in this "
		    "build: run make deps, and build again");
	return ((struct static_body){ bytes, *len, *etag });
}

#define BODY_OF(name)							\
	make_body(c, asset_##name, &asset_len_##name, &asset_sha256_##name)

static struct static_file *
make_file(struct ctx *c, const char *type, struct static_body plain)
{
	struct static_file	*f = ctx_alloc(c, sizeof(*f));

	f->type = type;
	f->plain = plain;
	return (f);
}

const struct static_file *
docs_service_page(struct ctx *c)
{
	docs_service_file(c, "swagger-ui-bundle.js");	/* or 404 */
	return (make_file(c, "text/html; charset=utf-8", BODY_OF(docs_html)));
}

const struct static_file *
docs_service_file(struct ctx *c, const char *name)
{
	static const char	 css[] = "text/css; charset=utf-8";
	static const char	 js[] = "text/javascript; charset=utf-8";
	struct static_file	*f;

	if (strcmp(name, "docs.css") == 0)
		return (make_file(c, css, BODY_OF(docs_css)));
	if (strcmp(name, "docs.js") == 0)
		return (make_file(c, js, BODY_OF(docs_js)));
	if (strcmp(name, "favicon.svg") == 0)
		return (make_file(c, "image/svg+xml", BODY_OF(favicon_svg)));
	if (strcmp(name, "swagger-ui.css") == 0) {
		f = make_file(c, css, BODY_OF(swagger_ui_css));
		f->gzip = BODY_OF(swagger_ui_css_gz);
		return (f);
	}
	if (strcmp(name, "swagger-ui-bundle.js") == 0) {
		f = make_file(c, js, BODY_OF(swagger_ui_bundle_js));
		f->gzip = BODY_OF(swagger_ui_bundle_js_gz);
		return (f);
	}
	raise_error(c, &ERR_NOT_FOUND, "Not found");
}
