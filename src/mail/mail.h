/* SPDX-License-Identifier: ISC */
/*
 * Mail: mail_send() fills the templates and gives the message to the mail
 * server, or writes it to a folder.
 */

#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "request/ctx.h"
#include "schema/schema.h"
#include "utils/language_tag.h"

/*
 * Only jobs send mail, so that no request waits for a mail server. A module
 * declares a mail by its templates and the names of their placeholders:
 *
 *	assets/mail/en/comment.en.txt:	Subject: {{name}} has commented
 *
 *					Read it at {{url}} ...
 *	assets/mail/en/comment.en.html:	<p>Read it at ...
 *	posts_jobs.c:			MAIL(comment, "name", "url");
 *
 *	mail_send(c, &comment_mail, MAIL_TO(user->email, user->email_verified,
 *	    user->locale), CONTEXT(FROM_USER("name", by->name),
 *	    OURS("url", url)));
 *
 * assets/mail/es/comment.es.txt and .html are the same in Spanish, and so on;
 * what a language lacks comes in the default one, or in English.
 *
 * Values are escaped: they can add neither header fields nor markup. Values
 * from users go to verified addresses only, because anyone can register with
 * another person's address and would have us send their words there.
 */
struct mail {
	const char		*name;
	const char		*text;		/* NAME.en.txt */
	const char		*html;		/* NAME.en.html */
	const char		*frame;		/* around it; NULL: none */
	char			 locale[LANGUAGE_TAG_MAX]; /* see mail_in() */
	const char	*const	*values;	/* names of placeholders */
	size_t			 nvalues;
	bool			 notice;	/* is counted by itself */
};

#define MAIL_NAMES(...)	((const char *const[]){ NULL, ##__VA_ARGS__ })

#define MAIL(title, ...)	MAIL_OF(title, false, ##__VA_ARGS__)

/*
 * A mail that other people can cause, or that tells what happened to an
 * account. Each NOTICE has a count of its own (recipient_notices): a flood of
 * one hides no other, and leaves the mails that a user asks for.
 */
#define NOTICE(title, ...)	MAIL_OF(title, true, ##__VA_ARGS__)

#define MAIL_OF(title, is_notice, ...)					\
	extern const unsigned char asset_##title##_en_txt[]		\
	    __attribute__((weak));	/* see mail_texts_init() */	\
	extern const unsigned char asset_##title##_en_html[]		\
	    __attribute__((weak));					\
	extern const unsigned char asset_frame_html[];			\
	static const struct mail title##_mail = {			\
		.name = #title,						\
		.text = (const char *)asset_##title##_en_txt,		\
		.html = (const char *)asset_##title##_en_html,		\
		.frame = (const char *)asset_frame_html,		\
		.values = MAIL_NAMES(__VA_ARGS__) + 1,			\
		.nvalues = sizeof(MAIL_NAMES(__VA_ARGS__)) /		\
		    sizeof(char *) - 1,					\
		.notice = is_notice,					\
	};								\
	REGISTER(mails, title##_mail)

/*
 * A few words that code chooses, in the language of the mail. They are lines of
 * assets/mail/en/phrases.en.txt, and so on, and may have placeholders:
 *
 *	phrases.en.txt:		by_client: from {{client}}
 *	account_notices.c:	PHRASE(by_client, "client");
 *	CONTEXT(SAID("by", by_client), OURS("client", address))
 */
struct mail_phrase {
	const char		*name;
	const char	*const	*values;
	size_t			 nvalues;
};

#define PHRASE(title, ...)						\
	static const struct mail_phrase title##_phrase = {		\
		.name = #title,						\
		.values = MAIL_NAMES(__VA_ARGS__) + 1,			\
		.nvalues = sizeof(MAIL_NAMES(__VA_ARGS__)) /		\
		    sizeof(char *) - 1,					\
	};								\
	REGISTER(mail_phrases, title##_phrase)

/* The value of a placeholder, and whether a user chose it. */
struct mail_value {
	const char			*name;
	const char			*value;
	bool				 ours;	/* no user chose it */
	const struct mail_phrase	*phrase; /* instead of value; or NULL */
};

#define OURS(name, value)	{ name, value, true, NULL }
#define FROM_USER(name, value)	{ name, value, false, NULL }
#define SAID(name, title)	{ name, NULL, true, &title##_phrase }

#define CONTEXT(...)							\
	((const struct mail_value[]){ __VA_ARGS__, OURS(NULL, NULL) })

/*
 * The recipient. verified: they have shown that the address is theirs. locale
 * is their language, a tag; without it, or with NULL, the default counts.
 */
struct mail_to {
	const char	*address;
	bool		 verified;
	const char	*locale;
};

#define MAIL_TO(to, is_verified, ...)					\
	(&(const struct mail_to){ .address = (to),			\
	    .verified = (is_verified), ##__VA_ARGS__ })

/*
 * What a JOB that sends mail has. The attempts are made for four to five days,
 * as mail servers do (RFC 5321, 4.5.4.1): when the server, or a password that
 * has expired, is mended after a long weekend, the mails are still waiting.
 * .timeout does not count while a mail waits for the server.
 */
#define MAIL_ATTEMPTS	.mails = true, .attempts = 150, .backoff = 10,	\
			.backoff_max = 3600, .timeout = 60

/*
 * Sends a mail, or writes it to a file when no mail server is set, and returns
 * when the server has accepted it. A job sends one mail. Every attempt makes
 * exactly the same message with the same Message-ID, so that mail programs can
 * recognise a duplicate; unless the recipient has another language meanwhile.
 * It goes to the normal form of an address that
 * email_normalise() accepts, and to any other one as it is, if mail can be sent
 * there. When the address has had as many mails as the limit recipient_mails
 * allows, or as many of this NOTICE as recipient_notices allows, nothing is
 * sent, a warning is logged, and the job goes on.
 *
 * Raises ERR_PERMANENT when the server refuses this message, the address is not
 * valid, the job has sent a mail before, a declared value is missing, or a
 * value from a user would go to an address that is not verified. Raises
 * ERR_UNAVAILABLE when a later attempt may succeed, and ERR_INTERNAL outside of
 * a job.
 */
void		 mail_send(struct ctx *, const struct mail *,
		    const struct mail_to *, const struct mail_value *) AWAITS;

/*
 * In the parent, at every start: finds the templates of every language, and
 * checks those of every mail. Returns NULL, or an error message that names the
 * file.
 */
const char	*mails_init(void);

/*
 * After that: sets the language of recipients who have none. Returns NULL, or
 * what is wrong with it, a phrase.
 */
const char	*mail_default_init(const char *locale);

/*
 * In the job runner, once its loop is set up: prepares to send, or checks that
 * files can be written. Returns NULL, or an error message.
 */
const char	*mail_init(void);

#endif
