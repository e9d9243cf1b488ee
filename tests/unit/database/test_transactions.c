/* SPDX-License-Identifier: ISC */
/* What queries and transactions do with odd results, and in odd orders. */

/* sources: app */

#include "requests_fixture.h"

#include "dependencies.h"
#include "modules/users/users.h"

struct odd {
	const char	*text;
	int64_t		 number, time;
	bool		 flag;
	const struct user	*maker;
};

static const struct member	odd_members[] = {
	MEMBER(odd, text, T_STR, OR_NULL),
	MEMBER(odd, number, T_INT, 0),
	MEMBER(odd, time, T_TIME, OR_NULL),
	MEMBER(odd, flag, T_BOOL, 0),
	OBJECT(odd, maker, user, OUT),		/* no column */
};

SCHEMA(odd);

/* Not registered: no file has its SQL. */
static struct {
	struct query	 query;
	struct odd	*row;
	char		 given[2];
} odd_read = { .query = {
	.name = "odd.read", .row = &odd_schema, .sql = "SELECT"
} };
static struct {
	struct query	 query;
	struct odd	*row;
	char		 given[1];
} odd_write = { .query = {
	.name = "odd.write", .row = &odd_schema, .sql = "UPDATE x\n   SET y"
} };

static struct user	ada = { .id = ACTOR, .email = "a", .name = "Ada",
			    .role = "user", .version = 1 };

static unsigned		 nrows;
static const char	*cells[8];
static const char	*done;		/* the write's tag; NULL: lost */
static const char	*commit;	/* COMMIT's; NULL: lost */
static void		(*step)(struct ctx *);
static struct odd	 got;
static size_t		 ngot;
static int64_t		 touched;

static PGresult *
answer(const struct query *q, const char *name, const char *const *params)
{
	(void)params;
	if (q == &odd_read.query)
		return (fake_rows(q, nrows, cells));
	if (q == &odd_write.query)
		return (done != NULL ? fake_done(done) : NULL);
	if (strcmp(name, "COMMIT") == 0)
		return (commit != NULL ? fake_done(commit) : NULL);
	return (fake_done(name));
}

static void
run_step(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &ada;
	step(c);
}

/* Runs it in a handler, and returns the status of its response. */
static int
run(void (*fn)(struct ctx *))
{
	fake_db_clear();
	fake_db.answer = answer;
	step = fn;
	memset(&got, 0, sizeof(got));
	ngot = 0;
	touched = -1;
	overrides_clear();
	override_dependency(&signed_in, run_step, "read_me");
	return (client_request("GET", USERS "/me", NULL));
}

static int
setup(void **state)
{
	nrows = 1;
	done = "UPDATE 1";
	commit = "COMMIT";
	cells[0] = cells[4] = "text";
	cells[1] = cells[5] = "7";
	cells[2] = cells[6] = NOON;
	cells[3] = cells[7] = "t";
	odd_read.query.row = &odd_schema;
	return (client_setup(state));
}

static void
assert_raised(const char *message)
{
	assert_string_equal(client_raised(), message);
}

static void
read_one(struct ctx *c)
{
	got = *db_one(c, odd_read, "x");
}

static void
read_maybe_one(struct ctx *c)
{
	ngot = db_maybe_one(c, odd_read, "x") != NULL;
}

static void
read_many(struct ctx *c)
{
	db_many(c, odd_read, &ngot, "x");
}

static void
test_rows(void **state)
{
	(void)state;
	assert_int_equal(run(read_one), 200);
	assert_int_equal(got.number, 7);
	assert_true(got.flag);
	assert_true(got.time == INT64_C(1767268800000000));
	nrows = 2;
	assert_int_equal(run(read_many), 200);
	assert_int_equal(ngot, 2);
	assert_int_equal(run(read_maybe_one), 500);
	assert_raised("odd.read: 2 rows");
	assert_int_equal(run(read_one), 500);
	assert_raised("odd.read: 2 rows");
	nrows = 0;
	assert_int_equal(run(read_many), 200);
	assert_int_equal(ngot, 0);
	assert_int_equal(run(read_maybe_one), 200);
	assert_int_equal(ngot, 0);
	assert_int_equal(run(read_one), 500);
	assert_raised("odd.read: no row");
}

