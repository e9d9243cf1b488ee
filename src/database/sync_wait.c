/* SPDX-License-Identifier: ISC */
/*
 * A blocking statement that has an end. A pooler accepts a connection before it
 * has a session for it, and may let the first statement wait for minutes.
 */

#include <poll.h>
#include <time.h>

#include "database/sync.h"

static int64_t
now_ms(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* Returns false when the time is up. A lost connection is a result, too. */
static bool
wait_for_result(PGconn *db, int64_t end)
{
	struct pollfd	 fd = { .fd = PQsocket(db), .events = POLLIN };
	int64_t		 left;

	while (PQisBusy(db)) {
		if ((left = end - now_ms()) <= 0)
			return (false);
		poll(&fd, 1, (int)left);
		if (PQconsumeInput(db) == 0)
			return (true);
	}
	return (true);
}

PGresult *
sync_run_within(PGconn *db, const char *sql, int ms)
{
	int64_t		 end = now_ms() + ms;
	PGresult	*r, *last = NULL;

	if (PQsendQuery(db, sql) == 0)
		return (PQmakeEmptyPGresult(db, PGRES_FATAL_ERROR));
	while (wait_for_result(db, end)) {
		if ((r = PQgetResult(db)) == NULL)
			return (last);
		PQclear(last);
		last = r;
	}
	PQclear(last);
	return (NULL);
}
