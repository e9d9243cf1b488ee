/* SPDX-License-Identifier: ISC */
/* The line that is logged for every request. */

#include "base/log.h"
#include "http/routes.h"
#include "middleware/middleware.h"
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

	if ((j = log_begin(LEVEL_INFO, c->request_id, "request")) == NULL)
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
