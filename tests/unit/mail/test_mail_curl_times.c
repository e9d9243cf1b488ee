/* SPDX-License-Identifier: ISC */
/* How long each phase of a session may take. */

/* sources: src/mail/mail_curl.c src/mail/mail_text.c */
/* sources: src/mail/mail_reply.c src/mail/mail_phase.c */
/* sources: src/base/arena.c src/base/mem.c tests/unit/fakes/curl_fake.c */
/* defines: -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock */

#include "curl_fixture.h"

/* Each phase has another time. */
static int
setup_times(void **state)
{
	if (setup(state) != 0)
		return (-1);
	mail_settings.connect_seconds = 10;
	mail_settings.reply_seconds = 20;
	mail_settings.data_seconds = 30;
	mail_settings.block_seconds = 40;
	mail_settings.end_seconds = 50;
	return (0);
}

struct story {
	const char	*steps[12];	/* and then it waits */
	enum smtp_phase	 phase;
	unsigned	 seconds;
};

/* So many ms later, is it stopped? */
static struct transfer
after(const struct story *s, unsigned ms)
{
	struct fake_perform	 p = { .result = CURLE_OK, .connects = 1 };
	char			 wait[32];
	size_t			 n;

	for (n = 0; n < 12 && s->steps[n] != NULL; n++)
		p.steps[n] = s->steps[n];
	snprintf(wait, sizeof(wait), "wait %u", ms);
	p.steps[n++] = wait;
	/* What was read last is not sent yet. */
	p.steps[n] = n > 1 && strcmp(p.steps[n - 2], "part") == 0 ?
	    "progress" : "uploaded";
	fake_curl.message_len = 0;
	return (transfer(&p));
}

static void
check(const struct story *stories, size_t n)
{
	struct transfer	 t;
	size_t		 i;

	for (i = 0; i < n; i++) {
		t = after(&stories[i], stories[i].seconds * 1000 - 1);
		if (t.late || t.result != CURLE_OK)
			fail_msg("story %zu ends early", i);
		t = after(&stories[i], stories[i].seconds * 1000);
		if (!t.late || t.phase != stories[i].phase ||
		    t.result != CURLE_ABORTED_BY_CALLBACK)
			fail_msg("story %zu: phase %d", i, (int)t.phase);
	}
}

#define CHECK(stories)							\
	check(stories, sizeof(stories) / sizeof((stories)[0]))

static void
test_each_phase(void **state)
{
	static const struct story	 stories[] = {
		{ { NULL }, PHASE_CONNECT, 10 },
		{ { "wait 4000", "progress" }, PHASE_CONNECT, 6 },
		/* The next of the server's addresses has what is left. */
		{ { "socket", "wait 4000", "socket" }, PHASE_CONNECT, 6 },
		{ { "tcp", "progress" }, PHASE_GREETING, 20 },
		{ { "wait 9999", "tcp", "progress" }, PHASE_GREETING, 20 },
		{ { "< 220 Hi", "> EHLO x" }, PHASE_EHLO, 20 },
		{ { "> EHLO x", "wait 19999", "> HELO x" }, PHASE_EHLO, 20 },
		{ { "> STARTTLS" }, PHASE_STARTTLS, 20 },
		{ { "> STARTTLS", "< 220 Go" }, PHASE_TLS, 10 },
		{ { "> STARTTLS", "< 220 Go", "> EHLO x" }, PHASE_EHLO, 20 },
		{ { "> AUTH PLAIN x" }, PHASE_AUTH, 20 },
		{ { "> AUTH LOGIN", "wait 19999", "< 334 x", "> c2VjcmV0" },
		    PHASE_AUTH, 20 },
		{ { "> MAIL FROM:<a>" }, PHASE_MAIL, 20 },
		{ { "> RCPT TO:<b>" }, PHASE_RCPT, 20 },
		{ { "> DATA" }, PHASE_DATA, 30 },
		{ { "> DATA", "< 354 Go", "part" }, PHASE_MESSAGE, 40 },
		{ { "> DATA", "part", "wait 39999", "part" }, PHASE_MESSAGE,
		    40 },
		{ { "> DATA", "read", "uploaded" }, PHASE_END, 50 },
	};

	(void)state;
	CHECK(stories);
}

/* Lines that have no end, and news of the progress, give it no more time. */
static void
test_only_the_end_of_a_phase_counts(void **state)
{
	static const struct story	 stories[] = {
		{ { "tcp", "progress", "wait 7000", "< 220-Wait", "progress",
		    "wait 7000", "< 220-Wait", "progress" }, PHASE_GREETING,
		    6 },
		{ { "> RCPT TO:<b>", "wait 15000", "< 250-Wait", "progress" },
		    PHASE_RCPT, 5 },
		{ { "> DATA", "part", "wait 30000", "progress" },
		    PHASE_MESSAGE, 10 },
		{ { "> DATA", "read", "uploaded", "wait 30000", "uploaded" },
		    PHASE_END, 20 },
		{ { "> DATA", "read", "uploaded", "wait 30000", "< 250-Wait",
		    "uploaded" }, PHASE_END, 20 },
	};

	(void)state;
	CHECK(stories);
}

/* A connection of smtps is one when TLS is: then the greeting has its time. */
static void
test_smtps(void **state)
{
	static const struct story	 stories[] = {
		{ { "tcp", "wait 4000", "progress" }, PHASE_CONNECT, 6 },
		{ { "tcp", "wait 4000", "tls", "progress" }, PHASE_GREETING,
		    20 },
	};

	(void)state;
	mail_settings.implicit = true;
	CHECK(stories);
}

static long	connect_time[3];
static unsigned	looks;

static void
look(void)
{
	connect_time[looks++] = fake_curl_long(CURLOPT_CONNECTTIMEOUT);
}

/* libcurl's own would end the greeting, EHLO and AUTH too. */
static void
test_the_time_that_libcurl_has(void **state)
{
	static const struct fake_perform	performs[] = {
		{ { "hook", "tcp", "progress", "hook", "> EHLO x", ENVELOPE,
		    "read", "< 250 Taken" }, CURLE_OK, 1 },
		{ { "hook", "< 220 Hi", ENVELOPE, "read" }, CURLE_OK, 1 },
	};

	(void)state;
	looks = 0;
	fake_curl.hook = look;
	transfer(&performs[0]);
	transfer(&performs[1]);
	assert_int_equal(connect_time[0], 10);
	assert_int_equal(connect_time[1], 86400);
	assert_int_equal(connect_time[2], 10);
}

/* The loop waits as long as the phase may take. */
static uint64_t		 ends;
static struct transfer	*seen;

static void
note_end(void)
{
	ends = seen->phase_ends;
}

static void
test_the_loop_sees_the_end_of_a_phase(void **state)
{
	static const struct fake_perform	performs[] = {
		{ { "> DATA", "wait 1000", "hook" }, CURLE_OK, 1 },
	};
	struct transfer	 t = new_transfer();
	uint64_t	 began = fake_curl.now;

	(void)state;
	seen = &t;
	fake_curl.hook = note_end;
	fake_curl.performs = performs;
	curl_transfer(&t);
	assert_int_equal(ends, began + 30000);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup_times, \
			    teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_each_phase),
		TEST(test_only_the_end_of_a_phase_counts),
		TEST(test_smtps),
		TEST(test_the_time_that_libcurl_has),
		TEST(test_the_loop_sees_the_end_of_a_phase),
	};

	return (cmocka_run_group_tests_name("mail_curl_times", tests, NULL,
	    NULL));
}
