/* SPDX-License-Identifier: ISC */
/* The connections of a server that is stopping. */

#include <sys/socket.h>

#include "base/stopping.h"
#include "wire/listen.h"
#include "wire/wire_conn.h"

/* A client that has just connected is about to send a request. */
#define FRESH_MS	2000

/* Between two requests, or without a first one for too long. */
static bool
is_idle(const struct wire *w, uint64_t now)
{
	if (wire_has_request(w) || w->phase == WIRE_LINGERING || w->ready)
		return (false);
	return (w->phase == WIRE_IDLE || now >= w->accepted + FRESH_MS);
}

bool
wire_has_older(uint64_t begun)
{
	struct wire	*w;

	for (w = wire_first(); w != NULL; w = LIST_NEXT(w, all)) {
		if (w->accepted <= begun && !wire_is_admin(w->conn))
			return (true);
	}
	return (false);
}

unsigned
wire_close_idle(uint64_t now)
{
	struct wire	*w, *next;

	for (w = wire_first(); w != NULL; w = next) {
		next = LIST_NEXT(w, all);
		if (is_idle(w, now))
			kore_connection_disconnect(w->conn);
	}
	return (wire_count());
}

/*
 * Kore's lock says which worker accepts. A worker without room for a connection
 * gives it up, and does not take it again. A single worker has no lock, and
 * never stops by itself.
 */
void
wire_stop_accepting(void)
{
	struct kore_server	*srv;
	struct listener		*l;

	worker_max_connections = 0;
	if (wire_settings.workers > 1)
		return;
	LIST_FOREACH(srv, &kore_servers, list) {
		LIST_FOREACH(l, &srv->listeners, list)
			kore_platform_disable_read(l->fd);
	}
}

void
wire_shut_listeners(void)
{
	struct kore_server	*srv;
	struct listener		*l;

	LIST_FOREACH(srv, &kore_servers, list) {
		LIST_FOREACH(l, &srv->listeners, list) {
			if (listen_was_given(l))
				continue;
			while (wire_accept_one(l))
				;
			shutdown(l->fd, SHUT_RD);
		}
	}
}
