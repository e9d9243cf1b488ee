/* SPDX-License-Identifier: ISC */
/* Lists of servers, as the parent makes them. */

#ifndef TESTS_DATABASE_SERVERS_FIXTURE_H
#define TESTS_DATABASE_SERVERS_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "database/servers.h"

/* Replaces the list by servers of these names; "a" has the conninfo "to=a". */
static inline void
publish(struct servers *servers, unsigned n, const char *const *names)
{
	static struct server	 list[SERVERS_MAX];
	unsigned		 i;

	memset(list, 0, sizeof(list));
	for (i = 0; i < n; i++) {
		snprintf(list[i].name, sizeof(list[i].name), "%s", names[i]);
		snprintf(list[i].conninfo, sizeof(list[i].conninfo), "to=%s",
		    names[i]);
	}
	servers_publish(servers, list, n);
}

/* One server alone, of this conninfo. */
static inline struct servers *
server_with(const char *conninfo)
{
	static struct server	 one = { .name = "db" };
	struct servers		*servers = servers_new();

	snprintf(one.conninfo, sizeof(one.conninfo), "%s", conninfo);
	servers_publish(servers, &one, 1);
	return (servers);
}

/* One server alone. */
static inline struct servers *
one_server(const char *name)
{
	struct servers	*servers = servers_new();

	publish(servers, 1, &name);
	return (servers);
}

#endif
