/* SPDX-License-Identifier: ISC */
/* Clients of src/wire, and what it needs of Kore and OpenSSL, in unit tests. */

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "coro/loop.h"
#include "fakes/wire_fake.h"

#define FD	1000		/* peer 0's */
#define ADDRESS	0xc0000200	/* 192.0.2.0 */

struct peer		 peers[PEERS];
struct fake_wire	 fake;

static struct worker_metrics	 values;
static struct kore_server	 server;
static struct listener		 listener;
static struct kore_domain	 domain;

static char			 public_name[] = "api";

/* The domain's first routes, and the request's own. */
static struct kore_module_handle	 regex, first, route;

struct worker_metrics	*metrics = &values;
struct kore_server_list	 kore_servers;
u_int32_t		 worker_max_connections, worker_accept_threshold;
u_int16_t		 http_header_max, http_header_timeout;
u_int16_t		 http_body_timeout, http_keepalive_time;
size_t			 http_body_max;

void		 wire_connect(struct connection *);

/* Kore. */

void
fatal(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

u_int64_t
kore_time_ms(void)
{
	return (fake.now);
}

void *
kore_malloc(size_t len)
{
	return (malloc(len));
}

void
kore_free(void *p)
{
	free(p);
}

struct kore_domain *
kore_domain_lookup(struct kore_server *srv, const char *name)
{
	(void)srv;
	(void)name;
	return (fake.unknown_host ? NULL : &domain);
}

const char *
http_status_text(int status)
{
	return (status == 503 ? "Service Unavailable" : "Refused");
}

void
loop_schedule(void)
{
	fake.rounds++;
}

void
kore_platform_event_all(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	fake.accepted++;
}

void
kore_worker_make_busy(void)
{
	fake.passed_on++;
}

/* The handshake succeeds at once. */
int
kore_connection_handle(struct connection *c)
{
	fake.handshakes++;
	wire_connect(c);
	return (KORE_RESULT_OK);
}

static struct peer *
peer_of(const struct connection *c)
{
	return (&peers[c->fd - FD]);
}

void
kore_connection_disconnect(struct connection *c)
{
	if (c->state == CONN_STATE_DISCONNECTING)
		return;
	c->state = CONN_STATE_DISCONNECTING;
	if (c->disconnect != NULL)
		c->disconnect(c);
	free(peer_of(c)->head.buf);
	memset(&peer_of(c)->head, 0, sizeof(peer_of(c)->head));
	peer_of(c)->gone = true;
}

static struct connection *
connection_new(unsigned n)
{
	struct peer		*p = &peers[n];
	struct connection	*c = &p->conn;

	memset(p, 0, sizeof(*p));
	c->fd = FD + (int)n;
	c->owner = &listener;
	c->family = fake.local ? AF_UNIX : AF_INET;
	c->state = fake.tls ? CONN_STATE_TLS_SHAKE : CONN_STATE_ESTABLISHED;
	c->ssl = fake.tls ? (SSL *)(void *)p : NULL;
	c->addr.ipv4.sin_family = AF_INET;
	c->addr.ipv4.sin_addr.s_addr = htonl(ADDRESS + n);
	TAILQ_INIT(&c->send_queue);
	TAILQ_INIT(&c->http_requests);
	return (c);
}

int
kore_connection_accept(struct listener *l, struct connection **c)
{
	(void)l;
	if (fake.waiting == 0)
		return (KORE_RESULT_ERROR);
	fake.waiting--;
	*c = connection_new(fake.admitted++ % PEERS);
	return (KORE_RESULT_OK);
}

void
net_recv_queue(struct connection *c, size_t len, int flags,
    int (*cb)(struct netbuf *))
{
	(void)len;
	(void)flags;
	c->rnb = &peer_of(c)->head;
	c->rnb->owner = c;
	c->rnb->cb = cb;
}

void
net_send_queue(struct connection *c, const void *data, size_t len)
{
	struct peer	*p = peer_of(c);

	if (len > sizeof(p->got) - 1 - p->ngot)
		abort();
	memcpy(p->got + p->ngot, data, len);
	p->ngot += len;
	if (TAILQ_EMPTY(&c->send_queue))
		TAILQ_INSERT_TAIL(&c->send_queue, &p->queued, list);
}

void
net_send_stream(struct connection *c, void *data, size_t len,
    int (*cb)(struct netbuf *), struct netbuf **nb)
{
	assert_null(cb);
	assert_null(nb);
	fake.streamed += len;
	net_send_queue(c, data, len);
}

int
net_send_flush(struct connection *c)
{
	if (peer_of(c)->reset)
		return (KORE_RESULT_ERROR);
	if (!peer_of(c)->deaf)
		TAILQ_INIT(&c->send_queue);
	return (KORE_RESULT_OK);
}

int
http_header_recv(struct netbuf *nb)
{
	struct peer	*p = peer_of(nb->owner);

	fake.handed++;
	fake.asking = p;
	p->request.hdlr = &first;
	TAILQ_INIT(&p->conn.http_requests);
	TAILQ_INSERT_TAIL(&p->conn.http_requests, &p->request, olist);
	return (fake.kore_refuses ? KORE_RESULT_ERROR : KORE_RESULT_OK);
}

/* The kernel and OpenSSL. */

static size_t
take(struct peer *p, char *to, size_t len, bool leave)
{
	size_t	 n = p->endless ? len : p->len;

	if (p->piece > 0 && n > p->piece)
		n = p->piece;
	if (n > len)
		n = len;
	p->bytes += n;
	if (p->endless) {
		if (to != NULL)
			memset(to, *p->sent, n);
		return (n);
	}
	if (to != NULL)
		memcpy(to, p->sent, n);
	if (leave)
		return (n);
	p->sent += n;
	p->len -= n;
	return (n);
}

static bool
has_more(const struct peer *p)
{
	return (p->len > 0 || p->endless);
}

ssize_t
recv(int fd, void *to, size_t len, int flags)
{
	struct peer	*p = &peers[fd - FD];

	p->reads++;
	errno = p->interrupted ? EINTR : p->reset ? ECONNRESET : EAGAIN;
	if (p->interrupted || p->reset) {
		p->interrupted = false;
		return (-1);
	}
	if (!has_more(p))
		return (p->closed ? 0 : -1);
	assert_int_equal(to == NULL, (flags & MSG_TRUNC) != 0);
	assert_false(p->conn.family == AF_UNIX && to == NULL);
	return ((ssize_t)take(p, to, len, (flags & MSG_PEEK) != 0));
}

int
shutdown(int fd, int how)
{
	assert_int_equal(how, SHUT_WR);
	peers[fd - FD].ended = true;
	return (peers[fd - FD].reset ? -1 : 0);
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)len;
	return (0);
}

