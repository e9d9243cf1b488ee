/* SPDX-License-Identifier: ISC */
/* What the endpoints of links ask the database, and what they do not. */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "requests_fixture.h"

/* No token is good. */
static PGresult *
refuse(const struct query *q, const char *name, const char *const *params)
{
	if (q != NULL && strcmp(q->row->name, "account_token") == 0)
		return (fake_rows(q, 0, NULL));
	return (agree(q, name, params));
}

static void
answer_with(PGresult *(*answer)(const struct query *, const char *,
    const char *const *))
{
	fake_db_clear();
	fake_db.answer = answer;
}

static void
assert_sent(const char *const *names, unsigned n)
{
	unsigned	 i;

	for (i = 0; i < n && i < fake_db.nsent; i++)
		assert_string_equal(fake_db.sent[i], names[i]);
	assert_int_equal(fake_db.nsent, n);
}

/* A hash is expensive: it is made for a good token only. */
static void
test_a_bad_token_costs_a_look(void **state)
{
	static const char *const	names[] = { "account_tokens.find" };

	(void)state;
	answer_with(refuse);
	assert_int_equal(ask(request_of("reset_password")), 400);
	assert_sent(names, 1);
}

/* What is no token at all is not looked for. */
static void
test_what_is_no_token(void **state)
{
	static const char *const	none[] = {
		"x", "keel_reset_", VERIFY_TOKEN, RESET_TOKEN "a",
		"keel_reset_" SECRET_43 SECRET_43, "Keel_reset_" SECRET_43,
	};
	char		 body[256];
	struct asked	 a = *request_of("reset_password");
	size_t		 i;

	(void)state;
	a.body = body;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(body, sizeof(body), "{\"token\": \"%s\", "
		    "\"new_password\": \"Rainy-day-43\"}", none[i]);
		answer_with(agree);
		assert_int_equal(ask(&a), 400);
		assert_int_equal(fake_db.nsent, 0);
	}
}

/* Both look for no user, so they take the same time for every address. */
static void
test_asking_only_stores_a_job(void **state)
{
	static const char *const	names[] = {
		"BEGIN", "jobs.enqueue", "COMMIT"
	};

	(void)state;
	answer_with(agree);
	assert_int_equal(ask(request_of("forgot_password")), 202);
	assert_sent(names, 3);
	answer_with(agree);
	assert_int_equal(ask(request_of("resend_link")), 202);
	assert_sent(names, 3);
}

/* Opening a page asks nothing. */
static void
test_a_page_asks_nothing(void **state)
{
	static const struct asked	pages[] = {
		{ "show_reset", NULL, "?token=" RESET_TOKEN, NULL, NULL },
		{ "show_verify", NULL, "?token=" VERIFY_TOKEN, NULL, NULL },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		answer_with(agree);
		assert_int_equal(ask(&pages[i]), 200);
		assert_int_equal(fake_db.nsent, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_a_bad_token_costs_a_look),
		CLIENT_TEST(test_what_is_no_token),
		CLIENT_TEST(test_asking_only_stores_a_job),
		CLIENT_TEST(test_a_page_asks_nothing),
	};

	return (cmocka_run_group_tests_name("account_tokens", tests,
	    start_with_password, NULL));
}
