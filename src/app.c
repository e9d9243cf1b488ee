/* SPDX-License-Identifier: ISC */
/*
 * Handles requests: Kore calls app_handle(), a coroutine runs the handler, and
 * when that has ended, Kore calls app_handle() again to send the response.
 * Meanwhile only ctx->req connects the coroutine with Kore's request.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <string.h>

#include "app.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "coro/loop.h"
#include "database/database.h"
#include "http/respond.h"
#include "http/routes.h"
#include "middleware/cors.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "modules/idempotency/idempotency.h"
#include "utils/accept.h"
#include "utils/text.h"
#include "utils/timefmt.h"
#include "wire/wire.h"

static void	endpoint_run(void *) AWAITS;
static void	endpoint_done(void *);

static void
request_end(struct ctx *c)
{
	metrics->total.requests[c->response.status / 100 % 6]++;
	access_log_write(c);
	ctx_release(c);
	wire_request_free(c->sent);
	mem_free(c);
}

/* Points the ctx at what was sent. */
static void
read_request(struct ctx *c)
{
	const struct head	*h = &c->sent->head;
	const struct head_line	*line = NULL;

	c->method_name = h->method;
	c->path = h->path;
	c->query = h->query;
	c->content_type = head_value(h, "content-type");
	while ((line = head_next(h, line, "content-encoding")) != NULL)
		c->coded |= coding_is_applied(line->value);
	c->authorization = head_value(h, "authorization");
	c->user_agent = head_value(h, "user-agent");
	c->secret = c->authorization != NULL;
	c->body = c->sent->body_len > 0 ? c->sent->body : "";
	c->body_len = c->sent->body_len;
}

static enum http_verb
verb_of(const struct http_request *req)
{
	switch (req->method) {
	case HTTP_METHOD_GET:
	case HTTP_METHOD_HEAD:
		return (VERB_GET);
	case HTTP_METHOD_POST:
		return (VERB_POST);
	case HTTP_METHOD_PUT:
		return (VERB_PUT);
	case HTTP_METHOD_PATCH:
		return (VERB_PATCH);
	case HTTP_METHOD_DELETE:
		return (VERB_DELETE);
	}
	return (VERB_NONE);
}

static const struct endpoint *
find_endpoint(const struct route *route, const struct http_request *req)
{
	enum http_verb	 verb = verb_of(req);

	return (verb == VERB_NONE ? NULL : route_endpoint(route, verb));
}

/*
 * What the client's URL has before the path. There is no proxy in front of the
 * admin listener. If the client has hung up, req or its owner is NULL, and
 * nobody reads the response.
 */
static const char *
path_before(const struct http_request *req)
{
	if (req == NULL || req->owner == NULL)
		return ("");
	return (wire_is_admin(req->owner) ? "" : public_path());
}

/* Redirects "/users/" to "/users", for every method (RFC 9110, 15.4.9). */
static bool
redirect_trailing_slash(struct ctx *c)
{
	const char	*target;
	size_t		 len = strlen(c->path);

	if (len < 2 || c->path[len - 1] != '/' ||
	    !routes_have(c->route, ctx_strndup(c, c->path, len - 1)))
		return (false);
	target = ctx_printf(c, "%.*s%s%s", (int)len - 1, c->path,
	    *c->query != '\0' ? "?" : "", c->query);
	respond_header(c, "location", ctx_printf(c, "%s%s",
	    path_before(c->req), target));
	respond_empty(c, 308);
	return (true);
}

static void
respond_without_endpoint(struct ctx *c)
{
	/* Of any path: the request itself then shows the page its error. */
	if (!wire_is_admin(c->req->owner) &&
	    cors_is_preflight(&c->sent->head)) {
		respond_empty(c, 204);
		return;
	}
	if (strcmp(c->path, "*") == 0) {	/* OPTIONS *: RFC 9110, 9.3.7 */
		respond_header(c, "allow", "GET, HEAD, POST, PUT, PATCH, "
		    "DELETE, OPTIONS");
		respond_empty(c, 204);
		return;
	}
	if (c->route->nrows == 0) {
		if (redirect_trailing_slash(c))
			return;
		raise_error(c, &ERR_NOT_FOUND, "Not found");
	}
	if (c->req->method == HTTP_METHOD_OPTIONS) {
		respond_header(c, "allow", c->route->allow);
		if (route_endpoint(c->route, VERB_PATCH) != NULL)
			respond_header(c, "accept-patch", ACCEPT_PATCH);
		respond_empty(c, 204);
		return;
	}
	error_header(c, "allow", c->route->allow);
	raise_error(c, &ERR_METHOD_NOT_ALLOWED, "Method not allowed");
}

