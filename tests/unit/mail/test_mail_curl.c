/* SPDX-License-Identifier: ISC */
/* What libcurl is told, and what its callbacks note and stop. */

/* sources: src/mail/mail_curl.c src/mail/mail_text.c */
/* sources: src/mail/mail_reply.c src/mail/mail_phase.c */
/* sources: src/base/arena.c src/base/mem.c tests/unit/fakes/curl_fake.c */
/* defines: -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock */

#include "curl_fixture.h"

static const struct fake_perform	takes[] = { TAKES };

/*
 * Options.
 */

static void
test_the_url(void **state)
{
	static const struct {
		const char	*host;
		unsigned	 port;
		bool		 implicit;
		const char	*domain, *url;
	} cases[] = {
		{ "mail.example.org", 587, false, "x.example",
		    "smtp://mail.example.org:587/x.example" },
		{ "mail.example.org", 465, true, "x.example",
		    "smtps://mail.example.org:465/x.example" },
		{ "2001:db8::1", 25, false, "x.example",
		    "smtp://[2001:db8::1]:25/x.example" },
		{ "localhost", 25, false, "localhost", "smtp://localhost:25/" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mail_settings.host = cases[i].host;
		mail_settings.port = cases[i].port;
		mail_settings.implicit = cases[i].implicit;
		mail_settings.from_domain = cases[i].domain;
		assert_null(curl_init());
		transfer(takes);
		assert_string_equal(fake_curl_text(CURLOPT_URL), cases[i].url);
		forget_handles();
	}
}

static void
test_the_start(void **state)
{
	(void)state;
	assert_int_equal(fake_curl.global, CURL_GLOBAL_ALL);
	fake_curl.no_global = true;
	assert_string_equal(curl_init(), "cannot begin with libcurl");
}

static void
check_connection(void)
{
	assert_string_equal(fake_curl_text(CURLOPT_PROTOCOLS_STR),
	    "smtp,smtps");
	assert_string_equal(fake_curl_text(CURLOPT_PROXY), "");
	assert_int_equal(fake_curl_long(CURLOPT_NOSIGNAL), 1);
	/* The phases end by themselves. */
	assert_int_equal(fake_curl_long(CURLOPT_CONNECTTIMEOUT), 86400);
	assert_int_equal(fake_curl_long(CURLOPT_SERVER_RESPONSE_TIMEOUT),
	    86400);
	assert_int_equal(fake_curl_long(CURLOPT_MAXAGE_CONN), 20);
	assert_int_equal(fake_curl_long(CURLOPT_MAXLIFETIME_CONN), 300);
	assert_int_equal(fake_curl_long(CURLOPT_UPLOAD), 1);
	assert_int_equal(fake_curl_long(CURLOPT_INFILESIZE_LARGE),
	    strlen(DATA));
	assert_string_equal(fake_curl_text(CURLOPT_MAIL_FROM),
	    "keel@x.example");
}

static struct fake_perform	takes_and_looks[] = {
	{ { CONNECT, ENVELOPE, "hook", "read", "< 250 Taken" }, CURLE_OK, 1 },
};

static void
check_recipient(void)
{
	struct curl_slist	*to = fake_curl_pointer(CURLOPT_MAIL_RCPT);

	assert_string_equal(to->data, "bob@b.example");
	assert_null(to->next);
	check_connection();
}

static void
test_the_envelope_and_the_message(void **state)
{
	struct transfer	 t;

	(void)state;
	fake_curl.hook = check_recipient;
	t = transfer(takes_and_looks);
	assert_int_equal(t.result, CURLE_OK);
	assert_int_equal(t.sent, strlen(DATA));
	assert_int_equal(fake_curl.message_len, strlen(DATA));
	assert_memory_equal(fake_curl.message, DATA, strlen(DATA));
	assert_int_equal(fake_curl.nreads,
	    (strlen(DATA) + FAKE_CURL_READ - 1) / FAKE_CURL_READ + 1);

	/* What is kept points at nothing of this message. */
	assert_true(fake_curl.last_is_kept);
	assert_null(fake_curl_pointer(CURLOPT_MAIL_RCPT));
	assert_null(fake_curl_pointer(CURLOPT_ERRORBUFFER));
	assert_int_equal(fake_curl_long(CURLOPT_VERBOSE), 0);
}

/* A certificate is always checked, also when TLS is not required. */
static void
test_tls(void **state)
{
	static const struct {
		bool		 tls, implicit;
		const char	*ca;
		long		 use;
	} cases[] = {
		{ false, false, NULL, CURLUSESSL_NONE },
		{ true, false, NULL, CURLUSESSL_ALL },
		{ true, true, NULL, CURLUSESSL_ALL },
		{ true, false, "/etc/ca.pem", CURLUSESSL_ALL },
	};
	static char	 system[] = "/etc/ssl/certs";
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mail_settings.tls = cases[i].tls;
		mail_settings.implicit = cases[i].implicit;
		mail_settings.ca = cases[i].ca;
		fake_curl.ca_path = system;
		transfer(takes);
		assert_int_equal(fake_curl_long(CURLOPT_USE_SSL),
		    cases[i].use);
		assert_int_equal(fake_curl_long(CURLOPT_SSLVERSION),
		    CURL_SSLVERSION_TLSv1_2);
		assert_int_equal(fake_curl_long(CURLOPT_SSL_VERIFYPEER), 1);
		assert_int_equal(fake_curl_long(CURLOPT_SSL_VERIFYHOST), 2);
		if (cases[i].ca == NULL) {
			assert_null(fake_curl_text(CURLOPT_CAINFO));
			assert_string_equal(fake_curl_text(CURLOPT_CAPATH),
			    system);
		} else {
			assert_string_equal(fake_curl_text(CURLOPT_CAINFO),
			    cases[i].ca);
			assert_null(fake_curl_text(CURLOPT_CAPATH));
		}
		forget_handles();
	}
}

