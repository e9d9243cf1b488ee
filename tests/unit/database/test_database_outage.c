/* SPDX-License-Identifier: ISC */
/*
 * The pool and its connections together, on a server that is late, that closes
 * connections, that is gone and comes back.
 */

/* sources: src/database/database_pool.c src/database/database_conn.c */
/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/error_kinds.c */
/* sources: src/base/faults.c tests/unit/fakes/libpq_fake.c */
/* defines: -Dclock_gettime=fake_clock */

#include "pool_requests.h"

#include <sys/epoll.h>

#include <stdio.h>

#include "base/log.h"
#include "fakes/libpq_fake.h"

#define TICK		500
#define BUSY		"The database is busy"
#define UNAVAILABLE	"The database is unavailable"

static PGconn	*one, *two;	/* the pool's connections */

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
	assert_string_equal(info, "dbname=keel");
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
static void
readable(PGconn *db)
{
	assert_true(fake_watches(db, EPOLLIN));
	fake_event(db, KORE_EVENT_READ, 0);
}

static void
writable(PGconn *db)
{
	assert_true(fake_watches(db, EPOLLOUT));
	fake_event(db, KORE_EVENT_WRITE, 0);
}

static void
answer(PGconn *db)
{
	fake_result(db, PGRES_COMMAND_OK, "");
	fake_end(db);
	readable(db);
	coro_run();
}

/* The server accepts the connection, and prepares its one statement. */
static void
accept_it(PGconn *db)
{
	db->poll = PGRES_POLLING_READING;
	writable(db);
	db->poll = PGRES_POLLING_OK;
	readable(db);
	answer(db);
}

static void
refuse_it(PGconn *db)
{
	db->error = "refused";
	db->poll = PGRES_POLLING_FAILED;
	writable(db);
	coro_run();
}

/* The server closes it. */
static void
close_it(PGconn *db)
{
	db->error = "closed";
	db->closed = true;
	readable(db);
	coro_run();
}

static PGconn *
db_of(const struct user *u)
{
	assert_non_null(u->conn);
	return (u->conn->db);
}

static void
check_gauges(unsigned in_use, unsigned resting, unsigned down)
{
	assert_int_equal(gauges.db_in_use, in_use);
	assert_int_equal(gauges.db_idle, resting);
	assert_int_equal(gauges.db_down, down);
}

static int
start(void **state)
{
	(void)state;
	coro_init(USERS, schedule);
	now = 1000000;
	database_worker_init("dbname=keel", CONNS, count_settled);
	one = &fake_libpq.dbs[0];
	two = &fake_libpq.dbs[1];
	return (0);
}

