/* SPDX-License-Identifier: ISC */
/* The access log: one line for each request. */

#include "base/log.h"
#include "middleware/middleware.h"
#include "request/endpoint.h"
#include "utils/timefmt.h"

/*
 * Logs the path without the query string, which may hold a secret. The status
 * is logged even if the client has hung up: the request was handled all the
 * same. So is the signed-in user, even if the request failed afterwards.
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
	jsonw_string(j, "user", c->user_id);
	jsonw_bool(j, "client_gone", c->client_gone);
	log_end_later(j);
}
