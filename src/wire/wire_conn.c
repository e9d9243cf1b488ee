/* SPDX-License-Identifier: ISC */
/*
 * Connections: which are accepted, whose turn it is, and their deadlines. Kore
 * does the TLS handshake; after that, events come here.
 */

#include "base/export.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/stopping.h"
#include "wire/wire_caps.h"
#include "wire/wire_conn.h"

#define HANDSHAKE_MS	5000
#define SENDING_MS	30000
#define LINGERING_MS	2000
#define REST_MS		1000	/* without a request */
#define BUFFERS_KEPT	256	/* 6 MiB */
#define SPARE		8	/* connections below Kore's own limit */
#define KORE_HEAD_MAX	64	/* bytes of a buffer that Kore never uses */

EXPORT void	wire_connect(struct connection *);

static unsigned	connections_max;	/* of this worker */

static void	wire_disconnect(struct connection *);
static int	wire_event(struct connection *);
static int	read_announcement(struct connection *);

static struct wire *
wire_new(struct connection *c)
{
	struct wire	*w;

	if ((w = mem_calloc(1, sizeof(*w))) == NULL)
		return (NULL);
	w->conn = c;
	w->accepted = kore_time_ms();
	if (!wire_peer_enter(w)) {
		mem_free(w);
		return (NULL);
	}
	wire_list_add(w);
	wire_phase_set(w, WIRE_HANDSHAKE);
	c->hdlr_extra = w;
	c->disconnect = wire_disconnect;
	c->evt.flags = 0;
	/* Turn Kore's timeouts off: wire_tick() enforces the deadlines. */
	c->http_timeout = 0;
	c->idle_timer.length = UINT64_MAX;
	if (w->announcing)
		c->handle = read_announcement;
	return (w);
}

static void
wire_disconnect(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	c->hdlr_extra = NULL;
	wire_list_remove(w);
	caps_leave(w->slot);
	wire_memory_free(w);
	wire_buffers_free(w);
	mem_free(w);
	wire_ssl_freed();
}

/*
 * Admits a connection that Kore has just accepted, and evicts another if there
 * are too many. Kore's own limit is never reached: at that limit a worker stops
 * accepting, and the clients that hold the connections would keep all others
 * out.
 */
static void
admit(struct connection *c)
{
	if (c->state == CONN_STATE_DISCONNECTING)
		return;
	if ((c->hdlr_extra == NULL && wire_new(c) == NULL) ||
	    (wire_count() + SPARE > connections_max &&
	    !wire_evict(c->hdlr_extra, WIRE_ANYONE)))
		kore_connection_disconnect(c);
}

bool
wire_accept_one(struct listener *l)
{
	struct connection	*c;

	if (!kore_connection_accept(l, &c))
		return (false);
	kore_platform_event_all(c->fd, c);
	admit(c);
	return (true);
}

/*
 * Replaces Kore's callback, which accepts as long as connections come, so that
 * one worker gets them all, or passes the lock on after each one, which takes
 * longer than to accept it. This one accepts worker_accept_threshold
 * connections at most; then it is another worker's turn.
 */
static void
wire_accept(void *arg, int error)
{
	unsigned	 n = 0;

	if (error && stopping_begun())
		return;			/* another worker has shut it */
	if (error)
		fatal("error on listening socket");
	while (n < worker_accept_threshold && wire_accept_one(arg))
		n++;
	if (n > 0)
		kore_worker_make_busy();
}

/*
 * A proxy's handshake may name the proxy's own target, while its requests name
 * the host that its client has asked for. Without the first name, Kore compares
 * nothing.
 */
static void
drop_server_name(struct connection *c)
{
	kore_free(c->tls_sni);
	c->tls_sni = NULL;
}

/* Never called: wire_event() clears the flag that makes Kore read. */
static int
read_nothing(struct connection *c, size_t *bytes)
{
	*bytes = 0;
	c->evt.flags &= ~KORE_EVENT_READ;
	return (KORE_RESULT_OK);
}

/*
 * The listener's callback after the handshake, or after accept if there is
 * none: the guard takes over.
 */
