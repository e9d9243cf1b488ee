/* SPDX-License-Identifier: ISC */
/*
 * Handles requests: Kore calls app_handle(), a coroutine runs the handler, and
 * when that has ended, Kore calls app_handle() again to send the response.
 * Meanwhile only ctx->req connects the coroutine with Kore's request.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <stdio.h>
#include <string.h>

#include "app.h"
#include "app_queue.h"
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
request_free(struct ctx *c)
{
	ctx_release(c);
	wire_request_free(c->sent);
	mem_free(c);
}

static void
request_end(struct ctx *c)
{
	metrics->total.requests[c->response.status / 100 % 6]++;
	access_log_write(c);
	request_free(c);
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

static void
request_done(struct ctx *c)
{
	if (c->error.kind != NULL)
		error_handler_respond(c, path_before(c->req));
	c->done = true;
	if (c->req != NULL)
		http_request_wakeup(c->req);
	else
		request_end(c);
}

/* It has waited, and its handler never runs. */
static void
request_refuse(struct ctx *c)
{
	c->error.kind = &ERR_UNAVAILABLE;
	snprintf(c->error.message, sizeof(c->error.message),
	    "The server is busy");
	c->endpoint = find_endpoint(c->route, c->req);
	request_done(c);
}

/* Runs on the loop's stack after the coroutine has ended in any way. */
static void
endpoint_done(void *arg)
{
	struct ctx	*c = arg;

	ctx_end(c);
	if (endpoint_retry(c))
		return;
	request_done(c);
	while ((c = queue_next()) != NULL) {
		if (ctx_begin(c, endpoint_run, endpoint_done, c)) {
			coro_wake(c->coro);
			break;
		}
		request_refuse(c);
	}
}

void
app_tick(uint64_t now)
{
	struct ctx	*c;

	while ((c = queue_late(now)) != NULL)
		request_refuse(c);
}

/*
 * The client has hung up, or Kore is done with the request. One that was never
 * begun leaves nothing: it is not counted, and has no line in the log.
 */
static void
request_gone(struct http_request *req)
{
	struct ctx	*c = req->hdlr_extra;

	req->hdlr_extra = NULL;
	req->onfree = NULL;
	c->req = NULL;
	c->client_gone = true;
	if (queue_leave(c))
		request_free(c);
	else if (c->done)
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

/* Takes ownership of sent, or returns NULL: out of memory. */
static struct ctx *
request_new(struct http_request *req, const struct route *route,
    struct wire_request *sent)
{
	struct faults		 faults;
	struct ctx		*c;
	enum queue_answer	 answer;

	arm_faults(&sent->head, &faults);
	if ((c = mem_calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	answer = queue_enter(c, wire_is_admin(req->owner));
	if (answer == QUEUE_RUN &&
	    !ctx_begin(c, endpoint_run, endpoint_done, c)) {
		queue_next();
		answer = QUEUE_FULL;
	}
	if (answer == QUEUE_FULL) {
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
			app_respond_busy(req, find_endpoint(route, req),
			    path_before(req), sent);
			return (KORE_RESULT_OK);
		}
		if (c->coro != NULL)
			coro_resume(c->coro);
		faults_select(NULL);
	}
	if (!c->done) {
		http_request_sleep(req);
		return (KORE_RESULT_RETRY);
	}

	coro_beside(c);
	app_respond(c);
	req->hdlr_extra = NULL;
	req->onfree = NULL;
	request_end(c);
	coro_beside(NULL);
	return (KORE_RESULT_OK);
}

void
app_init(void)
{
	wire_settings.find_route = routes_find;
	wire_settings.find_body_max = routes_body_max;
	wire_settings.name_request = request_id_assign;
	wire_settings.write_refusal = error_handler_refuse;
	wire_settings.put_headers = cors_headers;
}