/* The coroutine's function. */
static void
endpoint_run(void *arg)
{
	struct ctx	*c = arg;

	if (c->endpoint == NULL &&
	    (c->endpoint = find_endpoint(c->route, c->req)) == NULL) {
		respond_without_endpoint(c);
		return;
	}
	if (c->endpoint->limit != NULL && !c->retried)
		rate_limit_request(c, c->endpoint->limit);
	/* Check access before the input: a 401 or 403 goes before a 422. */
	path_read(c);
	if (c->endpoint->auth != NULL)
		depend(c, c->endpoint->auth);
	if (c->endpoint->also != NULL)
		depend(c, c->endpoint->also);
	if (!c->endpoint->any_query)
		query_read(c);
	if (c->endpoint->idempotent)
		idempotency_service_read(c);
	raise_validation(c);
	idempotency_service_begin(c);
	c->endpoint->handler(c);
	if (db_is_begun(c) || c->response.status == 0)
		raise_error(c, &ERR_INTERNAL, "%s ended without %s",
		    c->endpoint->name, db_is_begun(c) ? "committing" :
		    "a response");
	idempotency_service_end(c);
	if (c->endpoint->verb != VERB_GET && c->response.status < 400)
		db_confirm(c);
}

/* Runs the handler a second time; the copies of the request stay. */
static bool
endpoint_retry(struct ctx *c)
{
	if (!c->error.retry || c->retried ||
	    !ctx_begin(c, endpoint_run, endpoint_done, c))
		return (false);
	memset(&c->error, 0, sizeof(c->error));
	memset(&c->response, 0, sizeof(c->response));
	memset(c->path_values, 0, sizeof(c->path_values));
	c->user = c->target = NULL;
	c->user_id = c->session_id = NULL;
	c->query_values = NULL;
	c->idempotency = NULL;
	c->on_first = NULL;
	c->queried = c->wrote = false;
	c->accepted = false;
	c->retried = true;
	coro_wake(c->coro);
	return (true);
}

/* Runs on the loop's stack after the coroutine has ended in any way. */
static void
endpoint_done(void *arg)
{
	struct ctx	*c = arg;

	ctx_end(c);
	if (endpoint_retry(c))
		return;
	if (c->error.kind != NULL)
		error_handler_respond(c, path_before(c->req));
	c->done = true;
	if (c->req != NULL)
		http_request_wakeup(c->req);
	else
		request_end(c);
}

/* The client has hung up, or Kore is done with the request. */
static void
request_gone(struct http_request *req)
{
	struct ctx	*c = req->hdlr_extra;

	req->hdlr_extra = NULL;
	req->onfree = NULL;
	c->req = NULL;
	c->client_gone = true;
	if (c->done)
		request_end(c);
}

static void
arm_faults(const struct head *h, struct faults *faults)
{
#if defined(FAULTS)
	faults_parse(faults, head_value(h, FAULT_HEADER));
#else
	(void)h;
	memset(faults, 0, sizeof(*faults));
#endif
	faults_select(faults);
}

/* Takes ownership of sent, or returns NULL: out of memory or coroutines. */
static struct ctx *
request_new(struct http_request *req, const struct route *route,
    struct wire_request *sent)
{
	struct faults	 faults;
	struct ctx	*c;

