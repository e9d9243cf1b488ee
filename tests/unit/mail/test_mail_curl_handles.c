/* SPDX-License-Identifier: ISC */
/* Which connection sends a mail: a new one, one that is kept, or both. */

/* sources: src/mail/mail_curl.c src/mail/mail_text.c */
/* sources: src/mail/mail_reply.c src/mail/mail_phase.c */
/* sources: src/base/arena.c src/base/mem.c tests/unit/fakes/curl_fake.c */
/* defines: -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock */

#include "curl_fixture.h"

#include <sys/socket.h>

#include <unistd.h>

#define KEPT	16

static const struct fake_perform	takes[] = { TAKES };
static const struct fake_perform	takes_next[] = { TAKES_NEXT };

static void
test_a_connection_is_used_again(void **state)
{
	struct fake_easy	*first;
	struct transfer		 t;

	(void)state;
	t = transfer(takes);
	assert_int_equal(t.result, CURLE_OK);
	assert_int_equal(fake_curl.ninits, 1);
	first = fake_curl.last;
	t = transfer(takes_next);
	assert_int_equal(t.result, CURLE_OK);
	assert_ptr_equal(fake_curl.last, first);
	assert_int_equal(fake_curl.ninits + fake_curl.ncleanups, 0);
	assert_int_equal(fake_curl.nperforms, 1);
	assert_int_equal(fake_curl.message_len, strlen(DATA));
}

/* What the server said at its beginning holds for all of its mails. */
static void
test_abilities_are_kept_with_a_connection(void **state)
{
	static const struct fake_perform	learns[] = {
		{ { CONNECT, "< 250 SMTPUTF8", "< 235 Yes", ENVELOPE,
		    "read" }, CURLE_OK, 1 },
	};
	struct transfer	 t;

	(void)state;
	mail_settings.user = "keel";
	mail_settings.password = "Pw-secret";
	transfer(learns);
	t = new_transfer();
	t.utf8 = true;
	t = transfer_of(takes_next, t);
	assert_int_equal(t.result, CURLE_OK);

	/* But not for those of another. */
	forget_handles();
	t = new_transfer();
	t.utf8 = true;
	t = transfer_of(takes, t);
	assert_int_equal(t.result, CURLE_ABORTED_BY_CALLBACK);
	assert_true(t.no_utf8);
	assert_true(t.no_login);
}

/*
 * A reply to the failed mail may still come. So its connection ends, and at
 * once: libcurl would send QUIT and wait.
 */
static void
test_a_connection_that_failed_is_not_kept(void **state)
{
	static const struct fake_perform	fails[] = {
		{ { CONNECT, ENVELOPE, "< 451 Later" }, CURLE_SEND_ERROR, 1 },
	};
	int	 pair[2];
	char	 end;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	fake_curl.socket = pair[0];
	transfer(fails);
	assert_int_equal(fake_curl.ncleanups, 1);
	assert_false(fake_curl.last_is_kept);
	assert_int_equal(recv(pair[1], &end, 1, 0), 0);

	/* One that has sent its mail stays open. */
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	fake_curl.socket = pair[0];
	transfer(takes);
	assert_int_equal(fake_curl.ninits, 1);
	assert_true(fake_curl.last_is_kept);
	assert_int_equal(recv(pair[1], &end, 1, 0), -1);
	fake_curl.socket = -1;
	close(pair[0]);
	close(pair[1]);
}

/* A transfer within the other one stands for one beside it. */

static unsigned			 nested, most_nested;
static const struct fake_perform nesting[] = {
	{ { CONNECT, ENVELOPE, "hook", "read" }, CURLE_OK, 1 },
};

static void
send_another(void)
{
	struct transfer	 t = new_transfer();

	if (++nested == most_nested)
		return;
	fake_curl.performs = nesting;
	curl_transfer(&t);
	assert_int_equal(t.result, CURLE_OK);
}

