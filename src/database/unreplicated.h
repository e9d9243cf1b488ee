/* SPDX-License-Identifier: ISC */
/* A commit that the synchronous standby may lack. For src/database only. */

#ifndef DATABASE_UNREPLICATED_H
#define DATABASE_UNREPLICATED_H

#include <stdbool.h>
#include <string.h>

#include <libpq-fe.h>

#define UNREPLICATED	"committed here, but the synchronous standby may " \
			"lack it: the wait for it was ended"

/*
 * PostgreSQL has committed, and somebody has cancelled its wait for the
 * synchronous standby, or has ended the session: then it says so in a warning,
 * and reports success. The text is translated; the function's name is not.
 */
static inline bool
tells_unreplicated(const PGresult *notice)
{
	const char	*said;

	said = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	return (said != NULL && strcmp(said, "SyncRepWaitForLSN") == 0);
}

#endif