	arm_faults(&sent->head, &faults);
	if ((c = mem_calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	if (!ctx_begin(c, endpoint_run, endpoint_done, c)) {
		mem_free(c);
		return (NULL);
	}
	c->faults = faults;
	faults_select(&c->faults);
	c->req = req;
	c->sent = sent;
	c->route = route;
	c->started = timefmt_now();
	read_request(c);
	client_address_assign(c, (const struct sockaddr *)&req->owner->addr);
	request_id_assign(c->request_id, head_value(&sent->head,
	    "x-request-id"));

	req->hdlr_extra = c;
	req->flags |= HTTP_REQUEST_RETAIN_EXTRA;
	req->onfree = request_gone;
	return (c);
}

static void
put_header(void *req, const char *name, const char *value)
{
	http_response_header(req, name, value);
}

/* Each error is a problem if Accept asks for it. */
#define ERRORS_VARY	"Accept"

/* vary: what the response varies by, besides the Origin. */
static void
send_common_headers(struct http_request *req, const char *request_id,
    const struct head *h, const char *vary)
{
	char	 date[TIMEFMT_HTTP];

	timefmt_http(timefmt_now(), date);
	http_response_header(req, "date", date);
	http_response_header(req, "x-content-type-options", "nosniff");
	http_response_header(req, "x-request-id", request_id);
	/* RFC 6797, 7.2: over TLS only. */
	if (wire_settings.hsts != NULL && req->owner->ssl != NULL)
		http_response_header(req, "strict-transport-security",
		    wire_settings.hsts);
	cors_headers(wire_is_admin(req->owner) ? NULL : h, vary, put_header,
	    req);
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
send_no_store(struct http_request *req, const struct endpoint *e)
{
	http_response_header(req, "cache-control", "no-store");
	if (e != NULL && e->errors == OAUTH)
		http_response_header(req, "pragma", "no-cache");
}

static void
send_response(struct ctx *c)
{
	struct http_request	*req = c->req;
	const struct header	*h;
	char			 buffer[128];
	struct text		 vary = text_in(buffer, sizeof(buffer));
	bool			 has_cache_control = false;

	if (c->response.status >= 400)
		text_puts(&vary, ERRORS_VARY);
	send_common_headers(req, c->request_id, &c->sent->head,
	    join_headers(c, "vary", &vary));
	rate_limit_headers(c);
	for (h = c->response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, "vary") != 0)
			http_response_header(req, h->name, h->value);
		has_cache_control |= strcmp(h->name, "cache-control") == 0;
	}
	/*
	 * Without Cache-Control, a cache may store even a 404 (RFC 9111,
	 * 4.2.2).
	 */
	if (!has_cache_control)
		send_no_store(req, c->endpoint);
	if (c->response.status == 304)		/* RFC 9110, 8.6 */
		req->flags |= HTTP_REQUEST_NO_CONTENT_LENGTH;
	wire_response_begins(req->owner);
	if (c->response.is_static)
		http_response_stream(req, c->response.status,
		    (void *)(uintptr_t)c->response.body, c->response.len,
		    NULL, NULL);
	else
		http_response(req, c->response.status, c->response.body,
		    c->response.len);
	wire_response_ends(req->owner);
}

static void
respond_busy(struct http_request *req, const struct route *route,
    struct wire_request *sent)
{
	const struct endpoint	*e = find_endpoint(route, req);
	const struct header	*h;
	char			 id[REQUEST_ID_MAX + 1], body[ENVELOPE_MAX];
	size_t			 len;

	request_id_assign(id, head_value(&sent->head, "x-request-id"));
	send_common_headers(req, id, &sent->head, ERRORS_VARY);
	send_no_store(req, e);
	http_response_header(req, "retry-after", "1");
	for (h = error_handler_headers(e, &sent->head); h != NULL; h = h->next)
		http_response_header(req, h->name, h->value);
	len = error_handler_busy(body, e, path_before(req), &sent->head, id);
	wire_request_free(sent);
	wire_response_begins(req->owner);
	http_response(req, 503, body, len);
	wire_response_ends(req->owner);
	metrics->total.requests[5]++;
	log_event(LEVEL_WARNING, NULL, "unavailable", "no memory or coroutine "
	    "for request %s", id);
}

int
app_handle(struct http_request *req, const struct route *route)
{
	struct ctx		*c = req->hdlr_extra;
	struct wire_request	*sent;

	if (c == NULL) {
		if ((sent = wire_take(req)) == NULL)
			return (KORE_RESULT_ERROR);	/* gone already */
		if ((c = request_new(req, route, sent)) == NULL) {
			faults_select(NULL);
			respond_busy(req, route, sent);
			return (KORE_RESULT_OK);
		}
		coro_resume(c->coro);
		faults_select(NULL);
	}
	if (!c->done) {
		http_request_sleep(req);
		return (KORE_RESULT_RETRY);
	}

	coro_beside(c);
	send_response(c);
	req->hdlr_extra = NULL;
	req->onfree = NULL;
	request_end(c);
	coro_beside(NULL);
	return (KORE_RESULT_OK);
}
