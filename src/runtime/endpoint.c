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

/*
 * A request's way through Keel: Kore calls endpoint_handle(), a coroutine runs
 * the handler, and when that has ended Kore is told to call again to send the
 * answer. Between the two, only ctx->req ties the coroutine to Kore's request.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <openssl/crypto.h>

#include <arpa/inet.h>
#include <string.h>

#include "middleware/middleware.h"
#include "runtime/endpoint.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/mem.h"
#include "runtime/metrics.h"
#include "runtime/respond.h"
#include "utils/timefmt.h"

static void	endpoint_done(void *);

const char *
endpoint_verb_name(enum http_verb verb)
{
	static const char *const	 names[] = {
		[VERB_NONE] = "", [VERB_GET] = "GET", [VERB_POST] = "POST",
		[VERB_PUT] = "PUT", [VERB_PATCH] = "PATCH",
		[VERB_DELETE] = "DELETE",
	};

	return (names[verb]);
}

static void
ctx_free(struct ctx *c)
{
	arena_free(&c->arena, c->secret);
	mem_free(c);
}

static void
ctx_end(struct ctx *c)
{
	metrics->requests[c->response.status / 100 % 6]++;
	access_log_write(c);
	ctx_free(c);
}

static const char *
copy_header(struct ctx *c, const char *name)
{
	const char	*value;

	if (!http_request_header(c->req, name, &value))
		return (NULL);
	return (ctx_strdup(c, value));
}

static void
copy_client(struct ctx *c)
{
	const struct connection	*conn = c->req->owner;

	if (conn->family == AF_INET)
		inet_ntop(AF_INET, &conn->addr.ipv4.sin_addr, c->client,
		    sizeof(c->client));
	else if (conn->family == AF_INET6)
		inet_ntop(AF_INET6, &conn->addr.ipv6.sin6_addr, c->client,
		    sizeof(c->client));
}

static void
copy_body(struct ctx *c)
{
	struct http_request	*req = c->req;

	c->body_len = 0;
	c->body = "";
	if (req->http_body == NULL || req->http_body_length == 0)
		return;
	c->body = ctx_strndup(c, (const char *)req->http_body->data,
	    req->http_body_length);
	c->body_len = req->http_body_length;

	/* Kore does not read it again, and would not wipe it. */
	OPENSSL_cleanse(req->http_body->data, req->http_body_length);
}

