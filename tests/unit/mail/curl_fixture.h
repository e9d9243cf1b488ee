/* SPDX-License-Identifier: ISC */
/* What the tests of transfers share: a mail, and libcurl's fake. */

#ifndef TESTS_MAIL_CURL_FIXTURE_H
#define TESTS_MAIL_CURL_FIXTURE_H

/* Needs -Wl,--wrap of pthread_mutex_lock and pthread_mutex_unlock. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../fakes/curl_fake.h"

#include <pthread.h>
#include <string.h>

#include "mail/smtp.h"

#define DATA	"Subject: x\r\n\r\nHello, this is longer than one part.\r\n"

/* A server that takes everything, on a new connection and on an old one. */
#define CONNECT		"socket", "< 220 test ESMTP", "> EHLO x", "< 250 test"
#define ENVELOPE	"> MAIL FROM:<a@x>", "< 250 Ok",		\
			"> RCPT TO:<b@y>", "< 250 Ok", "> DATA", "< 354 Go"
#define TAKES		{ { CONNECT, ENVELOPE, "read", "< 250 Taken" },	\
			    CURLE_OK, 1 }
#define TAKES_NEXT	{ { ENVELOPE, "read", "< 250 Taken" }, CURLE_OK, 0 }

struct mail_settings	mail_settings;

/* Every unlock has its lock. */
static unsigned	locks, wrong_unlocks;

int	__wrap_pthread_mutex_lock(pthread_mutex_t *);
int	__real_pthread_mutex_lock(pthread_mutex_t *);
int	__wrap_pthread_mutex_unlock(pthread_mutex_t *);
int	__real_pthread_mutex_unlock(pthread_mutex_t *);

int
__wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	locks++;
	return (__real_pthread_mutex_lock(m));
}

int
__wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (locks == 0)
		wrong_unlocks++;
	else
		locks--;
	return (__real_pthread_mutex_unlock(m));
}

uint64_t
coro_now_ms(void)
{
	return (fake_curl.now);
}

static inline struct transfer
new_transfer(void)
{
	static char	 from[] = "keel@x.example", to[] = "bob@b.example",
			 data[] = DATA;
	struct transfer	 t = { .from = from, .to = to, .data = data,
			    .len = strlen(DATA) };

	t.deadline = fake_curl.now + 2000000;
	return (t);
}

/* What the server said last. */
static inline const char *
said(const struct transfer *t)
{
	static char	 text[REPLY_MAX];

	return (reply_text(&t->reply, text));
}

/* Sends a mail, and forgets what was counted before. */
static inline struct transfer
transfer_of(const struct fake_perform *performs, struct transfer t)
{
	fake_curl.performs = performs;
	fake_curl.ninits = fake_curl.ncleanups = fake_curl.nperforms = 0;
	fake_curl.noptions = 0;
	curl_transfer(&t);
	return (t);
}

static inline struct transfer
transfer(const struct fake_perform *performs)
{
	return (transfer_of(performs, new_transfer()));
}

/* Ends all handles that are kept: each fails once. */
static inline void
forget_handles(void)
{
	static const struct fake_perform	fails = {
		{ NULL }, CURLE_SEND_ERROR, 1
	};

	do
		transfer(&fails);
	while (fake_curl.ninits == 0);
}

static inline int
setup(void **state)
{
	(void)state;
	memset(&mail_settings, 0, sizeof(mail_settings));
	mail_settings.host = "mail.example.org";
	mail_settings.port = 587;
	mail_settings.from_domain = "x.example";
	mail_settings.connect_seconds = 30;
	mail_settings.reply_seconds = 300;
	mail_settings.data_seconds = 120;
	mail_settings.block_seconds = 180;
	mail_settings.end_seconds = 600;
	memset(&fake_curl, 0, sizeof(fake_curl));
	fake_curl.socket = -1;
	fake_curl.now = 1000000;
	return (curl_init() == NULL ? 0 : -1);
}

static inline int
teardown(void **state)
{
	(void)state;
	fake_curl.no_init = fake_curl.no_list = false;
	fake_curl.option_fails = 0;
	fake_curl.socket = -1;
	forget_handles();
	return (fake_curl.nlists == 0 && locks == 0 && wrong_unlocks == 0 ?
	    0 : -1);
}

#endif