#include "fakes/tls_fake.h"

/* The test. */

struct wire *
wire_of(struct peer *p)
{
	assert_false(p->gone);
	return (p->conn.hdlr_extra);
}

void
tell(struct peer *p)
{
	p->conn.evt.flags |= KORE_EVENT_READ | KORE_EVENT_WRITE;
	if (!p->gone && p->conn.handle(&p->conn) != KORE_RESULT_OK)
		kore_connection_disconnect(&p->conn);
}

void
send_bytes(struct peer *p, const char *data, size_t len)
{
	p->sent = data;
	p->len = len;
	tell(p);
}

void
send_text(struct peer *p, const char *text)
{
	send_bytes(p, text, strlen(text));
}

struct peer *
connect_from(unsigned n, uint32_t address)
{
	struct connection	*c = connection_new(n);

	if (fake.local)
		c->addr.sun.sun_family = AF_UNIX;
	else
		c->addr.ipv4.sin_addr.s_addr = htonl(address);
	wire_connect(c);
	return (&peers[n]);
}

struct peer *
connect_peer(unsigned n)
{
	return (connect_from(n, ADDRESS + n));
}

void
answer_peer(struct peer *p, const char *text)
{
	struct http_request	 req = { .owner = &p->conn };

	wire_request_free(wire_take(&req));
	wire_response_begins(&p->conn);
	net_send_queue(&p->conn, text, strlen(text));
	wire_response_ends(&p->conn);
}

