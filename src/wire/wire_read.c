/* SPDX-License-Identifier: ISC */
/*
 * Reads requests and passes them to Kore. The guard's buffer holds what is not
 * yet parsed, and never more than a head may have.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "wire/wire_conn.h"
#include "wire/wire_target.h"

#define KNOWN_MAX	64	/* bytes of a path that Kore is given */
#define TURN_BYTES	65536	/* then the next connection's turn */
#define TURN_RECORD	256	/* what a TLS record without data counts as */

static const char	busy[] = "The server is busy";

/*
 * OpenSSL has read from the socket. If it got less than it asked for, nothing
 * is left there (epoll(7)), and to read again would say only that.
 */
static long
note_read(BIO *bio, int what, const char *data, size_t len, int i, long l,
    int result, size_t *got)
{
	struct connection	*c = (void *)BIO_get_callback_arg(bio);
	struct wire		*w = c->hdlr_extra;

	(void)data;
	(void)i;
	(void)l;
	if (what == (BIO_CB_READ | BIO_CB_RETURN) && w != NULL)
		w->drained = result <= 0 || *got < len;
	return (result);
}

void
wire_read_begins(struct wire *w)
{
	struct connection	*c = w->conn;
	BIO			*bio;

	w->readable = true;	/* the handshake may have brought data */
	if (c->ssl == NULL)
		return;
	bio = SSL_get_rbio(c->ssl);
	BIO_set_callback_arg(bio, (char *)c);
	BIO_set_callback_ex(bio, note_read);
}

/*
 * OpenSSL reads ahead: a record may be in its memory, whole or in part, after
 * the socket is empty. SSL_read() also returns "want read" after a record
 * without data (a key update). Then only the kernel's EAGAIN says that nothing
 * is left to read.
 */