static void
send_at_once(unsigned n)
{
	nested = 0;
	most_nested = n;
	fake_curl.hook = send_another;
	transfer(nesting);
	assert_int_equal(fake_curl.nperforms, n);
}

static void
test_some_connections_are_kept(void **state)
{
	struct fake_easy	*last;

	(void)state;
	send_at_once(KEPT);
	assert_int_equal(fake_curl.ninits, KEPT);
	assert_int_equal(fake_curl.ncleanups, 0);
	send_at_once(KEPT + 3);
	assert_int_equal(fake_curl.ninits, 3);
	assert_int_equal(fake_curl.ncleanups, 3);

	/* The one that was used last is used next: the others may end. */
	transfer(takes_next);
	last = fake_curl.last;
	transfer(takes_next);
	assert_ptr_equal(fake_curl.last, last);
	send_at_once(2);
	last = fake_curl.last;
	transfer(takes_next);
	assert_ptr_not_equal(fake_curl.last, last);
}

/*
 * A connection that the server has ended while nobody used it.
 */

static long	was_fresh[2];

static void
note_fresh(void)
{
	was_fresh[fake_curl.nperforms - 1] =
	    fake_curl_long(CURLOPT_FRESH_CONNECT);
}

static void
test_a_stale_connection(void **state)
{
	static const struct fake_perform	stale[] = {
		{ { "hook", "> MAIL FROM:<a@x>", "error Broken" },
		    CURLE_SEND_ERROR, 0 },
		{ { "hook", CONNECT, ENVELOPE, "read", "< 250 Taken" },
		    CURLE_OK, 1 },
	};
	struct transfer	 t;

	(void)state;
	transfer(takes);
	fake_curl.hook = note_fresh;
	t = transfer(stale);
	assert_int_equal(t.result, CURLE_OK);
	assert_int_equal(fake_curl.nperforms, 2);
	assert_int_equal(fake_curl.ninits, 0);
	assert_int_equal(was_fresh[0], 0);
	assert_int_equal(was_fresh[1], 1);
	assert_int_equal(fake_curl.message_len, strlen(DATA));
	assert_string_equal(t.error, "");

	/* The next mail takes the connection that was made. */
	t = transfer(takes_next);
	assert_int_equal(t.result, CURLE_OK);
	assert_int_equal(fake_curl_long(CURLOPT_FRESH_CONNECT), 0);
}

/* At any command; and the mail goes from its beginning. */
static void
test_a_stale_connection_at_any_time(void **state)
{
	static const struct fake_perform	fresh = {
		{ CONNECT, ENVELOPE, "read", "< 250 Taken" }, CURLE_OK, 1
	};
	static const struct fake_perform	cases[] = {
		{ { "< 421 Idle" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "> QUIT" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "< 421-Too", "< 421 many" },
		    CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "< 250 Ok" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "< 550-No end" }, CURLE_RECV_ERROR,
		    0 },
		{ { "> MAIL FROM:<a@x>", "< 250 Ok", "> RCPT TO:<b@y>",
		    "< 421 Bye" }, CURLE_SEND_ERROR, 0 },
		{ { ENVELOPE }, CURLE_SEND_ERROR, 0 },
		{ { "> DATA", "< 421 Bye" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "> DATA", "part" }, CURLE_SEND_ERROR,
		    0 },
		{ { "> MAIL FROM:<a@x>", "wait 300000", "progress" },
		    CURLE_OK, 0 },
	};
	struct fake_perform	 performs[2];
	struct transfer		 t;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		transfer(takes);
		performs[0] = cases[i];
		performs[1] = fresh;
		fake_curl.message_len = 0;
		t = transfer(performs);
		if (t.result != CURLE_OK || fake_curl.nperforms != 2)
			fail_msg("case %zu", i);
		assert_false(t.late);
		assert_int_equal(fake_curl.message_len, strlen(DATA));
		assert_memory_equal(fake_curl.message, DATA, strlen(DATA));
	}
}

