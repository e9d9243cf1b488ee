/* SPDX-License-Identifier: ISC */
/*
 * A connection that only listens, to servers of its own: DATABASE_LISTEN_URL.
 * It connects again whenever it is lost, after a pause, without blocking.
 */

#include "base/log.h"
#include "database/conn.h"
#include "product.h"

#define PAUSE_MS	5000	/* between attempts to connect */

static struct conn_shared	 common;
static struct conn_setup	 setup;
static struct db_conn		 listener;
static uint64_t			 next;		/* attempt */

static void
is_ready(struct db_conn *conn)
{
	servers_works(setup.servers, conn->server);
	log_event(LEVEL_INFO, NULL, "database", "listening at "
	    ENV("DATABASE_LISTEN_URL"));
}

/* It sends nothing after LISTEN. */
static void
has_result(struct db_conn *conn)
{
	PQclear(conn_result(conn));
}

static void
is_lost(struct db_conn *conn, bool was_ready)
{
	(void)conn;
	if (was_ready)
		next = 0;	/* at once */
}

void
database_listen_apart(struct servers *servers, const char *channel,
    void (*told)(void))
{
	setup.servers = servers;
	setup.channel = channel;
	setup.name = "the connection of " ENV("DATABASE_LISTEN_URL");
	setup.shared = &common;
	setup.on_ready = is_ready;
	setup.on_result = has_result;
	setup.on_lost = is_lost;
	setup.on_notify = told;
	conn_init(&listener, &setup);
}

void
database_listen_tick(uint64_t now)
{
	if (listener.setup == NULL)
		return;
	conn_tick(&listener, now);
	if (listener.state != CONN_DOWN || now < next)
		return;
	next = now + PAUSE_MS;
	conn_connect(&listener, now);
}
