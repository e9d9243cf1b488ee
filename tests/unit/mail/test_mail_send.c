/* SPDX-License-Identifier: ISC */
/* Which mails are sent, and to which recipients. */

/* sources: src/base/log_write.c */
/* sources: src/mail/mail.c src/mail/mail_text.c src/mail/mail_template.c */
/* sources: src/mail/mail_compose.c src/mail/mail_settings.c */
/* sources: src/mail/mail_texts.c src/mail/mail_phrases.c src/base/assets.c */
/* sources: src/request/ctx.c src/coro/coro.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/base/log.c src/base/jsonw.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "../request/request_fixture.h"

#include "mail_fixture.h"

#include "base/log.h"
#include "jobs/jobs.h"
#include "mail/smtp.h"


const unsigned char	asset_greeting_en_txt[] =
			    "Subject: From {{name}}\n\nHi, {{name}}: {{url}}\n";
const unsigned char	asset_greeting_en_html[] = "<p>{{name}} {{url}}</p>\n";
const unsigned char	asset_frame_html[] = "{{title}}{{content}}";
const unsigned char	asset_phrases_en_txt[] = "rest: with {{url}}\n";

MAIL(greeting, "name", "url");
PHRASE(rest, "url");

static const struct job	job = { .id = JOB_ID, .created_at = DATE };

static struct mail_to	to;
static struct mail_value	values[3];
static unsigned		nsent;
static bool		limited;
static char		sent[4096];

const char *
mail_file_init(void)
{
	return (NULL);
}

const char *
smtp_init(void)
{
	return (NULL);
}

void
smtp_send(struct ctx *c, const struct message *m)
{
	(void)c;
	(void)m;
	fail();
}

void
mail_file_write(struct ctx *c, const struct message *m)
{
	(void)c;
	snprintf(sent, sizeof(sent), "%.*s", (int)m->len, m->data);
	nsent++;
}

const char *
mail_limit_name(const struct mail *m)
{
	return (m->name);
}

bool
mail_limit_take(struct ctx *c, const struct mail *m, const char *address)
{
	(void)m;
	(void)c;
	assert_string_equal(address, to.address);
	return (!limited);
}

static void
send_greeting(struct ctx *c)
{
	c->job = &job;
	mail_send(c, &greeting_mail, &to, values);
}

static void
send_without_a_job(struct ctx *c)
{
	mail_send(c, &greeting_mail, &to, values);
}

static void
send_twice(struct ctx *c)
{
	send_greeting(c);
	send_greeting(c);
}

static int
setup(void **state)
{
	(void)state;
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	to = (struct mail_to){ "ada@example.com", true, NULL };
	values[0] = (struct mail_value)FROM_USER("name", "Win 500 EUR");
	values[1] = (struct mail_value)OURS("url", "https://keel.example");
	values[2] = (struct mail_value)OURS(NULL, NULL);
	mail_settings.from = "keel@x.example";
	mail_settings.from_name = "";
	mail_settings.from_domain = "x.example";
	nsent = 0;
	limited = false;
	return (0);
}

static const char *
outcome(void (*fn)(struct ctx *))
{
	request_begin();
	return (request_run(fn));
}

#define DEAD	"500 PERMANENT_FAILURE"

static void
test_verified_recipient(void **state)
{
	(void)state;
	assert_string_equal(outcome(send_greeting), "ok");
	assert_int_equal(nsent, 1);
	assert_non_null(strstr(sent, "Subject: From Win 500 EUR"));
}

/* A user who registers another person's address cannot send them words. */
static void
test_users_words_need_verified_recipient(void **state)
{
	(void)state;
	to.verified = false;
	assert_string_equal(outcome(send_greeting), DEAD);
	assert_non_null(strstr(request.error.message, "name"));
	assert_int_equal(nsent, 0);

	/* A value that is not marked as ours is not ours. */
	values[0] = (struct mail_value){ .name = "name", .value = "Keel" };
	assert_string_equal(outcome(send_greeting), DEAD);
	values[0].ours = true;
	assert_string_equal(outcome(send_greeting), "ok");
	assert_int_equal(nsent, 1);
	values[1].ours = false;
	assert_string_equal(outcome(send_greeting), DEAD);
	assert_int_equal(nsent, 1);
}

static void
test_recipient_over_the_limit(void **state)
{
	(void)state;
	limited = true;
	assert_string_equal(outcome(send_greeting), "ok");
	assert_int_equal(nsent, 0);
}

static void
test_invalid_mails(void **state)
{
	(void)state;
	assert_string_equal(outcome(send_without_a_job),
	    "500 INTERNAL_ERROR");
	assert_string_equal(outcome(send_twice), DEAD);
	assert_int_equal(nsent, 1);
	values[1].name = "link";
	assert_string_equal(outcome(send_greeting), DEAD);
	setup(NULL);
	to.address = "ada@example.com\r\nBcc: x@y.example";
	assert_string_equal(outcome(send_greeting), DEAD);
	assert_int_equal(nsent, 0);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup,	\
			    request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_verified_recipient),
		TEST(test_users_words_need_verified_recipient),
		TEST(test_recipient_over_the_limit),
		TEST(test_invalid_mails),
	};

	return (cmocka_run_group_tests_name("mail_send", tests, NULL, NULL));
}