/* Whatever the first connection said: the second one's failure counts. */
static void
test_a_stale_connection_and_no_new_one(void **state)
{
	static const struct fake_perform	stale[] = {
		{ { "> MAIL FROM:<a@x>", "error Broken" }, CURLE_SEND_ERROR,
		    0 },
		{ { NULL }, CURLE_COULDNT_CONNECT, 1 },
	}, told[] = {
		{ { "> MAIL FROM:<a@x>", "> QUIT" }, CURLE_SEND_ERROR, 0 },
		{ { "socket", "< 554 Not you" }, CURLE_WEIRD_SERVER_REPLY, 1 },
	}, twice[] = {
		{ { "> MAIL FROM:<a@x>", "< 421 Bye" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "< 421 Bye" }, CURLE_SEND_ERROR, 0 },
	};
	struct transfer	 t;

	(void)state;
	transfer(takes);
	t = transfer(stale);
	assert_int_equal(t.result, CURLE_COULDNT_CONNECT);
	assert_int_equal(fake_curl.nperforms, 2);
	assert_int_equal(t.phase, PHASE_CONNECT);
	assert_string_equal(t.error, "");
	assert_string_equal(said(&t), "");

	transfer(takes);
	t = transfer(told);
	assert_int_equal(t.result, CURLE_WEIRD_SERVER_REPLY);
	assert_string_equal(said(&t), "554 Not you");

	transfer(takes);
	t = transfer(twice);
	assert_int_equal(fake_curl.nperforms, 2);
	assert_string_equal(said(&t), "421 Bye");
}

static void
give_it_up(void)
{
	fake_curl.now += 2000000;
}

/* It may have taken the mail, or refused it: a second time is up to the job. */
static void
test_not_stale(void **state)
{
	static const struct fake_perform	cases[] = {
		{ { CONNECT, "> MAIL FROM:<a@x>" }, CURLE_SEND_ERROR, 1 },
		{ { CONNECT, "> MAIL FROM:<a@x>", "< 421 Bye" },
		    CURLE_SEND_ERROR, 1 },
		{ { "> MAIL FROM:<a@x>", "< 550 No" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "< 450 No" }, CURLE_SEND_ERROR, 0 },
		{ { ENVELOPE, "read" }, CURLE_RECV_ERROR, 0 },
		{ { ENVELOPE, "read", "< 421 Bye" },
		    CURLE_WEIRD_SERVER_REPLY, 0 },
		{ { ENVELOPE, "part", "part" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "hook" }, CURLE_SEND_ERROR, 0 },
		{ { "> MAIL FROM:<a@x>", "read" }, CURLE_OK, 0 },
	};
	struct transfer	 t;
	size_t		 i;

	(void)state;
	fake_curl.hook = give_it_up;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		transfer(takes);
		t = transfer(&cases[i]);
		assert_int_equal(t.result, cases[i].result);
		if (fake_curl.nperforms != 1)
			fail_msg("case %zu", i);
	}
}

/* What was lacking is lacking on a new connection too. */
static void
test_an_ability_that_is_lacking(void **state)
{
	struct transfer	 t;

	(void)state;
	transfer(takes);
	t = new_transfer();
	t.utf8 = true;
	t = transfer_of(takes_next, t);
	assert_true(t.no_utf8);
	assert_int_equal(fake_curl.nperforms, 1);
}

