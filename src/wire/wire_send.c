/* SPDX-License-Identifier: ISC */
/* Sends responses and refusals, and closes connections. */

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/stopping.h"
#include "product.h"
#include "utils/text.h"
#include "utils/timefmt.h"
#include "wire/wire_conn.h"

#define DISCARD_TURN	(1024 * 1024)	/* bytes, then the next one's turn */
#define LINGER_MAX_MS	30000

/*
 * If a socket is closed while it has unread data, the kernel sends a reset, and
 * the client can lose the response. So: close our half, then read and drop what
 * the client sends until it is silent. Many clients read the response only
 * after they have sent everything.
 */
static bool
linger(struct wire *w)
{
	if (w->conn->ssl != NULL) {
		ERR_clear_error();
		SSL_shutdown(w->conn->ssl);
	}
	if (shutdown(w->conn->fd, SHUT_WR) == -1)
		return (false);
	wire_buffers_free(w);
	wire_memory_free(w);
	wire_phase_set(w, WIRE_LINGERING);
	w->linger_end = w->since + LINGER_MAX_MS;
	w->readable = true;
	return (wire_discard(w));
}

bool
wire_discard(struct wire *w)
{
	static char	 dropped[4096];
	size_t		 turn = 0;
	ssize_t		 n;

	while (w->readable) {
		if (turn >= DISCARD_TURN) {
			wire_later(w);
			return (true);
		}
		/* tcp(7): MSG_TRUNC drops the bytes and copies nothing. */
		n = w->conn->family == AF_UNIX ?
		    recv(w->conn->fd, dropped, sizeof(dropped), 0) :
		    recv(w->conn->fd, NULL, DISCARD_TURN, MSG_TRUNC);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return (false);
		w->readable = n != -1 || errno == EINTR;
		if (n == -1)
			continue;
		turn += (size_t)n;
		if (kore_time_ms() < w->linger_end)
			w->since = kore_time_ms();
	}
	return (true);
}

bool
wire_flush(struct wire *w)
{
	if (net_send_flush(w->conn) == KORE_RESULT_ERROR)
		return (false);
	if (w->phase != WIRE_SENDING || !TAILQ_EMPTY(&w->conn->send_queue))
		return (true);
	if (stopping_begun())
		stopping_finished(wire_count_requests() - 1);
	if (w->close)
		return (linger(w));
	wire_phase_set(w, WIRE_IDLE);
	wire_buffers_keep(w);
	/* Kore must not get the next request while it is ending this one. */
	if (w->readable || w->len > 0)
		wire_later(w);
	return (true);
}

void
wire_response_begins(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	if (w == NULL)
		return;
	/* Requests that the client has already sent are still answered. */
	if (stopping_begun() && !wire_has_next(w))
		w->close = true;
}

void
wire_put_status(struct connection *c, int status)
{
	const struct wire	*w = c->hdlr_extra;
	char			 text[192];
	int			 n;

	n = snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\n"
	    "server: " PRODUCT "\r\n", status, http_status_text(status));
	net_send_queue(c, text, (size_t)n);
	if (w == NULL || w->close || http_keepalive_time == 0) {
		wire_put_header(c, "connection", "close");
		return;
	}
	n = snprintf(text, sizeof(text), "connection: keep-alive\r\n"
	    "keep-alive: timeout=%d\r\n", http_keepalive_time);
	net_send_queue(c, text, (size_t)n);
}

void
wire_put_header(void *connection, const char *name, const char *value)
{
	net_send_queue(connection, name, strlen(name));
	net_send_queue(connection, ": ", 2);
	if (*value != '\0')
		net_send_queue(connection, value, strlen(value));
	net_send_queue(connection, "\r\n", 2);
}

void
wire_put_body(struct connection *c, const struct wire_body *body)
{
	char	 length[48];
	int	 n;

	/* RFC 9110, 8.6 */
	n = body->status == 204 || body->status == 304 ?
	    snprintf(length, sizeof(length), "\r\n") :
	    snprintf(length, sizeof(length), "content-length: %zu\r\n\r\n",
	    body->len);
	net_send_queue(c, length, (size_t)n);
	if (body->is_left_out || body->data == NULL || body->len == 0)
		return;
	if (body->is_static)
		net_send_stream(c, (void *)(uintptr_t)body->data, body->len,
		    NULL, NULL);
	else
		net_send_queue(c, body->data, body->len);
}

