/* SPDX-License-Identifier: ISC */
/* What handlers may do in a transaction that is opened around them. */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "modules/idempotency/idempotency_fixture.h"

static void	(*step)(struct ctx *);

static void
run_step(struct ctx *c)
{
	step(c);
}

static void
use_step(struct ctx *c, const struct dependency *d)
{
	static struct endpoint	 other;

	(void)d;
	other = *c->endpoint;
	other.handler = run_step;
	other.any_query = true;
	c->endpoint = &other;
}

/* The look-up `at` finds an answer; 0: none does. */
static int
run_found(void (*fn)(struct ctx *), unsigned at)
{
	begin_test();
	found_at = at;
	step = fn;
	client_setup(NULL);
	asked = &keyed;
	override_dependency(&may_register, use_step, "create_user");
	return (client_request("POST", USERS, BODY, KEY));
}

static int
run(void (*fn)(struct ctx *))
{
	return (run_found(fn, 0));
}

static void
write_something(struct ctx *c)
{
	users_service_get_by_id(c, TARGET);
}

static void
write_bare(struct ctx *c)
{
	write_something(c);
	write_something(c);
	respond_empty(c, 204);
}

static void
write_twice(struct ctx *c)
{
	db_begin(c);
	write_something(c);
	db_commit(c);
	db_begin(c);
	write_something(c);
	db_commit(c);
	write_something(c);
	respond_empty(c, 204);
}

static void
test_all_that_a_handler_does_is_one_transaction(void **state)
{
	(void)state;
	assert_int_equal(run(write_bare), 204);
	assert_string_equal(sent(), "idempotency_keys.find " OPENED
	    " users.find_by_id users.find_by_id " CLOSED);
	assert_int_equal(run(write_twice), 204);
	assert_string_equal(sent(), "idempotency_keys.find " OPENED
	    " users.find_by_id users.find_by_id users.find_by_id " CLOSED);
	assert_int_equal(fake_db.held, 0);
}

static void
respond_early(struct ctx *c)
{
	respond_header(c, "warning", "early");
	write_something(c);
	respond_empty(c, 204);
}

static void
test_a_stored_response_replaces_what_is_set(void **state)
{
	(void)state;
	assert_int_equal(run(respond_early), 204);
	assert_string_equal(client_header("warning"), "early");
	assert_int_equal(run_found(respond_early, 2), 201);
	assert_null(client_header("warning"));
	found_headers = "";
	assert_int_equal(run_found(respond_early, 2), 201);
	assert_null(client_header("warning"));
	assert_string_equal(client_body(), "{\"stored\":1}");
}

static void
only_respond(struct ctx *c)
{
	respond_empty(c, 204);
}

static void
test_a_handler_without_the_database_holds_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(only_respond), 204);
	assert_string_equal(sent(), "idempotency_keys.find");
}

static void
forget_to_commit(struct ctx *c)
{
	db_begin(c);
	respond_empty(c, 204);
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
	write_something(c);
	db_commit(c);
}

static void
say_nothing(struct ctx *c)
{
	write_something(c);
}

static void
raise_after_commit(struct ctx *c)
{
	db_begin(c);
	write_something(c);
	db_commit(c);
	raise_error(c, &ERR_CONFLICT, "after");
}

static void
test_mistakes_of_handlers(void **state)
{
	static const struct {
		void		(*fn)(struct ctx *);
		int		 status;
		const char	*message;
	} cases[] = {
		{ forget_to_commit, 500, "create_user ended without "
		    "committing" },
		{ begin_twice, 500, "A transaction in a transaction" },
		{ commit_nothing, 500, "A commit of no transaction" },
		{ say_nothing, 500, "create_user ended without a response" },
		{ raise_after_commit, 409, "after" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i].fn), cases[i].status);
		assert_string_equal(client_raised(), cases[i].message);
		assert_null(strstr(sent(), "COMMIT"));
		assert_null(strstr(sent(), "idempotency_keys.store"));
		assert_int_equal(fake_db.rolled_back, 1);
		assert_int_equal(fake_db.held, 0);
	}
}

/* Where an endpoint has a query, it is part of the request. */
static void
test_the_query_belongs_to_the_request(void **state)
{
	char	 first[2][65];

	(void)state;
	run(write_bare);
	strcpy(first[0], stored[0]);
	strcpy(first[1], stored[2]);
	begin_test();
	assert_int_equal(client_request("POST", USERS "?a=1", BODY, KEY), 204);
	assert_string_not_equal(stored[2], first[1]);
	assert_string_not_equal(stored[0], first[0]);
	begin_test();
	assert_int_equal(client_request("POST", USERS, BODY, KEY), 204);
	assert_string_equal(stored[2], first[1]);
}

/* With repositories that a test overrides, nothing is sent. */

static unsigned	nstored;

static void *
no_keys(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	struct { bool is_locked; } *lock = ctx_alloc(c, sizeof(*lock));

	(void)from;
	(void)params;
	*n = strcmp(title, "find") != 0;
	nstored += strcmp(title, "store") == 0;
	lock->is_locked = true;
	return (lock);
}

static void *
no_user(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)c;
	(void)title;
	(void)from;
	(void)params;
	*n = 0;
	return (NULL);
}

static void
test_overridden_repositories(void **state)
{
	(void)state;
	begin_test();
	client_setup(NULL);
	asked = &keyed;
	nstored = 0;
	step = write_twice;
	override_dependency(&may_register, use_step, "create_user");
	override_repository("users", no_user, "create_user");
	override_repository("idempotency_keys", no_keys, "create_user");
	assert_int_equal(client_request("POST", USERS, BODY, KEY), 204);
	assert_int_equal(nstored, 1);
	assert_int_equal(fake_db.nsent, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_all_that_a_handler_does_is_one_transaction),
		CLIENT_TEST(test_a_handler_without_the_database_holds_nothing),
		CLIENT_TEST(test_mistakes_of_handlers),
		CLIENT_TEST(test_a_stored_response_replaces_what_is_set),
		CLIENT_TEST(test_the_query_belongs_to_the_request),
		CLIENT_TEST(test_overridden_repositories),
	};

	return (cmocka_run_group_tests_name("enclosing", tests,
	    start_with_password, NULL));
}
