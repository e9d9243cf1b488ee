/* SPDX-License-Identifier: ISC */
/* Where mails go: what the start says, and what mail_send() decides. */

/* sources: src/mail/mail.c src/request/ctx.c src/coro/coro.c */
/* sources: src/request/raise.c src/base/error_kinds.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c */

#include "../request/request_fixture.h"

#include "jobs/jobs.h"
#include "mail/smtp.h"

static const struct mail	first = { .name = "first" };

struct mail_settings		mail_settings;

static const struct job		job = { .id = "the job", .created_at = 42 };
static const char	*bad_texts, *bad_phrases;
static const char	*asked_locale;
static bool			no_words, no_memory, bad_address, limited;
static struct message		sent;
static const char		*way;		/* "smtp", "file" or "" */
static char			logged[512];

/* The rest of src/mail. */

const char *
mail_texts_init(void)
{
	return (bad_texts);
}

const char *
mail_phrases_init(void)
{
	return (bad_phrases);
}

struct mail
mail_in(const struct mail *m, const char *locale)
{
	struct mail	 spanish = *m;

	asked_locale = locale;
	strcpy(spanish.locale, "es");
	return (spanish);
}

const struct mail_value *
mail_say(struct arena *arena, const char *locale,
    const struct mail_value *values)
{
	(void)arena;
	assert_string_equal(locale, "es");
	return (no_words ? NULL : values);
}

const char *
mail_lacks(const struct mail *m, const struct mail_value *values)
{
	(void)m;
	return (values->name == NULL ? "value" : NULL);
}

bool
mail_recipient(struct arena *arena, const char *address, struct message *m)
{
	(void)arena;
	m->to = address;
	return (!bad_address);
}

const char *
mail_limit_name(const struct mail *m)
{
	return (m->name);
}

bool
mail_limit_take(struct ctx *c, const struct mail *m, const char *address)
{
	(void)c;
	(void)m;
	(void)address;
	return (!limited);
}

bool
mail_compose(struct arena *arena, const struct mail *mail,
    const struct mail_settings *s, const struct mail_value *values,
    struct message *m)
{
	(void)arena;
	(void)values;
	m->from = s->from;
	m->data = mail->name;
	assert_string_equal(mail->locale, "es");
	return (!no_memory);
}

void
smtp_send(struct ctx *c, const struct message *m)
{
	(void)c;
	sent = *m;
	way = "smtp";
}

void
mail_file_write(struct ctx *c, const struct message *m)
{
	(void)c;
	sent = *m;
	way = "file";
}

const char *
smtp_init(void)
{
	return ("smtp");
}

const char *
mail_file_init(void)
{
	return ("file");
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	n = snprintf(logged, sizeof(logged), "%s %s %s: ", level ==
	    LEVEL_WARNING ? "warning" : "another level", event,
	    request_id != NULL ? request_id : "-");
	va_start(ap, fmt);
	vsnprintf(logged + n, sizeof(logged) - (size_t)n, fmt, ap);
	va_end(ap);
}

static int
setup(void **state)
{
	(void)state;
	memset(&mail_settings, 0, sizeof(mail_settings));
	mail_settings.state_dir = "/var/lib/keel";
	mail_settings.from = "keel@x.example";
	mail_settings.from_domain = "x.example";
	bad_texts = bad_phrases = asked_locale = NULL;
	no_words = no_memory = bad_address = limited = false;
	memset(&sent, 0, sizeof(sent));
	way = "";
	logged[0] = '\0';
	return (0);
}

/* Mails first, then the phrases. */
static void
test_the_texts_are_checked(void **state)
{
	(void)state;
	assert_null(mails_init());
	bad_phrases = "the phrases";
	assert_string_equal(mails_init(), "the phrases");
	bad_texts = "the texts";
	assert_string_equal(mails_init(), "the texts");
}

/* Runs mail_init(), and returns what it prints. */
static const char *
print_of(const char *way_it_goes)
{
	static char	 text[256];
	FILE		*old = stdout, *to = fmemopen(text, sizeof(text), "w");
	const char	*way_of_init;

	stdout = to;
	way_of_init = mail_init();
	stdout = old;
	fclose(to);
	assert_string_equal(way_of_init, way_it_goes);
	return (text);
}

static void
test_the_start_says_where_mails_go(void **state)
{
	(void)state;
	assert_string_equal(print_of("file"),
	    "keel: mails go to files in /var/lib/keel/mail\n");
	assert_string_equal(logged, "");
	mail_settings.host = "mail.example.org";
	mail_settings.port = 587;
	assert_string_equal(print_of("smtp"),
	    "keel: mails go to mail.example.org, port 587\n");
	assert_string_equal(logged, "");
	mail_settings.from = "keel@localhost";
	mail_settings.from_domain = "localhost";
	print_of("smtp");
	assert_string_equal(logged, "warning mail -: mails are from "
	    "keel@localhost, which few servers take: see KEEL_MAIL_FROM");

	/* Files may come from there. */
	logged[0] = '\0';
	mail_settings.host = NULL;
	print_of("file");
	assert_string_equal(logged, "");
}

static void
send_first(struct ctx *c)
{
	c->job = &job;
	strcpy(c->request_id, "the-request");
	mail_send(c, &first, MAIL_TO("ada@example.com", false, "es-MX"),
	    CONTEXT(OURS("url", "https://keel.example")));
}

static const char *
outcome(void)
{
	static char	 text[9000];

	request_begin();
	snprintf(text, sizeof(text), "%s: %s", request_run(send_first),
	    request.error.message);
	return (text);
}

/* Each attempt of a job sends the same message. */
static void
test_the_way(void **state)
{
	static const char *const	 ways[] = { "file", "smtp" };
	size_t				 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_string_equal(outcome(), "ok: ");
		assert_string_equal(way, ways[i]);
		assert_string_equal(sent.id, "the job");
		assert_int_equal(sent.date, 42);
		assert_string_equal(sent.to, "ada@example.com");
		assert_string_equal(sent.from, "keel@x.example");
		assert_string_equal(sent.data, "first");
		assert_string_equal(asked_locale, "es-MX");
		mail_settings.host = "mail.example.org";
	}
	assert_string_equal(logged, "");
}

static void
test_nothing_is_sent(void **state)
{
	(void)state;
	no_memory = true;
	assert_string_equal(outcome(),
	    "503 SERVICE_UNAVAILABLE: Out of memory");

	no_memory = false;
	no_words = true;
	assert_string_equal(outcome(),
	    "503 SERVICE_UNAVAILABLE: Out of memory");

	/* A mail above the limit is not an error. */
	limited = true;
	assert_string_equal(outcome(), "ok: ");
	assert_string_equal(logged, "warning mail the-request: not sent: its "
	    "recipient has had as many as first allows");

	/* An address to which none can be sent does not count. */
	bad_address = true;
	logged[0] = '\0';
	assert_string_equal(outcome(), "500 PERMANENT_FAILURE: It is not an "
	    "address that mail can be sent to");
	assert_string_equal(logged, "");
	assert_string_equal(way, "");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup,	\
			    request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_the_texts_are_checked),
		TEST(test_the_start_says_where_mails_go),
		TEST(test_the_way),
		TEST(test_nothing_is_sent),
	};

	return (cmocka_run_group_tests_name("mail", tests, NULL, NULL));
}