/* Both are idle, and it is later. */
static int
setup(void **state)
{
	PGconn	*db;

	(void)state;
	fake_libpq.no_start = false;
	pass(TICK);
	for (db = one; db <= two; db++) {
		if (db->status != CONNECTION_OK)
			accept_it(db);
		db->starts = 0;
	}
	now += 60000;
	pass(TICK);
	fake_heard();
	return (gauges.db_idle == CONNS ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

static void
test_the_start(void **state)
{
	(void)state;
	assert_int_equal(pgsql_conn_max, CONNS);
	assert_int_equal(fake_libpq.ndbs, CONNS);
	assert_int_equal(settled, 0);
	answer(one);
	assert_int_equal(settled, 1);
	pass(TICK);
	check_gauges(0, 1, 1);
	answer(two);
	assert_int_equal(settled, 1);
	pass(TICK);
	check_gauges(0, 2, 0);
}

/* At once when one that worked is lost, then at each tick. */
static void
test_a_server_that_is_gone_and_comes_back(void **state)
{
	unsigned	 i;

	(void)state;
	close_it(one);
	close_it(two);
	assert_int_equal(one->starts, 1);
	assert_int_equal(two->starts, 1);
	assert_refused(begin(0), UNAVAILABLE);
	refuse_it(one);
	refuse_it(two);
	assert_refused(begin(0), UNAVAILABLE);
	for (i = 2; i < 6; i++) {
		assert_int_equal(one->starts, i - 1);
		pass(TICK);
		check_gauges(0, 0, 2);
		assert_int_equal(one->starts, i);
		assert_int_equal(two->starts, i);
		refuse_it(one);
		refuse_it(two);
	}
	pass(TICK);
	accept_it(two);
	pass(TICK);
	check_gauges(0, 1, 1);
	assert_int_equal(settled, 1);
}

/* It may be up again before the others are connected. */
static void
test_requests_wait_for_one_that_prepares(void **state)
{
	struct user	*a, *b;

	(void)state;
	close_it(one);
	close_it(two);
	one->poll = PGRES_POLLING_OK;
	writable(one);
	a = begin(0);
	b = begin(1);
	answer(one);
	assert_ptr_equal(db_of(a), one);
	assert_null(b->conn);
	give(a);
	assert_ptr_equal(db_of(b), one);
	give(b);
}

/* Four seconds for each attempt, and the next one starts in the same tick. */
static void
test_a_server_that_accepts_and_says_nothing(void **state)
{
	unsigned	 i;

	(void)state;
	close_it(one);
	for (i = 1; i < 4; i++) {
		assert_int_equal(one->starts, i);
		one->poll = PGRES_POLLING_READING;
		writable(one);
		pass(3999);
		assert_int_equal(one->starts, i);
		pass(1);
	}
	assert_int_equal(one->starts, 4);
	assert_int_equal(two->starts, 0);
}

/* The connection cannot even start: a tick later it is tried again. */
static void
test_nothing_can_start_to_connect(void **state)
{
	(void)state;
	fake_libpq.no_start = true;
	close_it(one);
	close_it(two);
	assert_int_equal(one->starts, 1);
	assert_refused(begin(0), UNAVAILABLE);
	pass(TICK);
	assert_int_equal(one->starts, 2);
	check_gauges(0, 0, 2);
	fake_libpq.no_start = false;
	pass(TICK);
	accept_it(one);
	assert_int_equal(one->starts, 3);
}

/* And a renewal is none then: nobody waits for it. */
static void
test_a_renewal_that_cannot_start(void **state)
{
	(void)state;
	fake_libpq.no_start = true;
	pool_renew(NULL);
	assert_refused(begin(0), UNAVAILABLE);
}

static void
test_a_renewal_fails_when_it_connects(void **state)
{
	struct user	*a;

	(void)state;
	pool_renew(NULL);
	a = begin(0);
	refuse_it(one);
	assert_non_null(a->c.coro);
	refuse_it(two);
	assert_refused(a, UNAVAILABLE);
	assert_refused(begin(1), UNAVAILABLE);
}

/* Its answer comes later: nobody reads it, and nobody else gets it. */
static void
test_an_answer_after_the_deadline(void **state)
{
	struct user	*a = begin_with(0, true), *b;
	PGconn		*db = db_of(a);

	(void)state;
	assert_heard("execute(pool_test.query) watch(in)");
	pass(6000);
	assert_heard("warning(a connection was lost: its statement did not "
	    "end in time) watch(edge)");
	assert_true(a->returned);
	assert_false(a->ran);
	fake_result(db, PGRES_TUPLES_OK, "late");
	fake_end(db);
	fake_event(db, KORE_EVENT_READ, 0);
	assert_heard("");
	assert_int_equal(db->starts, 0);
	b = begin(1);
	assert_ptr_not_equal(db_of(b), db);
	give(a);
	assert_int_equal(db->starts, 1);
	accept_it(db);
	a = begin_with(0, true);
	assert_ptr_equal(db_of(a), db);
	answer(db);
	assert_true(a->ran);
	give(a);
	give(b);
}

/* While it is used, with a statement under way: only that one fails. */
static void
test_one_that_is_used_is_closed(void **state)
{
	struct user	*a = begin_with(0, true), *b = begin_with(1, true), *c;
	PGconn		*db = db_of(a);

	(void)state;
	c = begin(2);
	assert_false(a->returned);
	close_it(db);
	assert_true(a->returned);		/* at once */
	assert_false(a->ran);
	pass(TICK);
	assert_int_equal(db->starts, 0);	/* a has it, still */
	assert_non_null(c->c.coro);		/* there is another */
	answer(db_of(b));
	assert_true(b->ran);
	give(a);
	assert_int_equal(db->starts, 1);
	accept_it(db);
	assert_ptr_equal(db_of(c), db);
	give(b);
	give(c);
}

/* The answer is there, and the end of the connection as well. */
static void
test_an_answer_and_the_end_at_once(void **state)
{
	struct user	*a = begin_with(0, true);
	PGconn		*db = db_of(a);

	(void)state;
	fake_result(db, PGRES_COMMAND_OK, "");
	fake_end(db);
	readable(db);
	db->closed = true;
	readable(db);
	coro_run();
	assert_false(a->ran);		/* it may have been the commit's */
	give(a);
	assert_int_equal(db->starts, 1);
}

/* It was given to a request, which has not run since. */
static void
test_one_that_was_just_given_is_lost(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin_with(2, true);
	PGconn		*db = db_of(a);

	(void)state;
	a->give = true;
	coro_resume(a->c.coro);
	assert_null(c->conn);
	db->closed = true;
	readable(db);
	fake_heard();
	coro_run();
	assert_ptr_equal(db_of(c), db);
	assert_false(c->ran);
	assert_heard("");
	assert_int_equal(db->starts, 0);
	give(b);
	give(c);
	assert_int_equal(db->starts, 1);
}

static PGconn *
roll_back(unsigned i)
{
	struct user	*a = begin(i);
	PGconn		*db = db_of(a);

	db->transaction = PQTRANS_INERROR;
	fake_heard();
	give(a);
	return (db);
}

static void
test_a_rollback_has_two_seconds(void **state)
{
	struct user	*b, *c;
	PGconn		*db;

	(void)state;
	b = begin(1);
	db = roll_back(0);
	assert_heard("query(ROLLBACK) watch(in)");
	pass(1999);
	check_gauges(2, 0, 0);
	c = begin(2);
	assert_int_equal(db->starts, 0);
	assert_null(c->conn);
	pass(1);
	assert_heard("warning(a connection was lost: it did not answer in "
	    "time) watch(edge) reset watch(out)");
	assert_int_equal(db->starts, 1);
	pass(1998);
	assert_non_null(c->c.coro);
	accept_it(db);
	assert_ptr_equal(db_of(c), db);
	give(b);
	give(c);
}

static void
test_a_rollback_ends_and_the_next_one_gets_it(void **state)
{
	struct user	*b = begin(1), *c;
	PGconn		*db = roll_back(0);

	(void)state;
	c = begin_with(2, true);
	assert_null(c->conn);
	pass(1999);
	db->transaction = PQTRANS_IDLE;
	answer(db);
	assert_ptr_equal(db_of(c), db);
	assert_false(c->ran);
	pass(5000);			/* that deadline is over */
	assert_int_equal(db->starts, 0);
	answer(db);
	assert_true(c->ran);
	give(b);
	give(c);
}

/* Nobody uses it: it connects at once, and who waits waits for that. */
static void
test_it_is_lost_during_a_rollback(void **state)
{
	struct user	*b = begin(1), *c;
	PGconn		*db = roll_back(0);

	(void)state;
	c = begin(2);
	close_it(db);
	assert_int_equal(db->starts, 1);
	assert_non_null(c->c.coro);
	close_it(db_of(b));
	assert_refused(c, UNAVAILABLE);
	give(b);
}

/* It has four seconds to connect then, not the rollback's two. */
static void
test_a_rollback_cannot_be_sent(void **state)
{
	struct user	*a = begin(0);
	PGconn		*db = db_of(a);

	(void)state;
	db->transaction = PQTRANS_INTRANS;
	db->refuses = true;
	give(a);
	assert_int_equal(db->starts, 1);
	pass(3999);
	assert_int_equal(db->starts, 1);
	pass(1);
	assert_int_equal(db->starts, 2);
}

/* The schema changes while it rolls back: it is renewed afterwards. */
static void
test_a_renewal_during_a_rollback(void **state)
{
	PGconn	*db = roll_back(0);

	(void)state;
	pool_renew(NULL);
	assert_int_equal(db->starts, 0);
	db->transaction = PQTRANS_IDLE;
	answer(db);
	assert_int_equal(db->starts, 1);
}

static void
test_renewals_are_logged(void **state)
{
	(void)state;
	pool_renew(NULL);
	assert_heard("warning(the schema has changed: preparing every "
	    "statement anew) reset watch(out) reset watch(out)");
	accept_it(one);
	accept_it(two);
	fake_heard();
	assert_true(pool_renew_read_only(NULL));
	assert_heard("warning(the database is read-only: connecting anew) "
	    "reset watch(out) reset watch(out)");
	accept_it(one);
	fake_heard();
	now += 999;
	assert_false(pool_renew_read_only(NULL));
	assert_heard("");
	now += 1;
	assert_true(pool_renew_read_only(NULL));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_the_start),
		TEST(test_a_server_that_is_gone_and_comes_back),
		TEST(test_requests_wait_for_one_that_prepares),
		TEST(test_a_server_that_accepts_and_says_nothing),
		TEST(test_nothing_can_start_to_connect),
		TEST(test_a_renewal_that_cannot_start),
		TEST(test_a_renewal_fails_when_it_connects),
		TEST(test_an_answer_after_the_deadline),
		TEST(test_one_that_is_used_is_closed),
		TEST(test_an_answer_and_the_end_at_once),
		TEST(test_one_that_was_just_given_is_lost),
		TEST(test_a_rollback_has_two_seconds),
		TEST(test_a_rollback_ends_and_the_next_one_gets_it),
		TEST(test_it_is_lost_during_a_rollback),
		TEST(test_a_rollback_cannot_be_sent),
		TEST(test_a_renewal_during_a_rollback),
		TEST(test_renewals_are_logged),
	};

	return (cmocka_run_group_tests_name("database_outage", tests, start,
	    NULL));
}
