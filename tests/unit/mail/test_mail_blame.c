/* SPDX-License-Identifier: ISC */
/* Whom a refusal is about: a row for each that mail servers are known for. */

/* sources: src/mail/mail_blame.c src/mail/mail_reply.c src/mail/mail_text.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

#include "mail/smtp.h"

#define US	false		/* it is tried again, for days */
#define DEAD	true		/* it is about the mail */

static const struct {
	enum smtp_phase	 phase;
	const char	*reply;
	bool		 about;
} rows[] = {
	/* Before MAIL, everything is about us. */
	{ PHASE_GREETING, "554 5.7.1 Your address is on a list", US },
	{ PHASE_GREETING, "521 5.3.2 Takes no mail", US },
	{ PHASE_GREETING, "550 No", US },
	{ PHASE_EHLO, "550 5.7.1 We know that name", US },
	{ PHASE_EHLO, "501 5.5.4 Bad name", US },
	{ PHASE_EHLO, "504 No such name", US },
	{ PHASE_STARTTLS, "554 5.7.0 No", US },
	{ PHASE_AUTH, "535 5.7.8 Wrong password", US },
	{ PHASE_AUTH, "534 5.7.9 Use another mechanism", US },
	{ PHASE_AUTH, "538 5.7.11 Encrypt first", US },
	{ PHASE_AUTH, "535 5.1.1 Nobody", US },
	{ PHASE_AUTH, "550 5.2.1 The account is closed", US },
	{ PHASE_AUTH, "525 5.7.13 The account is disabled", US },

	/* MAIL is about the sender, who is us, or about the size. */
	{ PHASE_MAIL, "530 5.7.0 Sign in first", US },
	{ PHASE_MAIL, "530 Sign in first", US },
	{ PHASE_MAIL, "550 5.7.1 You do not own that address", US },
	{ PHASE_MAIL, "553 5.7.1 Not owned by the user", US },
	{ PHASE_MAIL, "550 5.1.1 No such sender", US },
	{ PHASE_MAIL, "550 5.1.0 Refused", US },
	{ PHASE_MAIL, "553 5.1.7 Bad syntax", US },
	{ PHASE_MAIL, "553 5.1.8 The domain does not exist", US },
	{ PHASE_MAIL, "550 5.2.1 The mailbox is closed", US },
	{ PHASE_MAIL, "552 5.2.2 The sender is over quota", US },
	{ PHASE_MAIL, "550 5.4.5 Too much for today", US },
	{ PHASE_MAIL, "550 No", US },
	{ PHASE_MAIL, "501 Syntax", US },
	{ PHASE_MAIL, "503 5.5.1 EHLO first", US },
	{ PHASE_MAIL, "521 No mail from there", US },
	{ PHASE_MAIL, "554 Refused", US },
	{ PHASE_MAIL, "555 5.5.4 No such parameter", US },
	{ PHASE_MAIL, "555 No such parameter", US },
	{ PHASE_MAIL, "552 Too big", DEAD },
	{ PHASE_MAIL, "552 5.3.4 Too big", DEAD },
	{ PHASE_MAIL, "552 5.2.3 Too big", DEAD },
	{ PHASE_MAIL, "550 5.6.7 Its address is not in ASCII", DEAD },
	{ PHASE_MAIL, "556 5.1.10 That domain takes no mail", DEAD },

	/* RCPT: the recipient, unless the reply says something else. */
	{ PHASE_RCPT, "550 5.1.1 No such user", DEAD },
	{ PHASE_RCPT, "550 5.1.0 Refused", DEAD },
	{ PHASE_RCPT, "550 5.1.2 No such host", DEAD },
	{ PHASE_RCPT, "501 5.1.3 Bad syntax", DEAD },
	{ PHASE_RCPT, "553 5.1.3 Bad syntax", DEAD },
	{ PHASE_RCPT, "550 5.1.4 Two have that name", DEAD },
	{ PHASE_RCPT, "551 5.1.6 Has moved", DEAD },
	{ PHASE_RCPT, "556 5.1.10 The domain takes no mail", DEAD },
	{ PHASE_RCPT, "556 The domain takes no mail", DEAD },
	{ PHASE_RCPT, "550 5.2.1 The mailbox is closed", DEAD },
	{ PHASE_RCPT, "552 5.2.2 The mailbox is full", DEAD },
	{ PHASE_RCPT, "550 5.4.1 Access denied", DEAD },
	{ PHASE_RCPT, "550 5.0.0 No", DEAD },
	{ PHASE_RCPT, "550 5.3.0 No", DEAD },
	{ PHASE_RCPT, "550 5.7.17 The mailbox has a new owner", DEAD },
	{ PHASE_RCPT, "550 5.7.18 The domain has a new owner", DEAD },
	{ PHASE_RCPT, "550 No such user", DEAD },
	{ PHASE_RCPT, "550", DEAD },
	{ PHASE_RCPT, "551 Not here", DEAD },
	{ PHASE_RCPT, "552 Full", DEAD },
	{ PHASE_RCPT, "553 Not allowed", DEAD },
	{ PHASE_RCPT, "554 Not here", DEAD },
	{ PHASE_RCPT, "501 The domain is missing", DEAD },
	{ PHASE_RCPT, "521 That host takes no mail", DEAD },
	{ PHASE_RCPT, "504 5.5.2 <host>: the name in HELO has no dot", US },
	{ PHASE_RCPT, "504 The name in HELO has no dot", US },
	{ PHASE_RCPT, "450 4.7.1 No such name in HELO", US },
	{ PHASE_RCPT, "550 5.7.1 The name in HELO is ours", US },
	{ PHASE_RCPT, "553 5.7.1 Not owned by the user", US },
	{ PHASE_RCPT, "554 5.7.1 Relaying is denied", US },
	{ PHASE_RCPT, "550 5.7.1 On a list", US },
	{ PHASE_RCPT, "550 5.7.25 Your address has no name", US },
	{ PHASE_RCPT, "550 5.7.54 Cannot relay for that domain", US },
	{ PHASE_RCPT, "550 5.1.7 The sender's address is wrong", US },
	{ PHASE_RCPT, "550 5.1.8 The sender's domain does not exist", US },
	{ PHASE_RCPT, "530 5.7.1 Authenticate first", US },
	{ PHASE_RCPT, "530 First TLS", US },
	{ PHASE_RCPT, "503 5.5.1 MAIL first", US },
	{ PHASE_RCPT, "503 Bad order", US },
	{ PHASE_RCPT, "500 What?", US },
	{ PHASE_RCPT, "502 What?", US },
	{ PHASE_RCPT, "555 5.5.4 No such parameter", US },
	{ PHASE_RCPT, "571 Delivery is not authorized", US },
	{ PHASE_RCPT, "554 5.3.2 Shut for maintenance", US },
	{ PHASE_RCPT, "550 4.1.1 It contradicts itself", US },
	/* Exim, without enhanced codes. */
	{ PHASE_RCPT, "550 relay not permitted", US },
	{ PHASE_RCPT, "550-Verification failed for <x@y>\r\n"
	    "550 Sender verify failed", US },
	{ PHASE_RCPT, "550 Authentication is required", US },
	{ PHASE_RCPT, "550 Bad HELO", US },
	{ PHASE_RCPT, "553 Blocked, see https://x.example", US },
	{ PHASE_RCPT, "550 SPF forbids it", US },
	{ PHASE_RCPT, "550 5.1.0 The sender is refused", US },
	{ PHASE_RCPT, "550 5.0.0 Relaying is denied", US },
	{ PHASE_RCPT, "550 #5.7.1 No", US },
	{ PHASE_RCPT, "550 5.1.1 <relay@x>: no such user", DEAD },

	/* DATA, and the end: the content, unless it says something else. */
	{ PHASE_DATA, "554 5.5.1 No valid recipients", US },
	{ PHASE_DATA, "503 RCPT first", US },
	{ PHASE_DATA, "501 Syntax", US },
	{ PHASE_DATA, "550 5.7.1 Not for you", US },
	{ PHASE_DATA, "550 5.1.1 No such user", DEAD },
	{ PHASE_DATA, "554 No", DEAD },
	{ PHASE_END, "550 5.7.26 Neither SPF nor DKIM", US },
	{ PHASE_END, "550 5.7.1 Refused by policy", US },
	{ PHASE_END, "554 5.7.0 Refused", US },
	{ PHASE_END, "550 5.7.60 May not send as that sender", US },
	{ PHASE_END, "550 5.4.5 Too much for today", US },
	{ PHASE_END, "550 5.3.5 The server is set up wrongly", US },
	{ PHASE_END, "503 Not now", US },
	{ PHASE_END, "501 Syntax", US },
	{ PHASE_END, "552 5.3.4 Too big", DEAD },
	{ PHASE_END, "552 Too big", DEAD },
	{ PHASE_END, "554 5.6.0 Broken", DEAD },
	{ PHASE_END, "554 5.4.6 Loops", DEAD },
	{ PHASE_END, "550 5.1.1 No such user", DEAD },
	{ PHASE_END, "554 Rejected", DEAD },
	{ PHASE_END, "550 Rejected", DEAD },

	/* What is no 5xx is never the end. */
	{ PHASE_RCPT, "450 4.2.0 Busy", US },
	{ PHASE_RCPT, "452 4.2.2 Full", US },
	{ PHASE_END, "451 Later", US },
	{ PHASE_END, "421 4.3.2 Bye", US },
	{ PHASE_END, "250 5.1.1 Ok", US },
	{ PHASE_DATA, "354 Go on", US },
	{ PHASE_RCPT, "550-5.1.1 This has no end", US },
	{ PHASE_RCPT, "", US },
};

