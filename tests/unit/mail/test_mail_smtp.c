/* SPDX-License-Identifier: ISC */
/* Sending by threads: what a failure means, and threads that are late. */

/* sources: src/mail/mail_smtp.c src/request/ctx.c src/coro/coro.c */
/* sources: src/request/raise.c src/base/error_kinds.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/mail/mail_phase.c */
/* sources: src/mail/mail_reply.c src/mail/mail_blame.c src/mail/mail_text.c */
/* defines: -DFAULTS -Wl,--wrap=clock_gettime,--wrap=pthread_create */
/* defines: -Wl,--wrap=eventfd,--wrap=eventfd_write */
/* defines: -Wl,--wrap=pthread_attr_init,--wrap=pthread_mutex_lock */
/* defines: -Wl,--wrap=pthread_mutex_unlock */

#include "smtp_fixture.h"

#define SERVER		"mail.example.org:587"
#define LATE		"SERVICE_UNAVAILABLE: " SERVER " did not answer in time"
#define DEAD		"PERMANENT_FAILURE: "
#define AGAIN		"SERVICE_UNAVAILABLE: "

/*
 * The start.
 */

static void
test_the_start_fails(void **state)
{
	(void)state;
	no_eventfd = true;
	assert_string_equal(smtp_init(), "eventfd: Too many open files");
	assert_null(loop.event);
	no_eventfd = false;
	curl_problem = "no curl";
	assert_string_equal(smtp_init(), "no curl");
	curl_problem = NULL;
	close(loop.fd);
}