static ssize_t
receive_tls(struct wire *w, char *p, size_t len)
{
	int	 n;

	ERR_clear_error();
	errno = 0;
	if ((n = SSL_read(w->conn->ssl, p, (int)len)) > 0) {
		w->readable = !w->drained || SSL_has_pending(w->conn->ssl);
		return (n);
	}
	switch (SSL_get_error(w->conn->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		w->readable = errno != EAGAIN;
		return (0);
	}
	return (-1);
}

/*
 * Returns the number of bytes read; 0 if none are there yet, -1 if the
 * connection has ended or failed.
 */
static ssize_t
receive(struct wire *w, char *p, size_t len)
{
	ssize_t	 n;

	if (w->conn->ssl != NULL)
		return (receive_tls(w, p, len));
	if ((n = recv(w->conn->fd, p, len, 0)) > 0) {
		w->readable = (size_t)n == len;
		return (n);
	}
	if (n == -1 && errno == EINTR)
		return (0);
	w->readable = false;
	return (n == -1 && errno == EAGAIN ? 0 : -1);
}

static void
consume(struct wire *w, size_t n)
{
	w->len -= n;
	memmove(w->in, w->in + n, w->len);
	OPENSSL_cleanse(w->in + w->len, n);
}

/*
 * Without the port, which Kore does not always remove, and without a dot at the
 * end, which a server name never has (RFC 6066, 3).
 */
static size_t
host_length(const char *host)
{
	size_t	 len;

	if (*host == '[')
		return (strcspn(host, "]") + 1);
	len = strcspn(host, ":");
	return (len > 1 && host[len - 1] == '.' ? len - 1 : len);
}

static const struct kore_domain *
first_domain(const struct connection *c)
{
	return (TAILQ_FIRST(&c->owner->server->domains));
}

/*
 * The host by which Kore finds the domain. A client of HTTP/1.0 may send none:
 * then it is that of the TLS handshake, or of the server's first domain.
 */
static const char *
host_of(const struct connection *c, const struct head *h)
{
	if (*h->host != '\0')
		return (h->host);
	if (c->tls_sni != NULL && host_is_valid(c->tls_sni))
		return (c->tls_sni);
	return (first_domain(c)->domain);
}

/* A path that Kore finds without a regex, as long as there is one. */
static const char *
known_path(const struct connection *c)
{
	const struct kore_module_handle	*r;

	TAILQ_FOREACH(r, &first_domain(c)->handlers, list) {
		if (r->type == HANDLER_TYPE_STATIC &&
		    strlen(r->path) <= KNOWN_MAX)
			return (r->path);
	}
	return ("/");
}

/*
 * Kore reads no target above 1,998 bytes. So it gets another one, which it
 * finds at once, and here the request's own route.
 */
static void
set_route(struct connection *c, const char *path)
{
	struct http_request	*req = TAILQ_FIRST(&c->http_requests);

	req->hdlr = wire_settings.find_route(req->hdlr->dom, path);
}

/*
 * Gives Kore a minimal head, which it cannot misread. False if Kore refuses it
 * all the same: it has then closed the connection, and w has been freed.
 */
static bool
hand_over(struct wire *w)
{
	static const char	 format[] = "%s %s HTTP/1.1\r\n"
				    "host: %.*s\r\ncontent-length: 0\r\n\r\n";
	struct connection	*c = w->conn;
	struct netbuf		*nb = c->rnb;
	const struct head	*h = &w->request->head;
	const char		*host = host_of(c, h);
	char			 text[HEAD_HOST_MAX + 256];
	size_t			 len;

	len = (size_t)snprintf(text, sizeof(text), format, h->method,
	    known_path(c), (int)host_length(host), host);
	kore_free(nb->buf);
	nb->buf = kore_malloc(len);
	memcpy(nb->buf, text, len);
	nb->s_off = nb->b_len = nb->m_len = len;
	w->close = h->close;
	if (w->len == 0)
		wire_in_free(w);
	memset(&w->scan, 0, sizeof(w->scan));
	wire_phase_set(w, WIRE_HANDLING);
	if (http_header_recv(nb) != KORE_RESULT_OK || c->hdlr_extra != w ||
	    (c->flags & CONN_CLOSE_EMPTY) != 0)
		return (false);
	set_route(c, h->path);
	return (true);
}

static bool
read_sized(struct wire *w)
{
	struct wire_request	*r = w->request;
	size_t			 n = (size_t)r->head.content_length -
				    r->body_len;

	if (n > w->len)
		n = w->len;
	if (n > 0 && !wire_body_append(w, w->in, n))
		return (wire_refuse(w, &ERR_UNAVAILABLE, busy));
	consume(w, n);
	if (r->body_len < (size_t)r->head.content_length)
		return (true);
	return (hand_over(w));
}

static bool
read_chunked(struct wire *w)
{
	enum chunked_result	 result;
	size_t			 at = 0, used, data;

	do {
		data = 0;
		result = chunked_next(&w->chunked, w->in + at, w->len - at,
		    &used, &data);
		if (result == CHUNKED_BAD)
			return (wire_refuse(w, &ERR_BAD_REQUEST,
			    "The chunked body is not valid"));
		if (w->request->body_len + data > w->request->body_max)
			return (wire_refuse(w, &ERR_CONTENT_TOO_LARGE,
			    "The body is too large"));
		at += used;
		if (data > 0 && !wire_body_append(w, w->in + at, data))
			return (wire_refuse(w, &ERR_UNAVAILABLE, busy));
		at += data;
	} while (result == CHUNKED_DATA);
	consume(w, at);
	return (result == CHUNKED_DONE ? hand_over(w) : true);
}

/* RFC 9110, 10.1.1: the client waits for this before it sends the body. */
static bool
send_continue(struct wire *w)
{
	static const char	 go_ahead[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct head	*h = &w->request->head;

	if (!h->expects_continue || w->len > 0 ||
	    (!h->chunked && h->content_length == 0))
		return (true);
	net_send_queue(w->conn, go_ahead, sizeof(go_ahead) - 1);
	return (net_send_flush(w->conn) == KORE_RESULT_OK);
}

/*
 * Kore would check these too, but would respond without a body. Returns what is
 * wrong, or NULL; then *dom is the host's domain.
 */
static const char *
check_host(const struct connection *c, const struct head *h,
    const struct kore_domain **dom)
{
	const char	*host = host_of(c, h);
	size_t		 len = host_length(host);
	char		 name[HEAD_HOST_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)len, host);
	if (c->tls_sni != NULL && strcasecmp(c->tls_sni, name) != 0)
		return ("The Host header and the server name (SNI) of the TLS "
		    "handshake differ");
	if ((*dom = kore_domain_lookup(c->owner->server, name)) == NULL)
		return ("This server does not answer for that host");
	return (NULL);
}

/* The limit of the request's body: its row's, or http_body_max. */
static size_t
find_body_max(const struct connection *c, const struct head *h,
    const struct kore_domain *dom)
{
	size_t	 most = 0;

	if ((h->chunked || h->content_length > 0) && !wire_is_admin(c))
		most = wire_settings.find_body_max(dom, h->path, h->method);
	return (most > 0 ? most : http_body_max);
}

/* Reads the complete head: in[start..end). */
static bool
read_head(struct wire *w, size_t start, size_t end)
{
	struct head_error	 error = { NULL, NULL };
	const struct kore_domain *dom;
	struct wire_request	*r;
	const char		*problem;
	size_t			 len = end - start;

	if ((r = wire_request_new(w, w->in + start, len)) == NULL)
		return (wire_refuse(w, &ERR_UNAVAILABLE, busy));
	consume(w, end);
	w->request = r;
	if (!head_parse(&r->head, r->text, len, &error))
		return (wire_refuse(w, error.kind, error.message));
	if ((problem = check_host(w->conn, &r->head, &dom)) != NULL)
		return (wire_refuse(w, &ERR_MISDIRECTED_REQUEST, problem));
	r->body_max = find_body_max(w->conn, &r->head, dom);
	if ((size_t)r->head.content_length > r->body_max)
		return (wire_refuse(w, &ERR_CONTENT_TOO_LARGE,
		    "The body is too large"));
	memset(&w->chunked, 0, sizeof(w->chunked));
	wire_phase_set(w, WIRE_BODY);
	return (send_continue(w));
}

static bool
parse_input(struct wire *w)
{
	struct head_error	 error = { NULL, NULL };
	size_t			 end;

	if (w->phase == WIRE_IDLE && w->len > 0)
		wire_phase_set(w, WIRE_HEAD);
	if (w->phase == WIRE_HEAD) {
		end = head_scan(&w->scan, w->in, w->len, wire_limits.head_max,
		    &error);
		if (error.kind != NULL)
			return (wire_refuse(w, error.kind, error.message));
		if (end == 0)
			return (true);
		if (!read_head(w, w->scan.start, end))
			return (false);
	}
	if (w->phase != WIRE_BODY)
		return (true);
	return (w->request->head.chunked ? read_chunked(w) : read_sized(w));
}

static bool
is_reading(const struct wire *w)
{
	return (w->phase == WIRE_HEAD || w->phase == WIRE_BODY ||
	    w->phase == WIRE_IDLE);
}

/*
 * A client with Nagle's algorithm (RFC 1122, 4.2.3.4) sends no body before its
 * head is acknowledged, which the kernel would delay by 40 ms.
 */
static void
acknowledge(const struct wire *w)
{
	int	 on = 1;

	if (w->phase == WIRE_BODY && w->request->body_len == 0)
		setsockopt(w->conn->fd, IPPROTO_TCP, TCP_QUICKACK, &on,
		    sizeof(on));
}

/*
 * Parses what came along with an earlier request first. While a request is
 * being handled nothing is read, and TCP makes the client wait.
 */
bool
wire_read(struct wire *w)
{
	size_t	 turn = 0;
	ssize_t	 n;

	if (w->len > 0 && is_reading(w) && !parse_input(w))
		return (false);
	while (is_reading(w) && w->readable) {
		if (turn >= TURN_BYTES) {
			wire_later(w);
			return (true);
		}
		if (!wire_in_grow(w))
			return (wire_refuse(w, &ERR_UNAVAILABLE, busy));
		n = receive(w, w->in + w->len, w->size - w->len);
		if (n == -1)
			return (false);
		turn += n == 0 ? TURN_RECORD : (size_t)n;
		w->len += (size_t)n;
		if (n > 0 && !parse_input(w))
			return (false);
	}
	if (w->len == 0 && w->in != NULL && w->phase != WIRE_BODY)
		wire_in_free(w);
	acknowledge(w);
	return (true);
}
