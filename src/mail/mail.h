/* SPDX-License-Identifier: ISC */
/*
 * Mail: mail_send() fills the templates and hands the message to the mail
 * server, or writes it to a folder.
 */

#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "request/ctx.h"
#include "schema/schema.h"

/*
 * Mails, sent by a job and by nothing else: a request does not wait for a mail
 * server. One is declared in a module, by its templates and the values that
 * these have gaps for:
 *
 *	assets/mail/comment.txt:	Subject: {{name}} has commented
 *
 *					Read it at {{url}} ...
 *	assets/mail/comment.html:	<p>Read it at ...
 *	posts_jobs.c:			MAIL(comment, "name", "url");
 *
 *	mail_send(c, &comment_mail, MAIL_TO(user->email, user->email_verified),
 *	    CONTEXT(FROM_USER("name", by->name), OURS("url", url)));
 *
 * A value is text and stays text: it can become neither a header nor markup.
 * What a user chose goes to verified addresses only: everybody can register
 * with anybody's address, and would have us send their words there.
 */
struct mail {
	const char		*name;
	const char		*text;		/* assets/mail/NAME.txt */
	const char		*html;		/* assets/mail/NAME.html */
	const char	*const	*values;	/* their names */
	size_t			 nvalues;
};

#define MAIL_NAMES(...)	((const char *const[]){ NULL, ##__VA_ARGS__ })

#define MAIL(title, ...)						\
	extern const unsigned char asset_##title##_txt[];		\
	extern const unsigned char asset_##title##_html[];		\
	static const struct mail title##_mail = {			\
		.name = #title,						\
		.text = (const char *)asset_##title##_txt,		\
		.html = (const char *)asset_##title##_html,		\
		.values = MAIL_NAMES(__VA_ARGS__) + 1,			\
		.nvalues = sizeof(MAIL_NAMES(__VA_ARGS__)) /		\
		    sizeof(char *) - 1,					\
	};								\
	REGISTER(mails, title##_mail)

/* What stands in a gap, and whose words it is. */
struct mail_value {
	const char	*name;
	const char	*value;
	bool		 ours;		/* no user chose it */
};

#define OURS(name, value)	{ name, value, true }
#define FROM_USER(name, value)	{ name, value, false }

#define CONTEXT(...)							\
	((const struct mail_value[]){ __VA_ARGS__, OURS(NULL, NULL) })

/* Whom it goes to. verified: they have shown that the address is theirs. */
struct mail_to {
	const char	*address;
	bool		 verified;
};

#define MAIL_TO(...)	(&(const struct mail_to){ __VA_ARGS__ })

/*
 * Sends a mail, or writes it to a file where no mail server is set, and
 * returns when the server has taken it. Once in a job: every attempt makes
 * the same message to the byte, with the same Message-ID, so that a mail sent
 * twice can be told to be one. The address is one that email_normalise() gave.
 * When it has had as many mails as the limit recipient_mails lets it have,
 * nothing is sent, the log says so, and the job goes on.
 *
 * Raises ERR_PERMANENT when the server refuses this message, when the address
 * cannot be one, for a second mail of a job, without a value that the mail
 * declares, and for a value that is not ours to an address that is not
 * verified; ERR_UNAVAILABLE when a later attempt may do better; ERR_INTERNAL
 * outside of a job.
 */
void		 mail_send(struct ctx *, const struct mail *,
		    const struct mail_to *, const struct mail_value *) AWAITS;

/*
 * In the parent, at every start: checks the templates of every mail. Returns
 * NULL, or a line that names the file and what is wrong in it.
 */
const char	*mails_init(void);

/*
 * In the runner, once its loop stands: gets ready to send, or checks that
 * files can be written. Returns NULL, or a line saying what is wrong.
 */
const char	*mail_init(void);

#endif