static void
test_the_start(void **state)
{
	(void)state;
	assert_null(smtp_init());
	assert_int_equal(loop.flags, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(loop.type, EPOLLIN);
	assert_int_equal(loop.schedule_flags, 0);
	/* Nothing has ended: the loop does not wait for it. */
	loop.event->handle(loop.event, 0);
}

/*
 * What the thread gets.
 */

static void
test_the_thread_has_its_own_copy(void **state)
{
	struct sending	*a = begin(0), *b = begin(1);

	(void)state;
	assert_string_equal(a->t->from, "keel@x.example");
	assert_string_equal(a->t->to, "0@b.example");
	assert_string_equal(a->t->data, "Subject: x\r\n\r\nHello.\r\n");
	assert_int_equal(a->t->len, strlen(a->t->data));
	assert_false(a->t->utf8);
	assert_true(b->t->utf8);
	assert_int_equal(a->first_deadline, now + 20000);
	assert_in_range(a->stack, 500 * 1024, 600 * 1024);
	assert_int_equal(a->detached, PTHREAD_CREATE_DETACHED);
	finish(a);
	finish(b);
	assert_ended(a, "ok");
	assert_ended(b, "ok");
}

/*
 * Each allocation in turn. When the last of them fails, the thread has begun:
 * it is left to itself.
 */
static void
test_memory_runs_short(void **state)
{
	struct sending	*s;
	unsigned	 n;

	(void)state;
	for (n = 1;; n++) {
		s = begin_failing(0, n);
		if (s->c != NULL)
			break;
		assert_non_null(strstr(s->outcome, AGAIN));
		assert_non_null(strcasestr(s->outcome, "memory"));
		if (nthreads == 1) {
			sem_wait(&s->began);
			assert_int_equal(s->t->deadline, 0);
			finish(s);
		}
		assert_true(n < 20);
	}
	assert_int_equal(nthreads, 2);
	finish(s);
	assert_ended(s, "ok");
}

static void
test_there_is_no_thread(void **state)
{
	struct sending	*s;

	(void)state;
	no_thread = true;
	s = begin_failing(0, 0);
	assert_ended(s, AGAIN "No memory or thread for the mail");
	no_thread = false;
	no_attributes = true;
	s = begin_failing(0, 0);
	assert_ended(s, AGAIN "No memory or thread for the mail");
	assert_int_equal(nthreads, 0);
}

/*
 * Threads that end in odd orders, or late.
 */

static void
test_several_at_once(void **state)
{
	struct sending	*a = begin(0), *b = begin(1), *c = begin(2),
			*d = begin(3);

	(void)state;
	finish(c);
	assert_ended(c, "ok");
	assert_waits(a);
	assert_waits(b);

	/* The loop hears of two at once. */
	b->result.result = CURLE_COULDNT_CONNECT;
	end_thread(d);
	end_thread(b);
	hear();
	assert_waits(b);
	assert_waits(d);
	coro_run();
	assert_ended(b, AGAIN "cannot connect to " SERVER ": Couldn't connect "
	    "to server");
	assert_ended(d, "ok");
	assert_waits(a);
	finish(a);
	assert_ended(a, "ok");
}

static void
test_a_wake_for_another_reason(void **state)
{
	struct sending	*a = begin(0);

	(void)state;
	coro_wake(a->c->coro);
	coro_run();
	assert_waits(a);
	loop.event->handle(loop.event, 0);
	coro_run();
	assert_waits(a);
	finish(a);
	assert_ended(a, "ok");
}

/* The thread still uses the message. Its end comes later, and frees it. */
static void
test_a_thread_that_is_late(void **state)
{
	struct sending	*a = begin(0), *b;

	(void)state;
	pass(19999);
	assert_waits(a);
	assert_int_equal(a->t->deadline, a->first_deadline);
	pass(1);
	assert_ended(a, LATE);
	assert_int_equal(a->t->deadline, 0);
	assert_string_equal(a->t->data, "Subject: x\r\n\r\nHello.\r\n");

	/* Meanwhile there are others. */
	b = begin(1);
	finish(a);
	assert_waits(b);
	finish(b);
	assert_ended(b, "ok");
}

/* Its end waits to be heard while its job gives up. */
static void
test_too_late_by_a_moment(void **state)
{
	struct sending	*a = begin(0);

	(void)state;
	end_thread(a);
	pass(20000);
	assert_ended(a, LATE);
	hear();
	coro_run();
}

/* What has been sent is sent: the job must not be repeated. */
static void
test_in_time_by_a_moment(void **state)
{
	struct sending	*a = begin(0);

	(void)state;
	end_thread(a);
	hear();
	pass(20000);
	assert_ended(a, "ok");
}

static void
test_the_lease_is_renewed(void **state)
{
	struct sending	*a = begin(0);
	uint64_t	 renewed = now + 25000;

	(void)state;
	a->c->deadline = renewed;
	pass(1000);
	assert_int_equal(a->t->deadline, renewed);
	pass(23999);
	assert_waits(a);
	pass(1);
	assert_ended(a, LATE);
	finish(a);
}

/* The attempt may take as long as the server may, and a bit. */
static void
test_the_attempt_is_told_how_long_it_may_take(void **state)
{
	struct sending	*a = begin(0);

	(void)state;
	assert_int_equal(a->t->phase_ends, now + 30000);
	assert_int_equal(waits_until, a->t->phase_ends + 5000);
	a->t->phase_ends = now + 600000;
	pass(999);
	assert_true(waits_until < now + 600000);
	pass(1);
	assert_int_equal(waits_until, a->t->phase_ends + 5000);
	finish(a);
	assert_ended(a, "ok");
	assert_int_equal(waits_until, 0);
}

/* As attempt_cancel() does. */
static void
test_the_job_is_cancelled(void **state)
{
	struct sending	*a = begin(0);

	(void)state;
	a->c->deadline = 1;
	coro_wake(a->c->coro);
	coro_run();
	assert_ended(a, LATE);
	assert_int_equal(a->t->deadline, 0);
	finish(a);
}

/*
 * What a failure means.
 */

static const char *
outcome(const struct transfer *result)
{
	struct sending	*s = begin(0);

	s->result = *result;
	finish(s);
	assert_null(s->c);
	return (s->outcome);
}

static struct reply
reply_of(const char *line)
{
	struct reply	 r;

	reply_clear(&r);
	reply_add(&r, line, strlen(line));
	return (r);
}

/* test_mail_blame.c tells the 5xx apart. */
static void
test_every_reply(void **state)
{
	struct transfer	 r = { .result = CURLE_SEND_ERROR,
			    .error = "curl's words" };
	char		 said[40], want[400];
	unsigned	 code;

	(void)state;
	for (code = 200; code < 600; code++) {
		snprintf(said, sizeof(said), "%u 5.1.1 Words", code);
		r.reply = reply_of(said);
		r.phase = PHASE_RCPT;
		if (code < 400)
			snprintf(want, sizeof(want), AGAIN "the connection "
			    "failed to " SERVER ": curl's words");
		else
			snprintf(want, sizeof(want), "%sthe mail server %s: "
			    SERVER ": %s", code < 500 ? AGAIN : DEAD,
			    code < 500 ? "asks us to try later" :
			    "refuses this mail", said);
		assert_string_equal(outcome(&r), want);

		/* Before MAIL, no reply is about the message. */
		r.phase = PHASE_AUTH;
		if (code >= 400)
			snprintf(want, sizeof(want), AGAIN "the mail server "
			    "turns us away: " SERVER ": %s", said);
		assert_string_equal(outcome(&r), want);
	}
	r.phase = PHASE_RCPT;
	r.reply = reply_of("530 5.7.0 Words");
	assert_string_equal(outcome(&r), AGAIN "the mail server complains "
	    "about us: " SERVER ": 530 5.7.0 Words");
}

/* All of a long reply is told. */
static void
test_a_long_reply(void **state)
{
	struct transfer	 r = { .result = CURLE_SEND_ERROR,
			    .phase = PHASE_RCPT };
	char		 want[900], line[304] = "550-";

	(void)state;
	memset(line + 4, 'x', 299);
	reply_clear(&r.reply);
	reply_add(&r.reply, line, strlen(line));
	reply_add(&r.reply, "550 why", 7);
	snprintf(want, sizeof(want), DEAD "the mail server refuses this mail: "
	    SERVER ": 550 %s why", line + 4);
	assert_string_equal(outcome(&r), want);
}

/* Without a reply, no failure is about the message. */
static void
test_every_error_of_libcurl(void **state)
{
	struct transfer	 r = { .phase = PHASE_CONNECT };
	char		 want[400];
	int		 code;

	(void)state;
	for (code = 1; code < CURL_LAST; code++) {
		r.result = (CURLcode)code;
		r.phase = code % 2 == 0 ? PHASE_DATA : PHASE_CONNECT;
		snprintf(want, sizeof(want), AGAIN "%s " SERVER ": %s",
		    code % 2 == 0 ? "the connection failed to" :
		    "cannot connect to", curl_easy_strerror(r.result));
		assert_string_equal(outcome(&r), want);
	}
}

#define LENGTH	22	/* of the message */
#define DOUBT	"; it may have taken the mail"

static void
test_which_reason_counts(void **state)
{
	static const struct {
		struct transfer	 result;
		const char	*reply, *outcome;
	} cases[] = {
		{ { .result = CURLE_OK, .phase = PHASE_END, .error = "x",
		    .no_utf8 = true }, "550 No", "ok" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .no_login = true,
		    .no_utf8 = true, .phase = PHASE_DATA }, "550 No",
		    AGAIN SERVER " offers no way to sign in that we know" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .no_utf8 = true,
		    .phase = PHASE_DATA }, "451 No",
		    DEAD SERVER " takes no addresses beyond ASCII "
		    "(SMTPUTF8)" },
		{ { .result = CURLE_SEND_ERROR, .phase = PHASE_RCPT,
		    .error = "It broke" }, "250 Yes",
		    AGAIN "the connection failed to " SERVER ": It broke" },
		{ { .result = CURLE_SEND_ERROR, .phase = PHASE_RCPT,
		    .error = "It broke" }, "550-No",
		    AGAIN "the connection failed to " SERVER ": It broke" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .late = true,
		    .phase = PHASE_GREETING, .error = "Aborted" }, "",
		    AGAIN SERVER ": no greeting within 300 seconds" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .late = true,
		    .phase = PHASE_DATA }, "",
		    AGAIN SERVER ": no reply to DATA within 120 seconds" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .late = true,
		    .phase = PHASE_MESSAGE, .sent = 1 }, "",
		    AGAIN SERVER ": it did not take the message within 180 "
		    "seconds" },
		{ { .result = CURLE_ABORTED_BY_CALLBACK, .late = true,
		    .phase = PHASE_END, .sent = LENGTH }, "",
		    AGAIN SERVER ": no reply to the end of the message within "
		    "600 seconds" DOUBT },
		{ { .result = CURLE_RECV_ERROR, .phase = PHASE_MESSAGE,
		    .sent = LENGTH, .error = "It broke" }, "",
		    AGAIN "the connection failed to " SERVER ": It broke"
		    DOUBT },
	};
	struct transfer	 t;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(&t, &cases[i].result, sizeof(t));
		t.reply = reply_of(cases[i].reply);
		assert_string_equal(outcome(&t), cases[i].outcome);
	}
}

static void
test_an_address_has_brackets(void **state)
{
	struct transfer	 r = { .result = CURLE_COULDNT_CONNECT,
			    .error = "Refused" };

	(void)state;
	mail_settings.host = "2001:db8::1";
	assert_string_equal(outcome(&r),
	    AGAIN "cannot connect to [2001:db8::1]:587: Refused");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_the_start_fails),
		TEST(test_the_start),
		TEST(test_the_thread_has_its_own_copy),
		TEST(test_memory_runs_short),
		TEST(test_there_is_no_thread),
		TEST(test_several_at_once),
		TEST(test_a_wake_for_another_reason),
		TEST(test_a_thread_that_is_late),
		TEST(test_too_late_by_a_moment),
		TEST(test_in_time_by_a_moment),
		TEST(test_the_lease_is_renewed),
		TEST(test_the_attempt_is_told_how_long_it_may_take),
		TEST(test_the_job_is_cancelled),
		TEST(test_every_reply),
		TEST(test_a_long_reply),
		TEST(test_every_error_of_libcurl),
		TEST(test_which_reason_counts),
		TEST(test_an_address_has_brackets),
	};

	return (cmocka_run_group_tests_name("mail_smtp", tests, NULL, NULL));
}
