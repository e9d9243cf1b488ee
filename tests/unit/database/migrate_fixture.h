/* SPDX-License-Identifier: ISC */
/* What the tests of ./keel migrate share: a database that notes statements. */

#ifndef TESTS_DATABASE_MIGRATE_FIXTURE_H
#define TESTS_DATABASE_MIGRATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/register.h"
#include "database/database.h"
#include "database/migrate.h"
#include "database/sync.h"
#include "database/migrations.h"
#include "database/step.h"
#include "utils/text.h"

static struct migration	third = { .name = "0003_c", .sql = "CREATE c" };
static struct migration	first = { .name = "0001_a", .sql = "CREATE a" };
static struct migration	second = { .name = "0002_b", .sql = "CREATE b" };

REGISTER(migrations, third);
REGISTER(migrations, first);
REGISTER(migrations, second);

/* The database: what it holds, what it was sent, and where it fails. */
static struct {
	bool		 has_table;
	char		 sums[3][65];	/* "": not applied */
	unsigned	 fails_at;	/* the n-th statement; 0: none */
	unsigned	 fails;		/* so many times; 0: always */
	const char	*state;		/* with this SQLSTATE */
	bool		 lost;		/* the connection is */
	bool		 left;		/* its transaction, by a file */
	const char	*index;		/* "t": finished, "f": not; or NULL */
	unsigned	 sent;
	unsigned	 open;		/* connections */
	int64_t		 now;
	char		 log[4096];
	bool		 warns, unreplicated;	/* of a standby */
} database;

static int	connections[3];

/* libpq */

void
PQfinish(PGconn *db)
{
	if (db != NULL)
		database.open--;
}

ConnStatusType
PQstatus(const PGconn *db)
{
	return (database.lost && db != (PGconn *)(void *)&connections[1] ?
	    CONNECTION_BAD : CONNECTION_OK);
}

PGTransactionStatusType
PQtransactionStatus(const PGconn *db)
{
	(void)db;
	return (database.left ? PQTRANS_IDLE : PQTRANS_INTRANS);
}

/* migrate_exec.c: time goes on by a second with each look at it. */

int64_t
migrate_now(void)
{
	return (database.now += 1000);
}

const char *
migrate_open(struct migrate_conn *c)
{
	c->db = (PGconn *)(void *)&connections[database.open++];
	return (NULL);
}

static void	note(const struct migrate_conn *, const char *);

bool
sync_take_unreplicated(void)
{
	bool	 was = database.unreplicated;

	database.unreplicated = false;
	return (was);
}

const char *
migrate_renew(struct migrate_conn *c)
{
	note(c, "renew");
	return (NULL);
}

static PGresult *
texts(int columns, const char *a, const char *b)
{
	PGresAttDesc	 column[] = {
		{ .name = (char *)"x", .typlen = -1 },
		{ .name = (char *)"y", .typlen = -1 },
	};
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_true(PQsetResultAttrs(r, columns, column));
	if (a != NULL)
		assert_true(PQsetvalue(r, 0, 0, (char *)a, (int)strlen(a)));
	if (a != NULL && columns > 1)
		assert_true(PQsetvalue(r, 0, 1, (char *)b, (int)strlen(b)));
	return (r);
}

static PGresult *
applied(void)
{
	PGresult	*r = texts(2, NULL, NULL);
	char		 version[16];
	int		 i, row = 0;

	for (i = 0; i < 3; i++) {
		if (database.sums[i][0] == '\0')
			continue;
		snprintf(version, sizeof(version), "%d", i + 1);
		PQsetvalue(r, row, 0, version, (int)strlen(version));
		PQsetvalue(r, row++, 1, database.sums[i], 64);
	}
	return (r);
}

static void
note(const struct migrate_conn *c, const char *sql)
{
	size_t		 len = strlen(database.log);
	struct text	 log = text_in(database.log + len,
			    sizeof(database.log) - len);

	text_printf(&log, "%s%.22s\n",
	    c->db == (PGconn *)(void *)&connections[1] ? "locker: " : "", sql);
	assert_false(log.cut);
}