static void
test_cells(void **state)
{
	static const struct {
		unsigned	 column;
		const char	*cell;
		int		 status;
		const char	*message;
	} cases[] = {
		{ 0, NULL, 200, "" },
		{ 0, "", 200, "" },
		{ 1, "-9223372036854775808", 200, "" },
		{ 1, NULL, 500, "odd.read: number is null" },
		{ 1, "x", 500, "odd.read: number is no integer" },
		{ 1, "", 500, "odd.read: number is no integer" },
		{ 2, NULL, 200, "" },
		{ 2, "infinity", 200, "" },
		{ 2, "2026-11-22", 500, "odd.read: time is no time" },
		{ 3, "f", 200, "" },
		{ 3, NULL, 500, "odd.read: flag is null" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(state);
		cells[cases[i].column] = cases[i].cell;
		assert_int_equal(run(read_one), cases[i].status);
		assert_raised(cases[i].message);
	}
	setup(state);
	cells[0] = cells[2] = NULL;
	cells[3] = "f";
	run(read_one);
	assert_null(got.text);
	assert_true(got.time == TIME_NULL);
	assert_false(got.flag);
	assert_null(got.maker);
}

static PGresult *
answer_with_four(const struct query *q, const char *name,
    const char *const *params)
{
	struct query	 whole = *q;

	(void)name;
	(void)params;
	whole.row = &odd_schema;
	return (fake_rows(&whole, 1, cells));
}

/* The row has three columns; the schema has changed. */
static void
read_other_columns(struct ctx *c)
{
	static struct schema	 fewer;

	fewer = odd_schema;
	fewer.nmembers = 3;
	odd_read.query.row = &fewer;
	fake_db.answer = answer_with_four;
	db_many(c, odd_read, &ngot, "x");
}

static void
test_columns_have_changed(void **state)
{
	(void)state;
	assert_int_equal(run(read_other_columns), 500);
	assert_raised("odd.read: the columns have changed");
}

static void
write_rows(struct ctx *c)
{
	touched = db_exec(c, odd_write);
}

static void
test_rows_that_a_statement_changes(void **state)
{
	static const struct {
		const char	*tag;
		int64_t		 n;
	} cases[] = {
		{ "UPDATE 0", 0 }, { "UPDATE 1", 1 }, { "DELETE 1000", 1000 },
		{ "INSERT 0 2", 2 }, { "LOCK", 0 },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		done = cases[i].tag;
		assert_int_equal(run(write_rows), 200);
		assert_int_equal(touched, cases[i].n);
	}
}

static void
begin_twice(struct ctx *c)
{
	db_begin(c);
	db_begin(c);
}

static void
commit_nothing(struct ctx *c)
{
	db_commit(c);
}

static void
commit_twice(struct ctx *c)
{
	db_begin(c);
	db_commit(c);
	db_commit(c);
}

static void
forget_to_commit(struct ctx *c)
{
	db_begin(c);
	db_exec(c, odd_write);
}

static void
write_and_commit(struct ctx *c)
{
	db_begin(c);
	db_exec(c, odd_write);
	db_commit(c);
	touched = 1;
}

static void
raise_inside(struct ctx *c)
{
	db_begin(c);
	db_exec(c, odd_write);
	raise_error(c, &ERR_CONFLICT, "inside");
}

static void
test_orders_that_are_wrong(void **state)
{
	(void)state;
	assert_int_equal(run(begin_twice), 500);
	assert_raised("A transaction in a transaction");
	assert_int_equal(fake_db.rolled_back, 1);
	assert_int_equal(run(commit_nothing), 500);
	assert_raised("A commit of no transaction");
	assert_int_equal(fake_db.nsent, 0);
	assert_int_equal(run(commit_twice), 500);
	assert_raised("A commit of no transaction");
	assert_int_equal(run(forget_to_commit), 500);
	assert_raised("read_me ended without committing");
	assert_int_equal(fake_db.rolled_back, 1);
	assert_int_equal(fake_db.nwritten, 0);
	assert_int_equal(run(raise_inside), 409);
	assert_int_equal(fake_db.rolled_back, 1);
	assert_int_equal(fake_db.nwritten, 0);
}

static void
test_commits(void **state)
{
	(void)state;
	assert_int_equal(run(write_and_commit), 200);
	assert_int_equal(fake_db.nwritten, 1);
	assert_int_equal(fake_db.rolled_back, 0);
	assert_int_equal(fake_db.held, 0);
	/* One that PostgreSQL turns into a rollback. */
	commit = "ROLLBACK";
	assert_int_equal(run(write_and_commit), 500);
	assert_raised("The transaction had failed");
	assert_int_equal(touched, -1);
	assert_int_equal(fake_db.held, 0);
}

/* A connection that is lost is given back, too. */
static void
test_lost_connections(void **state)
{
	(void)state;
	done = NULL;
	assert_int_equal(run(write_rows), 503);
	assert_raised("The database is unavailable");
	assert_int_equal(fake_db.held, 0);
	assert_int_equal(run(write_and_commit), 503);
	assert_raised("The database is unavailable");
	assert_int_equal(fake_db.held, 0);
	done = "UPDATE 1";
	commit = NULL;
	assert_int_equal(run(write_and_commit), 503);
	assert_raised("The database is unavailable");
	assert_int_equal(touched, -1);
	assert_int_equal(fake_db.held, 0);
}

/* The connection is free while the handler goes on. */
static unsigned	held_meanwhile;

static void
look_after_commit(struct ctx *c)
{
	write_and_commit(c);
	held_meanwhile = fake_db.held;
}

static void
look_after_query(struct ctx *c)
{
	db_exec(c, odd_write);
	held_meanwhile = fake_db.held;
}

static void
test_a_connection_is_given_back_at_once(void **state)
{
	(void)state;
	held_meanwhile = 9;
	assert_int_equal(run(look_after_commit), 200);
	assert_int_equal(held_meanwhile, 0);
	held_meanwhile = 9;
	assert_int_equal(run(look_after_query), 200);
	assert_int_equal(held_meanwhile, 0);
}

/* A handler that writes no response. */
static void
say_nothing(struct ctx *c)
{
	(void)c;
}

static void
use_silent_handler(struct ctx *c)
{
	static struct endpoint	 silent;

	silent = *c->endpoint;
	silent.handler = say_nothing;
	c->endpoint = &silent;
}

static void
test_a_handler_without_a_response(void **state)
{
	(void)state;
	assert_int_equal(run(use_silent_handler), 500);
	assert_raised("read_me ended without a response");
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_rows),
		TEST(test_cells),
		TEST(test_columns_have_changed),
		TEST(test_rows_that_a_statement_changes),
		TEST(test_orders_that_are_wrong),
		TEST(test_commits),
		TEST(test_lost_connections),
		TEST(test_a_connection_is_given_back_at_once),
		TEST(test_a_handler_without_a_response),
	};

	return (cmocka_run_group_tests_name("transactions", tests,
	    client_start, NULL));
}
