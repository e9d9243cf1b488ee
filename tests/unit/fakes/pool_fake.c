/* SPDX-License-Identifier: ISC */
/*
 * A pool without connections. Each statement waits for one round of the loop.
 * libpq has no functions that make an error or a tag, so a result keeps them
 * in a row of cells, and this file replaces the functions that read them.
 */

#include "pool_fake.h"

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/schema.h"

enum { TAG, SQLSTATE, MESSAGE, NAME, CELLS };

struct fake_db	fake_db;

static char		 place[1];
static unsigned		 first_pending;	/* in fake_db.written */
static unsigned		 npending;
static bool		 in_transaction, failed;
static struct kore_task	 task;
static struct ctx	*waiter;

void
fake_db_clear(void)
{
	if (fake_db.held != 0)
		abort();
	memset(&fake_db, 0, sizeof(fake_db));
	first_pending = npending = 0;
	in_transaction = failed = false;
}

static PGresult *
make_result(ExecStatusType status, const char *const *cells, int n)
{
	PGresAttDesc	 columns[CELLS];
	PGresult	*r = PQmakeEmptyPGresult(NULL, status);
	int		 i;

	memset(columns, 0, sizeof(columns));
	for (i = 0; i < n; i++)
		columns[i].name = place;
	PQsetResultAttrs(r, n, columns);
	for (i = 0; i < n; i++)
		PQsetvalue(r, 0, i, (char *)(uintptr_t)cells[i],
		    cells[i] != NULL ? (int)strlen(cells[i]) : -1);
	return (r);
}

PGresult *
fake_done(const char *tag)
{
	return (make_result(PGRES_COMMAND_OK, &tag, 1));
}

PGresult *
fake_error(const char *sqlstate, const char *message, const char *constraint)
{
	const char	*cells[CELLS] = { "", sqlstate, message, constraint };

	return (make_result(PGRES_FATAL_ERROR, cells, CELLS));
}

static PGresult *
make_rows(const struct query *q)
{
	PGresAttDesc	 columns[64];
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	size_t		 n = schema_columns(q->row), i;

	if (n > sizeof(columns) / sizeof(columns[0]))
		abort();
	memset(columns, 0, sizeof(columns));
	for (i = 0; i < n; i++)
		columns[i].name = (char *)(uintptr_t)q->row->members[i].name;
	PQsetResultAttrs(r, (int)n, columns);
	return (r);
}

static void
set_cell(PGresult *r, size_t row, size_t column, const char *value)
{
	PQsetvalue(r, (int)row, (int)column, (char *)(uintptr_t)value,
	    value != NULL ? (int)strlen(value) : -1);
}

PGresult *
fake_rows(const struct query *q, unsigned nrows, const char *const *cells)
{
	PGresult	*r = make_rows(q);
	size_t		 n = schema_columns(q->row), i;

	for (i = 0; i < nrows * n; i++)
		set_cell(r, i / n, i % n, cells[i]);
	return (r);
}

/* A valid value of the column's type. */
static const char *
some_value(const struct member *f)
{
	static const char *const	 values[] = {
		[T_STR] = "", [T_BOOL] = "f", [T_INT] = "0", [T_JSON] = "{}",
		[T_UUID] = "017f22e2-79b0-7cc3-98c4-dc0c0c073980",
		[T_TIME] = "2026-01-01 12:00:00+00",
	};

	return (f->flags & (OR_NULL | OPTIONAL) ? NULL : values[f->type]);
}

/* Sets the cells of a row, and aborts if one of them is no column. */
static void
set_row(PGresult *r, size_t row, const struct schema *s,
    const struct fake_cell *cells)
{
	const struct fake_cell	*cell;
	const char		*value;
	size_t			 i, n = 0, found = 0;

	for (cell = cells; cell->name != NULL; cell++)
		n++;
	for (i = 0; i < schema_columns(s); i++) {
		value = some_value(&s->members[i]);
		for (cell = cells; cell->name != NULL; cell++) {
			if (strcmp(cell->name, s->members[i].name) == 0) {
				value = cell->value;
				found++;
			}
		}
		set_cell(r, row, i, value);
	}
	if (found != n) {
		fprintf(stderr, "a cell is no column of %s\n", s->name);
		abort();
	}
}

PGresult *
fake_named(const struct query *q, const struct fake_cell *const *rows)
{
	PGresult	*r = make_rows(q);
	size_t		 i;

	for (i = 0; rows[i] != NULL; i++)
		set_row(r, i, q->row, rows[i]);
	return (r);
}

