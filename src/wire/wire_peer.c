/* SPDX-License-Identifier: ISC */
/*
 * Whose connection it is: the peer's, or that of a client which a trusted proxy
 * announces.
 */

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "product.h"
#include "wire/wire_caps.h"
#include "wire/wire_conn.h"
#include "wire/wire_proxy.h"

#define WARN_MS		60000	/* at most one line of each kind */

bool
wire_is_admin(const struct connection *c)
{
	return (wire_is_for_operators(c->owner->server->name));
}

/* Says why; *next is the time of the next line of this kind. */
static void
warn_closed(const struct wire *w, uint64_t *next, const char *why,
    const char *problem)
{
	uint64_t	 now = kore_time_ms();
	char		 peer[NETADDR_TEXT];

	if (now < *next)
		return;
	*next = now + WARN_MS;
	netaddr_text(&w->peer, peer);
	log_event(LEVEL_WARNING, NULL, "proxy", "a connection from %s was "
	    "closed: %s%s", peer, why, problem);
}

static void
warn_refused(const struct wire *w)
{
	static uint64_t	 next;

	warn_closed(w, &next, "without TLS, only proxies that "
	    ENV("TRUSTED_PROXIES") " names may connect", "");
}

static void
warn_header(const struct wire *w, const char *problem)
{
	static uint64_t	 next;

	warn_closed(w, &next, "its PROXY header is not valid: ", problem);
}

/* Counts the connection for w->peer. */
static bool
count(struct wire *w, size_t *slot)
{
	unsigned	 most = wire_settings.per_address;

	if (wire_is_admin(w->conn) || wire_trusts(&w->peer))
		most = UINT32_MAX;
	if (caps_enter(netaddr_key(&w->peer), most, slot))
		return (true);
	metrics->total.connections_refused++;
	return (false);
}

/* Later code takes the client's address from the connection. */
static void
set_address(struct wire *w, const struct netaddr *a)
{
	struct connection	*c = w->conn;

	w->peer = *a;
	memset(&c->addr, 0, sizeof(c->addr));
	if (a->ipv6) {
		c->addr.ipv6.sin6_family = AF_INET6;
		memcpy(&c->addr.ipv6.sin6_addr, a->bytes, 16);
	} else {
		c->addr.ipv4.sin_family = AF_INET;
		memcpy(&c->addr.ipv4.sin_addr, a->bytes, 4);
	}
}

bool
wire_peer_enter(struct wire *w)
{
	static const struct netaddr	 here = { false, { 127, 0, 0, 1 } };
	struct connection		*c = w->conn;

	if (c->family == AF_UNIX)
		set_address(w, &here);
	else
		netaddr_from((struct sockaddr *)&c->addr, &w->peer);
	w->announcing = !wire_is_admin(c) && wire_trusts(&w->peer);
	w->proxied = w->announcing;
	if (wire_settings.proxies_only && !wire_is_admin(c) && !w->announcing) {
		metrics->total.connections_refused++;
		warn_refused(w);
		return (false);
	}
	return (count(w, &w->slot));
}

static bool
become(struct wire *w, const struct netaddr *client)
{
	size_t	 slot;

	set_address(w, client);
	if (!count(w, &slot))
		return (false);
	caps_leave(w->slot);
	w->slot = slot;
	return (true);
}

/*
 * Looks at the header without taking it, and never at bytes behind it, which
 * may be secret. A proxy sends it at once, so it is rarely looked at twice.
 */
static enum proxy_result
peek(const struct wire *w, struct proxy_header *h)
{
	static unsigned char	 in[PROXY_HEAD + PROXY_REST_MAX];
	enum proxy_result	 result;
	size_t			 asked;
	ssize_t			 n;

	h->len = PROXY_HEAD;
	do {
		asked = h->len;
		n = recv(w->conn->fd, in, asked, MSG_PEEK);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (PROXY_MORE);
		h->problem = NULL;
		if (n <= 0)
			return (PROXY_BAD);
		result = proxy_parse(in, (size_t)n, h);
	} while (result == PROXY_MORE && (size_t)n == asked);
	if (result == PROXY_KEEP || result == PROXY_CLIENT)
		recv(w->conn->fd, in, h->len, 0);
	return (result);
}

bool
wire_peer_announce(struct wire *w)
{
	struct proxy_header	 h;

	switch (peek(w, &h)) {
	case PROXY_MORE:
		return (true);
	case PROXY_BAD:
		if (h.problem != NULL)
			warn_header(w, h.problem);
		return (false);
	case PROXY_CLIENT:
		if (!become(w, &h.client))
			return (false);
		break;
	case PROXY_NONE:
	case PROXY_KEEP:
		break;
	}
	w->announcing = false;
	return (true);
}
