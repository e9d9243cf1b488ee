/* SPDX-License-Identifier: ISC */
/* Who blocks a statement of ./keel migrate, in words. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/migrate.h"
#include "database/migrations.h"

#define NAMED_MAX	3

/*
 * In one transaction, pg_stat_activity shows what it showed first; and now()
 * stands. Process 0 is a prepared transaction, whose locks have no process.
 */
#define LOOK								\
	"SELECT pg_stat_clear_snapshot(); "				\
	"SELECT b.pid, a.usename, a.application_name, "			\
	"host(a.client_addr), a.state, "				\
	"extract(epoch FROM clock_timestamp() - a.state_change)::bigint, " \
	"a.backend_type, x.gid, x.owner, "				\
	"extract(epoch FROM clock_timestamp() - x.prepared)::bigint "	\
	"FROM (%s) b LEFT JOIN pg_stat_activity a ON a.pid = b.pid "	\
	"LEFT JOIN LATERAL (SELECT DISTINCT p.gid, p.owner, p.prepared " \
	"FROM pg_locks w JOIN pg_locks h ON h.pid IS NULL AND h.granted " \
	"AND h.locktype = w.locktype "					\
	"AND h.database IS NOT DISTINCT FROM w.database "		\
	"AND h.relation IS NOT DISTINCT FROM w.relation "		\
	"AND h.transactionid IS NOT DISTINCT FROM w.transactionid "	\
	"AND h.virtualxid IS NOT DISTINCT FROM w.virtualxid "		\
	"JOIN pg_locks t ON t.pid IS NULL "				\
	"AND t.virtualtransaction = h.virtualtransaction "		\
	"AND t.locktype = 'transactionid' AND t.mode = 'ExclusiveLock' " \
	"JOIN pg_prepared_xacts p ON p.transaction = t.transactionid "	\
	"WHERE w.pid = %d AND NOT w.granted AND b.pid = 0) x ON true "	\
	"ORDER BY b.pid"

#define HOLDERS								\
	"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted " \
	"AND objsubid = 1 AND database = (SELECT oid FROM pg_database "	\
	"WHERE datname = current_database()) "				\
	"AND (classid::bigint << 32) + objid::bigint = " MIGRATIONS_LOCK

enum { PID, USER, APPLICATION, ADDRESS, STATE, SECONDS, TYPE, GID, OWNER, AGE };

/* A name may hold what a terminal would obey. */
static void
put_name(struct text *t, const char *name)
{
	const unsigned char	*p = (const unsigned char *)name;
	bool			 control;

	for (; *p != '\0'; p++) {
		control = *p < ' ' || *p == 0x7f ||
		    (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
		text_add(t, control ? "?" : (const char *)p, 1);
		if (control && *p == 0xc2)
			p++;
	}
}

static const char *
value(const PGresult *r, int row, int column)
{
	return (PQgetisnull(r, row, column) ? "" :
	    PQgetvalue(r, row, column));
}

/* One more piece between the parentheses, if there is something to say. */
static void
put_piece(struct text *t, bool *begun, const char *before, const char *name)
{
	if (*name == '\0')
		return;
	text_puts(t, *begun ? ", " : " (");
	text_puts(t, before);
	put_name(t, name);
	*begun = true;
}

/* What it does is not shown to other roles, except those that may see all. */
static void
put_process(struct text *t, const PGresult *r, int row)
{
	const char	*type = value(r, row, TYPE);
	const char	*state = value(r, row, STATE);
	bool		 begun = false;

	text_printf(t, "process %s", value(r, row, PID));
	put_piece(t, &begun, "user ", value(r, row, USER));
	put_piece(t, &begun, "application ", value(r, row, APPLICATION));
	put_piece(t, &begun, "from ", value(r, row, ADDRESS));
	if (strcmp(type, "client backend") != 0)
		put_piece(t, &begun, "", type);
	put_piece(t, &begun, "", state);
	if (*state != '\0')
		text_printf(t, " for %s s", value(r, row, SECONDS));
	else if (*type == '\0' && *value(r, row, USER) != '\0')
		put_piece(t, &begun, "", "its state is hidden from this role");
	if (begun)
		text_puts(t, ")");
}

static void
put_blocker(struct text *t, const PGresult *r, int row)
{
	if (atoi(value(r, row, PID)) != 0) {
		put_process(t, r, row);
		return;
	}
	text_puts(t, "a prepared transaction");
	if (*value(r, row, GID) == '\0')
		return;
	text_puts(t, " ('");
	put_name(t, value(r, row, GID));
	text_puts(t, "' of ");
	put_name(t, value(r, row, OWNER));
	text_printf(t, ", prepared %s s ago)", value(r, row, AGE));
}

static void
put_all(const PGresult *r, struct text *who, struct text *pids)
{
	int	 row, n = PQntuples(r);

	for (row = 0; row < n; row++)
		text_printf(pids, "%s%s ", value(r, row, PID),
		    value(r, row, GID));
	for (row = 0; row < n && row < NAMED_MAX; row++) {
		if (row > 0)
			text_puts(who, " and ");
		put_blocker(who, r, row);
	}
	if (row < n)
		text_printf(who, " and %d more", n - row);
}

static bool
look(struct migrate_conn *c, const char *blockers, int pid, struct text *who,
    struct text *pids)
{
	char		 sql[2048];
	struct text	 t = text_in(sql, sizeof(sql));
	PGresult	*r;

	text_printf(&t, LOOK, blockers, pid);
	if ((r = migrate_exec(c, sql, NULL, 0, NULL)) == NULL)
		return (false);
	put_all(r, who, pids);
	PQclear(r);
	return (true);
}

bool
migrate_blockers(struct migrate_conn *c, int pid, struct text *who,
    struct text *pids)
{
	char	 blockers[96];

	snprintf(blockers, sizeof(blockers),
	    "SELECT DISTINCT unnest(pg_blocking_pids(%d)) AS pid", pid);
	return (look(c, blockers, pid, who, pids));
}

bool
migrate_holders(struct migrate_conn *c, struct text *who, struct text *pids)
{
	return (look(c, HOLDERS, c->pid, who, pids));
}