static bool
fails(struct migrate_conn *c)
{
	if (database.fails_at == 0 || ++database.sent < database.fails_at)
		return (false);
	if (database.fails != 0 &&
	    database.sent >= database.fails_at + database.fails)
		return (false);
	snprintf(c->state, sizeof(c->state), "%s", database.state);
	strcpy(c->said, "it is full");
	return (true);
}

PGresult *
migrate_exec(struct migrate_conn *c, const char *sql,
    const char *const *params, int n, const struct migrate_look *look)
{
	(void)look;
	c->state[0] = '\0';
	note(c, sql);
	if (strncmp(sql, "ROLLBACK", 8) != 0 && fails(c))
		return (NULL);
	if (strcmp(sql, "COMMIT") == 0)
		database.unreplicated = database.warns;
	if (strcmp(sql, MIGRATIONS_EXISTS) == 0)
		return (texts(1, database.has_table ? "t" : "f", NULL));
	if (strcmp(sql, MIGRATIONS_APPLIED) == 0)
		return (applied());
	if (strstr(sql, MIGRATIONS_CREATE) != NULL)
		database.has_table = true;
	if (strncmp(sql, "INSERT INTO keel_m", 18) == 0) {
		assert_int_equal(n, 3);
		strcpy(database.sums[atoi(params[0]) - 1], params[2]);
	}
	if (strncmp(sql, "SELECT i.indisvalid", 19) == 0)
		return (texts(2, database.index, "public.i"));
	if (strncmp(sql, "CREATE INDEX CONC", 17) == 0 ||
	    strncmp(sql, "DROP INDEX CONC", 15) == 0)
		database.index = *sql == 'C' ? "t" : NULL;
	if (strncmp(sql, "SELECT c.relname", 16) == 0)
		return (texts(2, NULL, NULL));
	if (strncmp(sql, "SELECT pg_try", 13) == 0 ||
	    strncmp(sql, "SELECT two", 10) == 0)
		return (texts(2, "t", "u"));
	return (PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK));
}

/* migrate_blockers.c */

bool
migrate_blockers(struct migrate_conn *c, int pid, struct text *who,
    struct text *pids)
{
	return (c != NULL && pid == 0 && who->len == 0 && pids->len == 0);
}

bool
migrate_holders(struct migrate_conn *c, struct text *who, struct text *pids)
{
	return (migrate_blockers(c, 0, who, pids));
}

/* The tests. */

static char	printed[4096];

/* Keeps what it prints. */
static const char *
migrate(bool dry_run)
{
	FILE		*f = tmpfile();
	const char	*problem;
	size_t		 n;
	int		 kept = dup(STDOUT_FILENO);

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	database.sent = 0;
	database.log[0] = '\0';
	problem = migrations_take_signals();
	assert_null(problem);
	problem = migrations_run(dry_run, 2);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(f);
	n = fread(printed, 1, sizeof(printed) - 1, f);
	printed[n] = '\0';
	fclose(f);
	assert_int_equal(database.open, 0);
	return (problem);
}

static int
setup(void **state)
{
	(void)state;
	memset(&database, 0, sizeof(database));
	database.state = "XX000";
	first.sql = "CREATE a";
	second.sql = "CREATE b";
	second.step = NULL;
	second.no_transaction = false;
	return (0);
}

#define EXISTS		"SELECT to_regclass('ke\n"
#define APPLIED		"SELECT version, checks\n"
#define LOCKED		"locker: BEGIN ISOLATION LEVEL \n"		\
			"locker: SELECT pg_try_advisory\n"
#define APPLY(sql)	"BEGIN; SELECT set_conf\n" sql "\n"		\
			"INSERT INTO keel_migra\nCOMMIT\n"
#define ALL		EXISTS LOCKED EXISTS "BEGIN; SET LOCAL state\n"	\
			APPLY("CREATE a") "renew\n" APPLY("CREATE b")	\
			"renew\n" APPLY("CREATE c")

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

#endif