void
wire_connect(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	if (w == NULL && (w = wire_new(c)) == NULL) {
		kore_connection_disconnect(c);
		return;
	}
	if (w->announcing)
		return;
	if (w->proxied)
		drop_server_name(c);
	c->proto = CONN_PROTO_HTTP;
	c->state = CONN_STATE_ESTABLISHED;
	c->handle = wire_event;
	c->read = read_nothing;
	net_recv_queue(c, KORE_HEAD_MAX, NETBUF_CALL_CB_ALWAYS,
	    http_header_recv);
	wire_phase_set(w, WIRE_HEAD);
	wire_read_begins(w);
	if (!wire_read(w))
		kore_connection_disconnect(c);
}

/* Kore's event callback until a proxy has, or has not, announced a client. */
static int
read_announcement(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	if (!wire_peer_announce(w))
		return (KORE_RESULT_ERROR);
	if (w->announcing)
		return (KORE_RESULT_OK);
	if (c->state != CONN_STATE_TLS_SHAKE) {
		wire_connect(c);
		return (KORE_RESULT_OK);
	}
	c->handle = kore_connection_handle;
	return (c->handle(c));
}

static bool
go_on(struct wire *w)
{
	return (w->phase == WIRE_LINGERING ? wire_discard(w) : wire_read(w));
}

/* Kore's event callback. Events are edge-triggered, so they are recorded. */
static int
wire_event(struct connection *c)
{
	struct wire	*w = c->hdlr_extra;

	if (w == NULL)
		return (KORE_RESULT_OK);
	if (c->evt.flags & KORE_EVENT_READ) {
		w->readable = true;
		w->drained = false;
	}
	c->evt.flags &= ~KORE_EVENT_READ;
	if (!wire_flush(w))
		return (KORE_RESULT_ERROR);
	return (go_on(w) ? KORE_RESULT_OK : KORE_RESULT_ERROR);
}

void
wire_run(void)
{
	unsigned		 n = wire_count_ready();
	struct connection	*c;
	struct wire		*w;

	/* Connections with more to do go back to the end of the list. */
	while (n-- > 0 && (w = wire_next_ready()) != NULL) {
		c = w->conn;
		if (!go_on(w))
			kore_connection_disconnect(c);
	}
}

static bool
time_is_up(struct wire *w)
{
	bool	 begun = w->phase == WIRE_BODY ||
		    (w->phase == WIRE_HEAD && w->len > 0);

	return (begun && wire_refuse(w, &ERR_REQUEST_TIMEOUT,
	    "The request took too long"));
}

void
wire_tick(uint64_t now)
{
	struct connection	*c;
	struct wire		*w, *next;
	uint64_t		 most;

	for (w = wire_first(); w != NULL; w = next) {
		next = LIST_NEXT(w, all);
		c = w->conn;
		most = wire_limits.deadline[w->phase];
		if (most != 0 && now >= w->since + most && !time_is_up(w))
			kore_connection_disconnect(c);
		else if (w->phase == WIRE_IDLE && now >= w->since + REST_MS)
			wire_buffers_free(w);
	}
	metrics->now.connections = wire_count();
	metrics->now.wire_memory = wire_memory();
}

const char *
wire_init(void)
{
	wire_limits.head_max = http_header_max;
	wire_limits.kept = BUFFERS_KEPT;
	wire_limits.deadline[WIRE_HANDSHAKE] = HANDSHAKE_MS;
	wire_limits.deadline[WIRE_HEAD] = http_header_timeout * 1000u;
	wire_limits.deadline[WIRE_BODY] = http_body_timeout * 1000u;
	wire_limits.deadline[WIRE_SENDING] = SENDING_MS;
	if (wire_settings.keepalive != 0)
		http_keepalive_time = (u_int16_t)wire_settings.keepalive;
	wire_limits.deadline[WIRE_IDLE] = http_keepalive_time * 1000u;
	wire_limits.deadline[WIRE_LINGERING] = LINGERING_MS;
	return (caps_init(wire_settings.workers,
	    worker_max_connections + SPARE));
}

void
wire_worker_init(unsigned id)
{
	struct kore_server	*srv;
	struct listener		*l;

	caps_worker_init(id);
	connections_max = worker_max_connections;
	http_header_max = KORE_HEAD_MAX;
	http_header_timeout = 0;
	LIST_FOREACH(srv, &kore_servers, list) {
		LIST_FOREACH(l, &srv->listeners, list)
			l->evt.handle = wire_accept;
	}
}