/* Nothing of it is kept for the error's text. */
static void
test_the_login(void **state)
{
	static const struct fake_perform	signs_in[] = {
		{ { CONNECT, "> AUTH PLAIN c2VjcmV0", "< 235 Yes", ENVELOPE,
		    "read", "< 250 Taken" }, CURLE_OK, 1 },
	}, fails[] = {
		{ { CONNECT, "> AUTH PLAIN c2VjcmV0" }, CURLE_RECV_ERROR, 1 },
	};
	struct transfer	 t;

	(void)state;
	transfer(takes);
	assert_null(fake_curl_text(CURLOPT_USERNAME));
	assert_null(fake_curl_text(CURLOPT_PASSWORD));
	forget_handles();
	mail_settings.user = "keel";
	mail_settings.password = "Pw-secret";
	transfer(signs_in);
	assert_string_equal(fake_curl_text(CURLOPT_USERNAME), "keel");
	assert_string_equal(fake_curl_text(CURLOPT_PASSWORD), "Pw-secret");
	assert_string_equal(fake_curl_text(CURLOPT_LOGIN_OPTIONS),
	    "AUTH=PLAIN;AUTH=LOGIN");
	t = transfer(fails);
	assert_string_equal(said(&t), "");
	assert_string_equal(t.error, "");
}

/*
 * What the server is able to do.
 */

struct ability {
	const char	*lines[4];
	bool		 has;
};

static struct transfer
transfer_after(const struct ability *a, struct transfer t)
{
	struct fake_perform	 p = { { "socket" }, CURLE_OK, 1 };
	size_t			 i, n = 1;

	for (i = 0; i < 4 && a->lines[i] != NULL; i++)
		p.steps[n++] = a->lines[i];
	p.steps[n++] = "> MAIL FROM:<a@x>";
	p.steps[n++] = "read";
	return (transfer_of(&p, t));
}