static struct reply
parse(const char *s)
{
	struct reply	 r;
	size_t		 n;

	reply_clear(&r);
	for (; *s != '\0'; s += n) {
		n = strcspn(s, "\n");
		n += s[n] == '\n';
		reply_add(&r, s, n);
	}
	return (r);
}

static void
test_every_row(void **state)
{
	struct reply	 r;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		r = parse(rows[i].reply);
		if (mail_is_refused(rows[i].phase, &r) != rows[i].about)
			fail_msg("phase %d: %s", (int)rows[i].phase,
			    rows[i].reply);
	}
}

/* No code that is not 5xx, and nothing before MAIL, is about the mail. */
static void
test_every_code(void **state)
{
	enum smtp_phase	 phase;
	char		 line[32];
	struct reply	 r;
	unsigned	 code;

	(void)state;
	for (code = 200; code < 600; code++) {
		snprintf(line, sizeof(line), "%u 5.1.1 Words", code);
		r = parse(line);
		for (phase = PHASE_CONNECT; phase <= PHASE_END; phase++)
			assert_int_equal(mail_is_refused(phase, &r),
			    code >= 500 && phase > PHASE_MAIL);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_every_code),
	};

	return (cmocka_run_group_tests_name("mail_blame", tests, NULL, NULL));
}
