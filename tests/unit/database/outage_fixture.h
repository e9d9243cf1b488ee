/* SPDX-License-Identifier: ISC */
/* What the tests of the pool with its connections share: a fake server. */

#ifndef TESTS_DATABASE_OUTAGE_FIXTURE_H
#define TESTS_DATABASE_OUTAGE_FIXTURE_H

#include "pool_requests.h"

#include <sys/epoll.h>

#include <stdio.h>

#include "base/log.h"
#include "fakes/libpq_fake.h"
#include "servers_fixture.h"

#define TICK		500	/* ms, as in loop.h */
#define BUSY		"The database is busy"
#define UNAVAILABLE	"The database is unavailable"

static PGconn		*one, *two;	/* the pool's connections */
static struct servers	*servers;

void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	char	 text[256];
	va_list	 ap;

	assert_null(id);
	assert_string_equal(event, "database");
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level == LEVEL_WARNING)
		fake_say("warning(%s)", text);
}

int
kore_pgsql_register(const char *name, const char *info)
{
	assert_string_equal(name, PRODUCT);
	assert_string_equal(info, "to=db");
	return (KORE_RESULT_OK);
}

void
kore_pgsql_init(struct kore_pgsql *sql)
{
	memset(sql, 0, sizeof(*sql));
}

int
kore_pgsql_setup(struct kore_pgsql *sql, const char *name, int flags)
{
	static struct pgsql_conn	 opened;

	assert_string_equal(name, PRODUCT);
	assert_int_equal(flags, KORE_PGSQL_SYNC);
	opened.db = fake_open();
	sql->conn = &opened;
	return (KORE_RESULT_OK);
}

void
kore_pgsql_cleanup(struct kore_pgsql *sql)
{
	(void)sql;
	abort();		/* it would close what the pool uses */
}

#define assert_heard(text)	assert_string_equal(fake_heard(), text)

/* The socket can be read, or written to, and Kore's loop was asked for that. */
static inline void
readable(PGconn *db)
{
	assert_true(fake_watches(db, EPOLLIN));
	fake_event(db, KORE_EVENT_READ, 0);
}

static inline void
writable(PGconn *db)
{
	assert_true(fake_watches(db, EPOLLOUT));
	fake_event(db, KORE_EVENT_WRITE, 0);
}

static inline void
answer(PGconn *db)
{
	fake_result(db, PGRES_COMMAND_OK, "");
	fake_end(db);
	readable(db);
	coro_run();
}

/* It answers what was sent to prepare the one statement. */
static inline void
prepare(PGconn *db)
{
	fake_prepared(db, 1);
	readable(db);
	coro_run();
}

/* The server accepts the connection, and prepares its one statement. */
static inline void
accept_it(PGconn *db)
{
	db->poll = PGRES_POLLING_READING;
	writable(db);
	db->poll = PGRES_POLLING_OK;
	readable(db);
	prepare(db);
}

static inline void
refuse_it(PGconn *db)
{
	db->error = "refused";
	db->poll = PGRES_POLLING_FAILED;
	writable(db);
	coro_run();
}

/* The server closes it. */
static inline void
close_it(PGconn *db)
{
	db->error = "closed";
	db->closed = true;
	readable(db);
	coro_run();
}

static inline PGconn *
db_of(const struct user *u)
{
	assert_non_null(u->conn);
	return (u->conn->db);
}

static inline void
check_gauges(unsigned in_use, unsigned resting, unsigned down)
{
	assert_int_equal(gauges.now.db_in_use, in_use);
	assert_int_equal(gauges.now.db_idle, resting);
	assert_int_equal(gauges.now.db_down, down);
}

static int
start(void **state)
{
	(void)state;
	coro_init(USERS, schedule);
	now = 1000000;
	servers = one_server("db");
	servers_works(servers, "db");
	database_worker_init(servers, CONNS, count_settled);
	one = &fake_libpq.dbs[0];
	two = &fake_libpq.dbs[1];
	return (0);
}

/* Both are idle, and it is later. One may be renewed when it is ready. */
static int
setup(void **state)
{
	unsigned	 i;
	PGconn		*db;

	(void)state;
	fake_libpq.no_start = false;
	for (i = 0; i < 2 * CONNS; i++) {
		pass(TICK);
		db = i % 2 == 0 ? one : two;
		if (db->status != CONNECTION_OK)
			accept_it(db);
	}
	one->starts = two->starts = 0;
	now += 60000;
	pass(TICK);
	fake_heard();
	return (gauges.now.db_idle == CONNS ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