static void
test_smtputf8(void **state)
{
	static const struct ability	 cases[] = {
		{ { "< 250 SMTPUTF8" }, true },
		{ { "< 250-SMTPUTF8", "< 250 8BITMIME" }, true },
		{ { "< 250-smtputf8", "< 250 8BITMIME" }, true },
		{ { NULL }, false },
		{ { "< 250" }, false },
		{ { "< 250-SMTPUTF8X", "< 250 8BITMIME" }, false },
		{ { "< 250-X SMTPUTF8", "< 250 SMTPUTF" }, false },
		{ { "< 251 SMTPUTF8", "< 350 SMTPUTF8" }, false },
		/* A greeting, and the start of TLS, make it void. */
		{ { "< 250 SMTPUTF8", "< 220 Go on" }, false },
		{ { "< 250 SMTPUTF8", "< 220 Go on", "< 250 SMTPUTF8" },
		    true },
		{ { "< 250 SMTPUTF8", "< 221 Bye" }, true },
		{ { "< 250 SMTPUTF8", "< 220", "< 250" }, false },
	};
	struct transfer	 t;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = new_transfer();
		t.utf8 = true;
		t = transfer_after(&cases[i], t);
		if (t.no_utf8 == cases[i].has)
			fail_msg("case %zu", i);
		assert_int_equal(t.result, cases[i].has ? CURLE_OK :
		    CURLE_ABORTED_BY_CALLBACK);
		assert_int_equal(t.sent, cases[i].has ? strlen(DATA) : 0);
		/* Other messages do not need it. */
		t = transfer_after(&cases[i], new_transfer());
		assert_false(t.no_utf8);
		assert_int_equal(t.result, CURLE_OK);
		forget_handles();
	}
}

/* libcurl would go on without it. */
static void
test_authentication(void **state)
{
	static const struct ability	 cases[] = {
		{ { "< 250 AUTH PLAIN", "> AUTH PLAIN x", "< 235 Yes" }, true },
		{ { "< 250 AUTH PLAIN" }, false },
		{ { "< 250 AUTH PLAIN", "> AUTH PLAIN x", "< 236 Yes" },
		    false },
		{ { "< 235 Yes", "< 220 Go on" }, false },
	};
	struct transfer	 t;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mail_settings.user = "keel";
		mail_settings.password = "Pw-secret";
		t = transfer_after(&cases[i], new_transfer());
		if (t.no_login == cases[i].has)
			fail_msg("case %zu", i);
		assert_int_equal(t.sent, cases[i].has ? strlen(DATA) : 0);
		forget_handles();
		mail_settings.user = NULL;
		t = transfer_after(&cases[i], new_transfer());
		assert_false(t.no_login);
		forget_handles();
	}
}

/*
 * What it says.
 */

static void
test_what_was_said(void **state)
{
	static const struct {
		const char	*steps[6];
		const char	*said;
		enum smtp_phase	 phase;
	} cases[] = {
		{ { "< 554 Not today" }, "554 Not today", PHASE_GREETING },
		{ { "> MAIL FROM:<a>", "< 550 No" }, "550 No", PHASE_MAIL },
		{ { "> MAIL FROM:<a>" }, "", PHASE_MAIL },
		{ { "> MAIL", "> mail FROM", "> RCPT TO:<b>" }, "",
		    PHASE_RCPT },
		{ { "> MAILS x" }, "", PHASE_CONNECT },
		{ { "> AUTH LOGIN", "< 334 x", "> RENOVA==" }, "",
		    PHASE_AUTH },
		{ { "< 220 Hi", "> EHLO x" }, "", PHASE_EHLO },
		{ { "> HELO x\r\n" }, "", PHASE_EHLO },
		{ { "> DATA\r\n" }, "", PHASE_DATA },
		{ { "> STARTTLS", "< 220 Go" }, "220 Go", PHASE_TLS },
		{ { "> STARTTLS", "< 454 No" }, "454 No", PHASE_STARTTLS },
		{ { "> DATA", "< 354 Go", "part" }, "", PHASE_MESSAGE },
		/* Of several lines, all; without its last, it is none. */
		{ { "> MAIL FROM:<a>", "< 550-No", "< 550 Never" },
		    "550 No Never", PHASE_MAIL },
		{ { "> MAIL FROM:<a>", "< 550-No" }, " No", PHASE_MAIL },
		/* The reply to QUIT says nothing. */
		{ { "> MAIL FROM:<a>", "< 550 No", "> QUIT", "< 221 Bye" },
		    "550 No", PHASE_MAIL },
		{ { "> MAIL FROM:<a>", "> QUIT", "< 221 Bye" }, "",
		    PHASE_MAIL },
		{ { "> QUI", "< 250 Ok" }, "250 Ok", PHASE_GREETING },
		{ { "> QUITE", "< 250 Ok" }, "250 Ok", PHASE_GREETING },
		/* But a new connection and another command do. */
		{ { "> QUIT", "socket", "< 421 Later" }, "421 Later",
		    PHASE_GREETING },
		{ { "> QUIT", "> RSET", "< 421 Later" }, "421 Later",
		    PHASE_GREETING },
		{ { "< 550 a\tb\xff" }, "550 a?b?", PHASE_GREETING },
		{ { "< " }, "", PHASE_GREETING },
	};
	struct fake_perform	 p = { .result = CURLE_SEND_ERROR,
				    .connects = 1 };
	struct transfer		 t;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p.steps, cases[i].steps, sizeof(cases[i].steps));
		t = transfer(&p);
		if (strcmp(said(&t), cases[i].said) != 0 ||
		    t.phase != cases[i].phase)
			fail_msg("case %zu: %s", i, said(&t));
		assert_int_equal(t.result, CURLE_SEND_ERROR);
	}
}

