/* SPDX-License-Identifier: ISC */
/* The string of a URL's first server, as a connection gets it. */

#ifndef TESTS_DATABASE_CONNINFO_FIXTURE_H
#define TESTS_DATABASE_CONNINFO_FIXTURE_H

#include <stdlib.h>

#include "base/log.h"
#include "database/servers.h"

/* Nothing here looks up a name again. */
void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	(void)level;
	(void)id;
	(void)event;
	(void)fmt;
	abort();
}

static inline const char *
database_conninfo(const char *url, const char **problem)
{
	static struct server	 first;
	struct servers_walk	 walk;
	struct servers		*servers;

	servers = servers_of(url, "KEEL_DATABASE_URL", problem);
	if (servers == NULL)
		return (NULL);
	servers_begin(servers, &walk);
	return (servers_next(servers, &walk, &first) ? first.conninfo : NULL);
}

#endif
