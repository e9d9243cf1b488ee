/* SPDX-License-Identifier: ISC */
/* How a pool starts: of which size, and if the database is not there. */

/* sources: src/database/may_write.c */
/* sources: src/database/conn_log.c */
/* sources: src/database/database_tick.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_aside.c */
/* sources: src/database/database_pool.c src/database/database_conn.c */
/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/error_kinds.c */
/* sources: src/base/faults.c tests/unit/fakes/libpq_fake.c */
/* defines: -Dclock_gettime=fake_clock */

#include "pool_requests.h"

#include <sys/wait.h>

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "fakes/libpq_fake.h"
#include "servers_fixture.h"

/* A worker starts once: each test is a process. It returns a line, or 0. */
#define CHECK(holds)							\
	do {								\
		if (!(holds))						\
			return (__LINE__);				\
	} while (0)

static unsigned	can_open;	/* so many, then no more */
static unsigned	tried, cleaned, told;

static struct servers	*servers;

void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	char	 text[256];
	va_list	 ap;

	(void)id;
	(void)event;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level == LEVEL_WARNING)
		fake_say("warning(%s)", text);
}

int
kore_pgsql_register(const char *name, const char *info)
{
	(void)name;
	fake_say("register(%s)", info);
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
	static char			 error[] = "no server\nat all";

	(void)name;
	(void)flags;
	sql->error = error;
	if (tried++ >= can_open)
		return (KORE_RESULT_ERROR);
	opened.db = fake_open();
	sql->conn = &opened;
	return (KORE_RESULT_OK);
}

void
kore_pgsql_cleanup(struct kore_pgsql *sql)
{
	(void)sql;
	cleaned++;
}

static void
count_told(void)
{
	told++;
}

/* Starts a pool, of whose connections so many can be opened. */
static void
start(unsigned pool, unsigned can)
{
	coro_init(USERS, schedule);
	now = 1000000;
	can_open = can;
	servers = one_server("db");
	servers_works(servers, "db");
	database_worker_init(servers, pool, count_settled);
}

static PGconn *
db(unsigned i)
{
	return (&fake_libpq.dbs[i]);
}

static void
answer(PGconn *c)
{
	fake_result(c, PGRES_COMMAND_OK, "");
	fake_end(c);
	fake_event(c, KORE_EVENT_READ, 0);
	coro_run();
}

/* Its statement is prepared. */
static void
prepare(PGconn *c)
{
	fake_prepared(c, 1);
	fake_event(c, KORE_EVENT_READ, 0);
	coro_run();
}

/* The first one blocks for seconds: the others are tried when it is ready. */
static int
no_database(void)
{
	unsigned	 i;

	start(3, 0);
	CHECK(strcmp(fake_heard(), "register(to=db) "
	    "warning(cannot connect: no server)") == 0);
	CHECK(tried == 1 && cleaned == 1);
	CHECK(settled == 1);
	CHECK(fake_libpq.ndbs == 0);
	pass(500);
	CHECK(strcmp(fake_heard(), "connect(to=db) watch(out)") == 0);
	CHECK(gauges.now.db_down == 3 && gauges.now.db_in_use == 0);
	CHECK(fake_libpq.ndbs == 1 && tried == 1);
	for (i = 0; i < 3; i++) {
		db(i)->poll = PGRES_POLLING_OK;
		fake_event(db(i), KORE_EVENT_WRITE, 0);
		prepare(db(i));
		pass(500);
		CHECK(fake_libpq.ndbs == 3);
	}
	CHECK(gauges.now.db_down == 0 && gauges.now.db_idle == 3);
	CHECK(fake_libpq.ndbs == 3 && settled == 1);
	return (0);
}

/* The one that is open is used. */
static int
the_second_fails(void)
{
	start(3, 1);
	CHECK(tried == 2 && cleaned == 1 && settled == 1);
	CHECK(fake_libpq.ndbs == 1);
	prepare(db(0));
	pass(500);
	CHECK(gauges.now.db_idle == 1 && gauges.now.db_down == 2);
	CHECK(fake_libpq.ndbs == 3 && db(0)->starts == 1);
	return (0);
}

static int
preparing_fails(void)
{
	start(1, 1);
	CHECK(settled == 0);
	fake_result(db(0), PGRES_FATAL_ERROR, "no such table");
	fake_end(db(0));
	fake_event(db(0), KORE_EVENT_READ, 0);
	CHECK(settled == 1);
	CHECK(db(0)->starts == 1);	/* until the tick */
	pass(500);
	CHECK(db(0)->starts == 2);
	return (0);
}

static int
one_connection(void)
{
	struct user	*a, *b;

	start(1, 1);
	CHECK(pgsql_conn_max == 1 && tried == 1 && settled == 0);
	prepare(db(0));
	CHECK(settled == 1);
	a = begin(0);
	b = begin(1);
	CHECK(a->conn != NULL && b->conn == NULL);
	pass(500);
	CHECK(gauges.now.db_in_use == 1 && gauges.now.db_idle == 0);
	give(a);
	CHECK(b->conn != NULL && b->conn->db == db(0));
	give(b);
	return (0);
}

static int
sixty_four_connections(void)
{
	unsigned	 i;

	start(64, 64);
	CHECK(pgsql_conn_max == 64 && tried == 64 && cleaned == 0);
	for (i = 0; i < 64; i++)
		prepare(db(i));
	pass(500);
	CHECK(gauges.now.db_idle == 64 && gauges.now.db_down == 0);
	CHECK(settled == 1);
	return (0);
}

static int
every_connection_listens(void)
{
	unsigned	 i;

	database_listen("jobs", count_told);
	start(2, 2);
	for (i = 0; i < 2; i++) {
		fake_heard();
		prepare(db(i));
		CHECK(strcmp(fake_heard(),
		    "read exit query(LISTEN jobs)") == 0);
		CHECK(told == i);
		answer(db(i));
		CHECK(told == i + 1);
	}
	db(1)->notes = 1;
	fake_event(db(1), KORE_EVENT_READ, 0);
	CHECK(told == 3);
	return (0);
}

static void
test_starts(void **state)
{
	static const struct {
		const char	*name;
		int		(*fn)(void);
	} table[] = {
		{ "no database", no_database },
		{ "the second fails", the_second_fails },
		{ "preparing fails", preparing_fails },
		{ "one connection", one_connection },
		{ "64 connections", sixty_four_connections },
		{ "every connection listens", every_connection_listens },
	};
	size_t	 i;
	int	 status, line, fds[2];
	pid_t	 pid;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(pipe(fds), 0);
		fflush(NULL);
		if ((pid = fork()) == 0) {
			line = table[i].fn();
			if (write(fds[1], &line, sizeof(line)) < 0)
				_exit(1);
			_exit(0);
		}
		close(fds[1]);
		line = -1;
		if (read(fds[0], &line, sizeof(line)) != sizeof(line))
			line = -1;
		close(fds[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (line != 0 || status != 0)
			fail_msg("%s: line %d, status %d", table[i].name, line,
			    status);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_starts),
	};

	return (cmocka_run_group_tests_name("pool_start", tests, NULL, NULL));
}