static struct kore_module_handle *
find_route(const struct kore_domain *dom, const char *path)
{
	assert_ptr_equal(dom, &domain);
	snprintf(fake.path, sizeof(fake.path), "%s", path);
	return (&route);
}

static size_t
find_body_max(const struct kore_domain *dom, const char *path,
    const char *method)
{
	assert_ptr_equal(dom, &domain);
	fake.limits_asked++;
	snprintf(fake.path, sizeof(fake.path), "%s %s", method, path);
	return (fake.body_max);
}

bool
has_route(const struct peer *p)
{
	return (p->request.hdlr == &route);
}

static void
name_request(char id[static REQUEST_ID_MAX + 1], const char *header)
{
	snprintf(id, REQUEST_ID_MAX + 1, "%s", header != NULL ? header :
	    "new-id");
}

static void
write_refusal(struct refusal *r)
{
	r->type = "application/json";
	r->vary = NULL;
	if (r->head != NULL) {
		r->type = r->is_admin ? "text/admin" : "text/parsed";
		r->vary = r->head->path;
	}
	r->len = (size_t)snprintf(r->body, sizeof(r->body), "%s: %s (%s)",
	    r->kind->code, r->message, r->request_id);
}

static void
put_headers(const struct head *h, const char *vary, header_put_fn *put,
    void *to)
{
	const char	*origin = NULL;

	if (vary != NULL)
		put(to, "vary", vary);
	if (h != NULL)
		origin = head_value(h, "origin");
	if (fake.browsers && h != NULL)
		put(to, "x-asks", origin != NULL ? origin : "nobody");
}

int
wire_setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&values, 0, sizeof(values));
	fake.now = 1000000;
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	worker_max_connections = 64;
	worker_accept_threshold = 4;
	http_header_max = HEAD_MAX;
	http_body_max = BODY_MAX;
	http_header_timeout = 10;
	http_body_timeout = 30;
	http_keepalive_time = 60;
	wire_settings = (struct wire_settings){ .workers = 1,
	    .per_address = 2, .admin = "admin", .runner = "runner",
	    .find_route = find_route,
	    .find_body_max = find_body_max, .name_request = name_request,
	    .write_refusal = write_refusal, .put_headers = put_headers };
	server.name = public_name;
	regex.path = (char *)(uintptr_t)"^/([^/]+)$";
	regex.type = HANDLER_TYPE_DYNAMIC;
	first.dom = &domain;
	first.path = (char *)(uintptr_t)"/first";
	first.type = HANDLER_TYPE_STATIC;
	TAILQ_INIT(&domain.handlers);
	TAILQ_INSERT_TAIL(&domain.handlers, &regex, list);
	TAILQ_INSERT_TAIL(&domain.handlers, &first, list);
	domain.domain = (char *)(uintptr_t)"first.test";
	TAILQ_INIT(&server.domains);
	TAILQ_INSERT_TAIL(&server.domains, &domain, list);
	listener.server = &server;
	LIST_INIT(&kore_servers);
	LIST_INSERT_HEAD(&kore_servers, &server, list);
	LIST_INIT(&server.listeners);
	LIST_INSERT_HEAD(&server.listeners, &listener, list);
	if (wire_init() != NULL)
		return (-1);
	wire_worker_init(0);
	return (0);
}

int
wire_teardown(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < PEERS; i++) {
		if (peers[i].conn.hdlr_extra != NULL)
			kore_connection_disconnect(&peers[i].conn);
	}
	assert_int_equal(wire_count(), 0);
	assert_int_equal(wire_count_ready(), 0);
	assert_int_equal(wire_memory(), 0);
	return (0);
}