char *
PQresultErrorField(const PGresult *r, int field)
{
	int	 cell = field == PG_DIAG_SQLSTATE ? SQLSTATE :
		    field == PG_DIAG_MESSAGE_PRIMARY ? MESSAGE : NAME;

	if (PQresultStatus(r) != PGRES_FATAL_ERROR || PQgetisnull(r, 0, cell))
		return (NULL);
	return (PQgetvalue(r, 0, cell));
}

char *
PQcmdStatus(PGresult *r)
{
	char	*tag = PQgetvalue(r, 0, TAG);

	return (tag != NULL ? tag : place);
}

char *
PQcmdTuples(PGresult *r)
{
	char	*space = strrchr(PQgetvalue(r, 0, TAG), ' ');

	return (space != NULL ? space + 1 : place);
}

/* pool.h */

struct db_conn *
pool_take(struct ctx *c)
{
	if (fake_db.answer == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "no database");
	fake_db.held++;
	return ((struct db_conn *)(void *)place);
}

static void
end_transaction(bool commit)
{
	fake_db.nwritten = first_pending + (commit ? npending : 0);
	in_transaction = failed = false;
}

void
pool_give(struct db_conn *conn)
{
	if ((char *)conn != place || fake_db.held == 0)
		abort();
	fake_db.held--;
	if (in_transaction) {
		fake_db.rolled_back++;
		end_transaction(false);
	}
}

void
pool_renew(const struct db_conn *conn)
{
	if ((const char *)conn != place)
		abort();
	fake_db.renewed++;
}

bool
pool_renew_read_only(const struct db_conn *conn)
{
	(void)conn;
	fake_db.renewed_read_only++;
	return (fake_db.reconnects);
}

bool
pool_is_unreplicated(const struct db_conn *conn)
{
	if ((const char *)conn != place)
		abort();
	return (fake_db.unreplicated);
}

bool
pool_takes_writes(void)
{
	return (!fake_db.stuck);
}

/* What PostgreSQL keeps of a statement. */
static PGresult *
apply(const struct query *q, const char *name, PGresult *r)
{
	bool	 ok = r != NULL && PQresultStatus(r) != PGRES_FATAL_ERROR;

	if (strcmp(name, "BEGIN") == 0 && ok) {
		in_transaction = true;
		first_pending = fake_db.nwritten;
		npending = 0;
	} else if (strcmp(name, "COMMIT") == 0) {
		if (failed && ok) {
			PQclear(r);
			r = fake_done("ROLLBACK");
		}
		end_transaction(ok && !failed);
	} else if (!ok) {
		failed = in_transaction;
	} else if (q != NULL && (strstr(q->sql, "INSERT INTO") != NULL ||
	    strstr(q->sql, "DELETE FROM") != NULL ||
	    strstr(q->sql, "   SET ") != NULL)) {
		fake_db.written[first_pending + npending] = name;
		if (in_transaction)
			npending++;
		else
			fake_db.nwritten = ++first_pending;
	}
	return (r);
}

static int
run_task(struct kore_task *t)
{
	(void)t;
	return (KORE_RESULT_OK);
}

/*
 * The record that is written for a synchronous standby is counted, and answered
 * here, so that most tests need not know it.
 */
static const char *
count_record(const char *sql)
{
	static const char	 record[] = "SELECT pg_logical_emit_message(";
	const char		*end;

	if (strncmp(sql, record, sizeof(record) - 1) != 0)
		return (sql);
	fake_db.confirmed++;
	end = strstr(sql, "; ");
	return (end != NULL ? end + 2 : NULL);
}

static void
wake(struct kore_task *t)
{
	(void)t;
	coro_wake(waiter->coro);
}

PGresult *
pool_run(struct ctx *c, struct db_conn *conn, const struct query *prepared,
    const char *sql, const char *const *params, size_t nparams)
{
	const char	*name = prepared != NULL ? prepared->name :
			    count_record(sql);

	(void)nparams;
	if ((char *)conn != place || fake_db.nsent == FAKE_STATEMENTS)
		abort();
	fake_db.unreplicated = false;
	if (name == NULL)
		return (fake_done("SELECT 1"));
	fake_db.sent[fake_db.nsent++] = name;
	waiter = c;
	kore_task_create(&task, run_task);
	kore_task_bind_callback(&task, wake);
	kore_task_run(&task);
	if (!ctx_wait(c, 60000))
		abort();
	if (fake_db.waiting != NULL)
		fake_db.waiting();
	return (apply(prepared, name, fake_db.answer(prepared, name,
	    params)));
}