/* For libcurl, 250 alone is success. Its connection is good for the next. */
static void
test_every_2xx_is_success(void **state)
{
	static const struct {
		const char	*steps[3];
		bool		 taken;
	} cases[] = {
		{ { "read", "< 251 Ok" }, true },
		{ { "read", "< 200" }, true },
		{ { "read", "< 251-Ok", "< 251 yes" }, true },
		{ { "read", "< 251-Ok" }, false },
		{ { "read", "< 354 Ok" }, false },
		{ { "read", "< 550 No" }, false },
		{ { "read" }, false },
		{ { "part", "< 251 Ok" }, false },
		{ { "> MAIL FROM:<a>", "< 251 Ok" }, false },
	};
	struct fake_perform	 p = { .result = CURLE_WEIRD_SERVER_REPLY,
				    .connects = 1 };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p.steps, cases[i].steps, sizeof(cases[i].steps));
		if (transfer(&p).result != (cases[i].taken ? CURLE_OK :
		    CURLE_WEIRD_SERVER_REPLY))
			fail_msg("case %zu", i);
		assert_int_equal(fake_curl.last_is_kept, cases[i].taken);
	}
	p.result = CURLE_RECV_ERROR;
	memcpy(p.steps, cases[0].steps, sizeof(cases[0].steps));
	assert_int_equal(transfer(&p).result, CURLE_RECV_ERROR);
}

/*
 * Without memory.
 */

static void
test_no_handle(void **state)
{
	(void)state;
	fake_curl.no_init = true;
	assert_int_equal(transfer(takes).result, CURLE_OUT_OF_MEMORY);
	assert_int_equal(fake_curl.nperforms, 0);
}

static void
test_no_list(void **state)
{
	(void)state;
	fake_curl.no_list = true;
	assert_int_equal(transfer(takes).result, CURLE_OUT_OF_MEMORY);
	assert_int_equal(fake_curl.nperforms, 0);
	assert_int_equal(fake_curl.ncleanups, 1);
}

/* Each option fails in turn: no mail is sent without one of them. */
static void
test_no_option(void **state)
{
	struct transfer	 t;
	unsigned	 n, needed;

	(void)state;
	mail_settings.tls = true;
	mail_settings.ca = "/etc/ca.pem";
	mail_settings.user = "keel";
	mail_settings.password = "Pw-secret";
	fake_curl.hook = NULL;
	transfer(takes);
	needed = fake_curl.noptions;
	forget_handles();
	/*
	 * One gives libcurl more time; the last three undo what must not be
	 * kept.
	 */
	for (n = 1; n <= needed - 4; n++) {
		fake_curl.option_fails = n;
		t = transfer(takes);
		if (t.result != CURLE_OUT_OF_MEMORY ||
		    fake_curl.nperforms != 0 || fake_curl.ncleanups != 1)
			fail_msg("option %u: result %d", n, (int)t.result);
	}
	assert_true(n > 30);
}

static void
fail_next_option(void)
{
	fake_curl.option_fails = fake_curl.noptions + 1;
}

/* Then the failure stays what it was. */
static void
test_no_option_for_a_fresh_connection(void **state)
{
	static const struct fake_perform	stale[] = {
		{ { "> MAIL FROM:<a@x>", "hook" }, CURLE_SEND_ERROR, 0 },
	};
	struct transfer	 t;

	(void)state;
	transfer(takes);
	fake_curl.hook = fail_next_option;
	t = transfer(stale);
	assert_int_equal(t.result, CURLE_SEND_ERROR);
	assert_int_equal(fake_curl.nperforms, 1);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_connection_is_used_again),
		TEST(test_abilities_are_kept_with_a_connection),
		TEST(test_a_connection_that_failed_is_not_kept),
		TEST(test_some_connections_are_kept),
		TEST(test_a_stale_connection),
		TEST(test_a_stale_connection_at_any_time),
		TEST(test_a_stale_connection_and_no_new_one),
		TEST(test_not_stale),
		TEST(test_an_ability_that_is_lacking),
		TEST(test_every_2xx_is_success),
		TEST(test_no_handle),
		TEST(test_no_list),
		TEST(test_no_option),
		TEST(test_no_option_for_a_fresh_connection),
	};

	return (cmocka_run_group_tests_name("mail_curl_handles", tests, NULL,
	    NULL));
}
