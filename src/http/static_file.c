/* SPDX-License-Identifier: ISC */
/* Responds with a file in memory: compiled in, or built at start. */

#include "http/conditional.h"
#include "http/respond.h"
#include "http/routes.h"
#include "http/static_file.h"
#include "utils/accept.h"

/* Chooses between the two representations. */
static const struct static_body *
choose(struct ctx *c, const struct static_file *f)
{
	const char	*list = header_list(c, "accept-encoding");
	int		 gzip = coding_weight(list, "gzip");
	int		 plain = coding_weight(list, "identity");

	respond_header(c, "vary", "Accept-Encoding");
	if (gzip > 0 && gzip >= plain) {
		respond_header(c, "content-encoding", "gzip");
		return (&f->gzip);
	}
	if (plain == 0)
		raise_error(c, &ERR_NOT_ACCEPTABLE,
		    "It is sent with gzip or without a coding");
	return (&f->plain);
}

void
respond_static(struct ctx *c, const struct static_file *f)
{
	const struct static_body	*b = &f->plain;

	respond_header(c, "cache-control", "no-cache");
	if (f->gzip.bytes != NULL)
		b = choose(c, f);
	if (respond_tag(c, b->etag)) {
		respond_empty(c, 304);
		return;
	}
	respond_body(c, 200, f->type, b->bytes, b->len);
	c->response.is_static = true;
}
