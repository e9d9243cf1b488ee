/* SPDX-License-Identifier: ISC */
/* What a connection logs. */

#include <sys/types.h>

#include <kore/kore.h>

#include <string.h>

#include "base/log.h"
#include "database/conn_log.h"
#include "database/unreplicated.h"

/* A failure to connect is logged once for each server, in an outage. */
void
conn_log_failure(const struct db_conn *conn, const char *why)
{
	bool		 was_ready = conn->state == CONN_READY;
	uint32_t	*in_outage = &conn->setup->shared->in_outage;
	uint32_t	 bit = UINT32_C(1) << conn->walk.index % SERVERS_MAX;

	if (!was_ready && (*in_outage & bit) != 0)
		return;
	if (!was_ready)
		*in_outage |= bit;
	log_event(LEVEL_WARNING, NULL, "database", "%s %s: %.*s",
	    conn->setup->name, was_ready ? "was lost" : "failed",
	    (int)strcspn(why, "\n"), why);
}

/* Without this, libpq writes the text to standard error. */
void
conn_log_notice(void *arg, const PGresult *notice)
{
	struct db_conn	*conn = arg;
	const char	*text;

	if (tells_unreplicated(notice)) {
		conn->unreplicated = true;
		return;
	}
	text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	if (text == NULL)		/* it is libpq's own */
		text = PQresultErrorMessage(notice);
	log_event(LEVEL_WARNING, NULL, "database", "PostgreSQL notes: %.*s",
	    (int)strcspn(text, "\n"), text);
}