/* All that outlives the first await. */
static void
copy_request(struct ctx *c)
{
	struct http_request	*req = c->req;

	copy_client(c);
	c->method_name = http_method_text(req->method);
	c->path = ctx_strdup(c, req->path);
	c->query = req->query_string == NULL ? "" :
	    ctx_strdup(c, req->query_string);
	c->content_type = copy_header(c, "content-type");
	c->authorization = copy_header(c, "authorization");
	c->secret = c->authorization != NULL;
	copy_body(c);
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
find_endpoint(const struct ctx *c)
{
	enum http_verb	 verb = verb_of(c->req);
	size_t		 i;

	for (i = 0; i < c->route->nrows; i++) {
		if (verb != VERB_NONE && c->route->rows[i].verb == verb)
			return (&c->route->rows[i]);
	}
	return (NULL);
}

static void
answer_without_endpoint(struct ctx *c)
{
	if (c->route->nrows == 0)
		raise_error(c, &ERR_NOT_FOUND, "Not found");
	if (c->req->method == HTTP_METHOD_OPTIONS) {
		respond_header(c, "allow", c->route->allow);
		respond_empty(c, 204);
		return;
	}
	error_header(c, "allow", c->route->allow);
	raise_error(c, &ERR_METHOD_NOT_ALLOWED, "Method not allowed");
}

/* The coroutine. */
static void
endpoint_run(void *arg)
{
	struct ctx	*c = arg;

	if (!c->retried)
		copy_request(c);
	if (c->endpoint == NULL &&
	    (c->endpoint = find_endpoint(c)) == NULL) {
		answer_without_endpoint(c);
		return;
	}
	if (c->endpoint->auth != NULL)
		c->endpoint->auth->resolve(c);
	path_read(c);
	if (c->endpoint->errors != OAUTH)
		query_read(c);		/* RFC 6749, 3.2: to be ignored */
	c->endpoint->handler(c);
	if (c->transaction != NULL || c->response.status == 0)
		raise_error(c, &ERR_INTERNAL, "%s ended without %s",
		    c->endpoint->name, c->transaction != NULL ?
		    "committing" : "an answer");
}

/* Once more from the start; the request's copies stay. */
static bool
endpoint_retry(struct ctx *c)
{
	struct coro	*again;

	if (!c->error.retry || c->retried)
		return (false);
	again = coro_new(endpoint_run, endpoint_done, c);
	if (again == NULL)
		return (false);
	coro_free(c->coro);
	c->coro = again;
	memset(&c->error, 0, sizeof(c->error));
	memset(&c->response, 0, sizeof(c->response));
	c->user = NULL;
	c->query_values = NULL;
	c->retried = true;
	coro_wake(c->coro);
	return (true);
}

/* Runs on the loop's stack when the coroutine has ended, however it did. */
static void
endpoint_done(void *arg)
{
	struct ctx	*c = arg;

	faults_select(NULL);
	ctx_run_defers(c);
	if (endpoint_retry(c))
		return;
	coro_free(c->coro);
	c->coro = NULL;
	if (c->error.kind != NULL)
		error_handler_respond(c);
	c->done = true;
	if (c->req != NULL)
		http_request_wakeup(c->req);
	else
		ctx_end(c);
}

/* The client has gone, or Kore is done with the request. */
static void
request_gone(struct http_request *req)
{
	struct ctx	*c = req->hdlr_extra;

	req->hdlr_extra = NULL;
	req->onfree = NULL;
	c->req = NULL;
	c->client_gone = true;
	if (c->done)
		ctx_end(c);
}

static void
arm_faults(struct http_request *req, struct faults *faults)
{
#if defined(KEEL_FAULTS)
	const char	*header = NULL;

	http_request_header(req, FAULT_HEADER, &header);
	faults_parse(faults, header);
#else
	(void)req;
	memset(faults, 0, sizeof(*faults));
#endif
	faults_select(faults);
}

static struct ctx *
ctx_new(struct http_request *req, const struct route *route)
{
	struct faults	 faults;
	struct ctx	*c;
	const char	*header = NULL;

	arm_faults(req, &faults);
	if ((c = mem_calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->coro = coro_new(endpoint_run, endpoint_done, c);
	if (c->coro == NULL) {
		mem_free(c);
		return (NULL);
	}
	c->faults = faults;
	faults_select(&c->faults);
	c->req = req;
	c->route = route;
	c->path = "";
	c->method_name = "";
	c->started = timefmt_now();
	http_request_header(req, "x-request-id", &header);
	request_id_assign(c->request_id, header);

	req->hdlr_extra = c;
	req->flags |= HTTP_REQUEST_RETAIN_EXTRA;
	req->onfree = request_gone;
	return (c);
}

static void
send_common_headers(struct http_request *req, const char *request_id)
{
	char	 date[TIMEFMT_HTTP];

	timefmt_http(timefmt_now(), date);
	http_response_header(req, "date", date);
	http_response_header(req, "x-content-type-options", "nosniff");
	http_response_header(req, "x-request-id", request_id);
}

static void
send_answer(struct ctx *c)
{
	struct http_request	*req = c->req;
	const struct header	*h;

	send_common_headers(req, c->request_id);
	for (h = c->response.headers; h != NULL; h = h->next)
		http_response_header(req, h->name, h->value);
	http_response(req, c->response.status, c->response.body,
	    c->response.len);
}

/*
 * Sending lets Kore read the connection's next request, which it puts before
 * the one in hand: out of sight of this round of http_process().
 */
static void
see_next_request(const struct http_request *req)
{
	if (req->owner != NULL && (TAILQ_NEXT(req, olist) != NULL ||
	    TAILQ_FIRST(&req->owner->http_requests) != req))
		loop_schedule();
}

static int
answer_busy(struct http_request *req)
{
	const char	*header = NULL;
	char		 id[REQUEST_ID_MAX + 1], body[BUSY_MAX];

	http_request_header(req, "x-request-id", &header);
	request_id_assign(id, header);
	send_common_headers(req, id);
	http_response_header(req, "retry-after", "1");
	http_response_header(req, "content-type", "application/json");
	http_response(req, 503, body, error_handler_busy(body, id));
	log_event(LEVEL_WARNING, NULL, "unavailable", "no memory or coroutine "
	    "for request %s", id);
	return (KORE_RESULT_OK);
}

int
endpoint_handle(struct http_request *req, const struct route *route)
{
	struct ctx	*c = req->hdlr_extra;

	if (c == NULL) {
		if ((c = ctx_new(req, route)) == NULL) {
			faults_select(NULL);
			return (answer_busy(req));
		}
		coro_resume(c->coro);
		faults_select(NULL);
	}
	if (!c->done) {
		http_request_sleep(req);
		return (KORE_RESULT_RETRY);
	}

	send_answer(c);
	see_next_request(req);
	req->hdlr_extra = NULL;
	req->onfree = NULL;
	ctx_end(c);
	return (KORE_RESULT_OK);
}
