/* SPDX-License-Identifier: ISC */
/* The response of a request, until it is sent. */

#include <string.h>

#include "http/respond.h"

static const char	*path_before = "";

void
respond_init(const char *path)
{
	path_before = path;
}

const char *
public_path(void)
{
	return (path_before);
}

void
respond_header(struct ctx *c, const char *name, const char *value)
{
	if (strpbrk(value, "\r\n") != NULL)
		raise_error(c, &ERR_INTERNAL, "Line break in header %s", name);
	header_add(c, &c->response.headers, name, value);
}

void
respond_location(struct ctx *c, const char *path)
{
	respond_header(c, "location", ctx_printf(c, "%s%s", public_path(),
	    path));
}

void
respond_empty(struct ctx *c, int status)
{
	c->response.status = status;
	c->response.body = NULL;
	c->response.len = 0;
	c->response.is_static = false;
}

void
respond_body(struct ctx *c, int status, const char *type, const char *body,
    size_t len)
{
	respond_header(c, "content-type", type);
	c->response.status = status;
	c->response.body = body;
	c->response.len = len;
	c->response.is_static = false;
}

void
respond_json(struct ctx *c, int status, const struct jsonw *j)
{
	if (j->text.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	respond_body(c, status, "application/json", j->text.data, j->text.len);
}

void
respond_text(struct ctx *c, int status, const char *type, const char *text)
{
	respond_body(c, status, type, ctx_strdup(c, text), strlen(text));
}
