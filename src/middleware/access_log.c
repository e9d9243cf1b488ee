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

/* The line that is logged for every request. */

#include "middleware/middleware.h"
#include "runtime/endpoint.h"
#include "runtime/log.h"
#include "utils/timefmt.h"

/*
 * The path without its query string: what stands there may be a secret. A
 * client that hung up has no status it could have seen, but the request was
 * done all the same.
 */
void
access_log_write(const struct ctx *c)
{
	struct jsonw	*j;

	if ((j = log_begin(LEVEL_INFO, c, "request")) == NULL)
		return;
	jsonw_string(j, "method", c->method_name);
	jsonw_string(j, "path", c->path);
	jsonw_string(j, "route", c->endpoint != NULL ? c->endpoint->name :
	    NULL);
	jsonw_int(j, "status", c->response.status);
	jsonw_int(j, "bytes", (int64_t)c->response.len);
	jsonw_int(j, "duration_us", timefmt_now() - c->started);
	jsonw_string(j, "client", c->client);
	jsonw_bool(j, "client_gone", c->client_gone);
	log_end(j);
}