/*
 * What stops it.
 */

static void
test_after_the_deadline(void **state)
{
	static const struct {
		const char	*steps[3];
		bool		 stops;
	} cases[] = {
		{ { "> DATA", "wait 1999999", "progress" }, false },
		{ { "> DATA", "wait 2000000", "progress" }, true },
		{ { "wait 1999999", "read" }, false },
		{ { "wait 2000000", "read" }, true },
	};
	struct fake_perform	 p = { .result = CURLE_OK, .connects = 1 };
	size_t			 i;

	(void)state;
	mail_settings.data_seconds = 3000;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p.steps, cases[i].steps, sizeof(cases[i].steps));
		assert_int_equal(transfer(&p).result, cases[i].stops ?
		    CURLE_ABORTED_BY_CALLBACK : CURLE_OK);
	}
}

/* Another runner may have the job by then, so the loop says when to stop. */

static struct transfer	*hooked;

static void
bring_deadline_forward(void)
{
	hooked->deadline = 0;
}

static void
test_the_job_gives_it_up(void **state)
{
	static const struct fake_perform	 p = {
		{ "progress", "hook", "progress" }, CURLE_OK, 1
	};
	struct transfer	 t = new_transfer();

	(void)state;
	hooked = &t;
	fake_curl.hook = bring_deadline_forward;
	fake_curl.performs = &p;
	curl_transfer(&t);
	assert_int_equal(t.result, CURLE_ABORTED_BY_CALLBACK);
}

/* A server that does not reply to QUIT, after an error, holds up nobody. */
static void
test_quit_takes_two_seconds_at_most(void **state)
{
	static const struct {
		const char	*steps[5];
		bool		 stops;
	} cases[] = {
		{ { "> QUIT", "wait 1999", "progress" }, false },
		{ { "> QUIT", "wait 2000", "progress" }, true },
		{ { "> QUIT", "wait 2000", "socket", "progress" }, false },
		{ { "> QUIT", "wait 2000", "> EHLO x", "progress" }, false },
		{ { "> EHLO x", "wait 2000", "progress" }, false },
	};
	struct fake_perform	 p = { .result = CURLE_OK, .connects = 1 };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p.steps, cases[i].steps, sizeof(cases[i].steps));
		if (transfer(&p).result != (cases[i].stops ?
		    CURLE_ABORTED_BY_CALLBACK : CURLE_OK))
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_the_url),
		TEST(test_the_start),
		TEST(test_the_envelope_and_the_message),
		TEST(test_tls),
		TEST(test_the_login),
		TEST(test_smtputf8),
		TEST(test_authentication),
		TEST(test_what_was_said),
		TEST(test_after_the_deadline),
		TEST(test_the_job_gives_it_up),
		TEST(test_quit_takes_two_seconds_at_most),
	};

	return (cmocka_run_group_tests_name("mail_curl", tests, NULL, NULL));
}