void
wire_response_ends(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	if (w == NULL)
		return;
	wire_phase_set(w, WIRE_SENDING);
	if (!wire_flush(w))
		kore_connection_disconnect(c);
}

struct wire_request *
wire_take(struct http_request *req)
{
	struct wire		*w;
	struct wire_request	*r;

	if (req->owner == NULL || (w = req->owner->hdlr_extra) == NULL)
		return (NULL);
	r = w->request;
	w->request = NULL;
	return (r);
}

static void
log_refusal(const struct wire *w, const char *id, int status,
    const char *message)
{
	char		 client[NETADDR_TEXT];
	struct jsonw	*j;

	if ((j = log_begin(LEVEL_INFO, NULL, "refused")) == NULL)
		return;
	netaddr_text(&w->peer, client);
	jsonw_string(j, "request_id", id);
	jsonw_int(j, "status", status);
	jsonw_string(j, "message", message);
	jsonw_string(j, "client", client);
	log_end(j);
}

/*
 * Does the request begin with HEAD? Then no body is sent (RFC 9110, 9.3.2),
 * also if the rest of its head is not valid, or has not arrived.
 */
static bool
is_head(const struct wire *w)
{
	const char	*method;

	if (w->request == NULL && w->len < w->scan.start + sizeof("HEAD"))
		return (false);
	method = w->request != NULL ? w->request->text :
	    w->in + w->scan.start;
	return (strncmp(method, "HEAD", 4) == 0 &&
	    (method[4] == ' ' || method[4] == '\0'));
}

static void
put_line(void *lines, const char *name, const char *value)
{
	text_printf(lines, "%s: %s\r\n", name, value);
}

/*
 * Writes the response itself, in the form that Kore and app.c give it: both
 * know nothing of this request.
 */
bool
wire_refuse(struct wire *w, const struct error_kind *kind, const char *message)
{
	static const struct head	 none = { .method = "" };
	const struct head		*h = &none;
	const char			*retry_after = "";
	char				 id[REQUEST_ID_MAX + 1], head[1536];
	char				 hsts[96] = "", lines[1024];
	struct text			 more = text_in(lines, sizeof(lines));
	struct refusal			 r = { .kind = kind,
					    .message = message,
					    .request_id = id };
	char				 date[TIMEFMT_HTTP];
	int				 n;

	if (w->request != NULL)
		h = &w->request->head;
	if (h->parsed)
		r.head = h;
	r.is_admin = wire_is_admin(w->conn);
	wire_settings.name_request(id, head_value(h, "x-request-id"));
	log_refusal(w, id, kind->status, message);
	metrics->total.requests[kind->status / 100 % 6]++;

	wire_settings.write_refusal(&r);
	timefmt_http(timefmt_now(), date);
	if (wire_settings.hsts != NULL && w->conn->ssl != NULL)
		snprintf(hsts, sizeof(hsts), "strict-transport-security: "
		    "%s\r\n", wire_settings.hsts);
	if (kind->status == 503)
		retry_after = "retry-after: 1\r\n";
	wire_settings.put_headers(r.is_admin ? NULL : h, r.vary, put_line,
	    &more);
	n = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\n"
	    "connection: close\r\n%sdate: %s\r\n"
	    "x-content-type-options: nosniff\r\n"
	    "x-request-id: %s\r\ncache-control: no-store\r\n"
	    "%s%scontent-type: %s\r\n"
	    "content-length: %zu\r\n\r\n", kind->status,
	    http_status_text(kind->status), hsts, date, id, retry_after,
	    lines, r.type, r.len);
	net_send_queue(w->conn, head, (size_t)n);
	if (!is_head(w))
		net_send_queue(w->conn, r.body, r.len);

	w->close = true;
	wire_memory_free(w);		/* the client may never read this */
	wire_phase_set(w, WIRE_SENDING);
	return (wire_flush(w));
}
