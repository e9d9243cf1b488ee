/* SPDX-License-Identifier: ISC */
/* Responds with a file in memory: compiled in, or built at start. */

#include "http/conditional.h"
#include "http/respond.h"
#include "http/static_file.h"
#include "utils/accept.h"
#include "wire/wire.h"

/* Several header lines are one list (RFC 9110, 5.3). */
static bool
accepts_gzip(const struct head *h)
{
	const struct head_line	*line = NULL;
	bool			 sent = false;

	while ((line = head_next(h, line, "accept-encoding")) != NULL) {
		if (accepts_coding(line->value, "gzip"))
			return (true);
		sent = true;
	}
	return (!sent);
}

static void
accept_gzip(struct ctx *c)
{
	if (!accepts_gzip(&c->sent->head))
		raise_error(c, &ERR_NOT_ACCEPTABLE,
		    "It is sent with gzip only");
	respond_header(c, "content-encoding", "gzip");
	respond_header(c, "vary", "Accept-Encoding");
}

void
respond_static(struct ctx *c, const struct static_file *f)
{
	respond_header(c, "cache-control", "no-cache");
	if (f->gzip)
		accept_gzip(c);
	if (respond_tag(c, f->etag)) {
		respond_empty(c, 304);
		return;
	}
	respond_body(c, 200, f->type, f->body, f->len);
	c->response.is_static = true;
}
