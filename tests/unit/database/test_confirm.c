/* SPDX-License-Identifier: ISC */
/* No success before the synchronous standby has what it is about. */

/* sources: app */

#include "requests_fixture.h"

#include "dependencies.h"
#include "modules/users/users.h"

#define UNAVAILABLE	"The database is unavailable"

/* Not registered: no file has its SQL. */
static struct {
	struct query	 query;
	struct schema	*row;
	char		 given[1];
} a_write = { .query = {
	.name = "a.write", .row = &none_schema, .sql = "UPDATE x\n   SET y"
} };
static struct {
	struct query	 query;
	struct schema	*row;
	char		 given[1];
} a_read = { .query = {
	.name = "a.read", .row = &none_schema, .sql = "SELECT x"
} };

static struct user	ada = { .id = ACTOR, .email = "a", .name = "Ada",
			    .role = "user", .version = 1 };

static const char	*tag;		/* the write's */
static const char	*lacking;	/* by the standby: this statement */
static void		(*step)(struct ctx *);

static PGresult *
answer(const struct query *q, const char *name, const char *const *params)
{
	(void)q;
	(void)params;
	fake_db.unreplicated = lacking != NULL && strcmp(name, lacking) == 0;
	return (fake_done(strcmp(name, "a.write") == 0 ? tag : name));
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
run(void (*fn)(struct ctx *), bool stuck)
{
	fake_db_clear();
	fake_db.answer = answer;
	fake_db.stuck = stuck;
	step = fn;
	overrides_clear();
	override_dependency(&signed_in, run_step, "read_me");
	override_dependency(&signed_in, run_step, "update_me");
	return (client_request("GET", USERS "/me", NULL));
}

static int
setup(void **state)
{
	tag = "UPDATE 1";
	lacking = NULL;
	return (client_setup(state));
}

static void
write_only(struct ctx *c)
{
	db_exec(c, a_write);
}

static void
read_only(struct ctx *c)
{
	db_exec(c, a_read);
}

static void
write_in_transaction(struct ctx *c)
{
	db_begin(c);
	db_exec(c, a_write);
	db_commit(c);
}

static void
read_in_transaction(struct ctx *c)
{
	db_begin(c);
	db_exec(c, a_read);
	db_commit(c);
}

static void
assert_unavailable(int status)
{
	assert_int_equal(status, 503);
	assert_string_equal(client_raised(), UNAVAILABLE);
	assert_int_equal(fake_db.held, 0);
}

static void
test_a_commit_that_the_standby_may_lack(void **state)
{
	(void)state;
	lacking = "COMMIT";
	assert_unavailable(run(write_in_transaction, false));
	assert_int_equal(fake_db.nwritten, 1);
	assert_int_equal(fake_db.nsent, 3);	/* it is not tried again */
	lacking = "a.write";
	assert_unavailable(run(write_only, false));
	assert_int_equal(fake_db.nwritten, 1);
	assert_int_equal(fake_db.nsent, 1);
	lacking = NULL;
	assert_int_equal(run(write_in_transaction, false), 200);
}

/* PostgreSQL waits only for a transaction that has written. */
static void
test_a_transaction_that_wrote_nothing_writes_a_record(void **state)
{
	(void)state;
	assert_int_equal(run(read_in_transaction, false), 200);
	assert_int_equal(fake_db.confirmed, 1);
	assert_string_equal(fake_db.sent[2], "COMMIT");
	assert_int_equal(run(write_in_transaction, false), 200);
	assert_int_equal(fake_db.confirmed, 0);
	tag = "UPDATE 0";
	assert_int_equal(run(write_in_transaction, false), 200);
	assert_int_equal(fake_db.confirmed, 1);
}

static void
write_both(struct ctx *c)
{
	write_in_transaction(c);
	read_in_transaction(c);
}

static void
test_each_transaction_by_itself(void **state)
{
	(void)state;
	assert_int_equal(run(write_both, false), 200);
	assert_int_equal(fake_db.confirmed, 1);
}

static void
read_and_confirm(struct ctx *c)
{
	db_exec(c, a_read);
	db_confirm(c);
	db_confirm(c);
}

static void
write_and_confirm(struct ctx *c)
{
	write_only(c);
	read_only(c);
	db_confirm(c);
	write_in_transaction(c);
	db_confirm(c);
}

static void
ask_nothing(struct ctx *c)
{
	db_confirm(c);
}

static void
test_confirmations(void **state)
{
	(void)state;
	assert_int_equal(run(read_and_confirm, false), 200);
	assert_int_equal(fake_db.confirmed, 1);
	assert_int_equal(run(write_and_confirm, false), 200);
	assert_int_equal(fake_db.confirmed, 0);
	assert_int_equal(run(ask_nothing, false), 200);
	assert_int_equal(fake_db.confirmed, 0);
}

/* Of a PATCH that changes nothing, but not of a GET, nor of an error. */
static void
test_handlers_are_confirmed(void **state)
{
	(void)state;
	assert_int_equal(run(read_only, false), 200);
	assert_int_equal(fake_db.confirmed, 0);
	assert_int_equal(client_request("PATCH", USERS "/me", "{}"), 200);
	assert_int_equal(fake_db.confirmed, 1);
	assert_int_equal(client_request("PATCH", USERS "/me", "[]"), 422);
	assert_int_equal(fake_db.confirmed, 1);
}

/* While commits do not end, nothing is written, and reads go on. */
static void
test_no_writes(void **state)
{
	(void)state;
	assert_unavailable(run(write_only, true));
	assert_int_equal(fake_db.nsent, 0);
	assert_unavailable(run(write_in_transaction, true));
	assert_int_equal(fake_db.nsent, 1);
	assert_int_equal(fake_db.rolled_back, 1);
	assert_unavailable(run(read_in_transaction, true));
	assert_int_equal(fake_db.nsent, 2);
	assert_unavailable(run(read_and_confirm, true));
	assert_int_equal(run(read_only, true), 200);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_commit_that_the_standby_may_lack),
		TEST(test_a_transaction_that_wrote_nothing_writes_a_record),
		TEST(test_each_transaction_by_itself),
		TEST(test_confirmations),
		TEST(test_handlers_are_confirmed),
		TEST(test_no_writes),
	};

	return (cmocka_run_group_tests_name("confirm", tests,
	    client_start, NULL));
}
