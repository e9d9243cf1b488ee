/* SPDX-License-Identifier: ISC */
/*
 * Sends the response of a request: status, header lines and body, straight into
 * what the connection sends. Kore's http_response() allocates and formats each
 * line.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <string.h>

#include "app.h"
#include "base/log.h"
#include "base/metrics.h"
#include "middleware/cors.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "request/endpoint.h"
#include "utils/text.h"
#include "utils/timefmt.h"
#include "wire/wire.h"

/* Each error is a problem if Accept asks for it. */
#define ERRORS_VARY	"Accept"

/* vary: what the response varies by, besides the Origin. */
static void
put_common_headers(struct connection *to, const char *request_id,
    const struct head *h, const char *vary)
{
	char	 date[TIMEFMT_HTTP];

	timefmt_http(timefmt_now(), date);
	wire_put_header(to, "date", date);
	wire_put_header(to, "x-content-type-options", "nosniff");
	wire_put_header(to, "x-request-id", request_id);
	/* RFC 6797, 7.2: over TLS only. */
	if (wire_settings.hsts != NULL && to->ssl != NULL)
		wire_put_header(to, "strict-transport-security",
		    wire_settings.hsts);
	cors_headers(wire_is_admin(to) ? NULL : h, vary, wire_put_header, to);
}

/* The response's headers of that name, as one list. */
static const char *
join_headers(const struct ctx *c, const char *name, struct text *list)
{
	const struct header	*h;

	for (h = c->response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, name) == 0)
			text_printf(list, "%s%s", list->len > 0 ? ", " : "",
			    h->value);
	}
	return (list->data);
}

/* No cache may store it: RFC 9111, 5.2.2.5; RFC 6749, 5.1. */
static void
put_no_store(struct connection *to, const struct endpoint *e)
{
	wire_put_header(to, "cache-control", "no-store");
	if (e != NULL && e->errors == OAUTH)
		wire_put_header(to, "pragma", "no-cache");
}

static void
put_head(const struct ctx *c, struct connection *to)
{
	const struct header	*h;
	char			 buffer[128];
	struct text		 vary = text_in(buffer, sizeof(buffer));
	bool			 has_cache_control = false;

	if (c->response.status >= 400)
		text_puts(&vary, ERRORS_VARY);
	wire_put_status(to, c->response.status);
	put_common_headers(to, c->request_id, &c->sent->head,
	    join_headers(c, "vary", &vary));
	rate_limit_headers(c, wire_put_header, to);
	for (h = c->response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, "vary") != 0)
			wire_put_header(to, h->name, h->value);
		has_cache_control |= strcmp(h->name, "cache-control") == 0;
	}
	/*
	 * Without Cache-Control, a cache may store even a 404 (RFC 9111,
	 * 4.2.2).
	 */
	if (!has_cache_control)
		put_no_store(to, c->endpoint);
}

void
app_respond(struct ctx *c)
{
	struct connection	*to = c->req->owner;
	struct wire_body	 body = { .data = c->response.body,
				    .len = c->response.len,
				    .status = c->response.status,
				    .is_static = c->response.is_static,
				    .is_left_out = c->req->method ==
				    HTTP_METHOD_HEAD };

	wire_response_begins(to);
	put_head(c, to);
	wire_put_body(to, &body);
	wire_response_ends(to);
}

void
app_respond_busy(struct http_request *req, const struct endpoint *e,
    const char *path_before, struct wire_request *sent)
{
	struct connection	*to = req->owner;
	const struct header	*h;
	char			 id[REQUEST_ID_MAX + 1], text[ENVELOPE_MAX];
	struct wire_body	 body = { .data = text, .status = 503,
				    .is_left_out = req->method ==
				    HTTP_METHOD_HEAD };

	request_id_assign(id, head_value(&sent->head, "x-request-id"));
	wire_response_begins(to);
	wire_put_status(to, 503);
	put_common_headers(to, id, &sent->head, ERRORS_VARY);
	put_no_store(to, e);
	wire_put_header(to, "retry-after", "1");
	for (h = error_handler_headers(e, &sent->head); h != NULL; h = h->next)
		wire_put_header(to, h->name, h->value);
	body.len = error_handler_busy(text, e, path_before, &sent->head, id);
	wire_request_free(sent);
	wire_put_body(to, &body);
	wire_response_ends(to);
	metrics->total.requests[5]++;
	log_event(LEVEL_WARNING, NULL, "unavailable", "no memory or place "
	    "for request %s", id);
}
