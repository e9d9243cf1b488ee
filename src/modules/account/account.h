/* SPDX-License-Identifier: ISC */
/* Links in mails: to set a new password, to verify an e-mail address. */

#ifndef MODULES_ACCOUNT_H
#define MODULES_ACCOUNT_H

#include "jobs/jobs.h"
#include "mail/mail.h"
#include "schema/schema.h"
#include "utils/html.h"

struct notice;
struct user;

/* account_settings.c: filled at the start */
struct account_settings {
	const char	*frontend_url;	/* NULL: our own pages */
	unsigned	 reset_seconds, verify_seconds, email_seconds;
};

extern struct account_settings	account_settings;

/* account_models.c: a token that is good, or was until it was used up */
struct account_token {
	const char	*user_id;
	const char	*email;		/* it was sent there; NULL: nowhere */
};

/* account_schemas.c */

struct account_email {
	const char	*email;
};

struct account_verify {
	const char	*token;
};

struct account_reset {
	const char	*token;
	const char	*new_password;
};

SCHEMA_BODY(account_email);
SCHEMA_BODY(account_verify);
SCHEMA_BODY(account_reset);

/* The forms of the pages: a person is told what is wrong by a page. */
SCHEMA_FORM_OF(account_verify_form, account_verify);
SCHEMA_FORM_OF(account_reset_form, account_reset);

/*
 * account_tokens.c: what a token is for. A token works once, for its purpose,
 * until it expires, and only while what it changes is as it was: see
 * keel_token_state() in sql/migrations/0011_account_tokens.sql. The database
 * has its hash only.
 */
struct token_purpose {
	const char	*name;		/* in the database and the token */
	const char	*path;		/* of the page that its link opens */
	const unsigned	*seconds;	/* until it expires: a setting */
};

extern const struct token_purpose	reset_purpose, verify_purpose,
					email_purpose, email_cancel_purpose;

/*
 * In a job, for a mail to the address `to`: stores a token of the active user
 * and returns it. If the job runs again, the token is the same, so that the
 * mail is. It begins its own transaction. Raises ERR_UNAVAILABLE if the user
 * has changed since they were read.
 */
const char	*account_token_for_mail(struct ctx *,
		    const struct token_purpose *, const struct user *,
		    const char *to) AWAITS;

/* The link that brings the token to its page. */
const char	*account_link(struct ctx *, const struct token_purpose *,
		    const char *token);

/* The token, if it is good for this purpose; else NULL. Uses nothing up. */
struct account_token	*account_token_find(struct ctx *,
			    const struct token_purpose *, const char *token)
			    AWAITS;

/*
 * The same in a transaction, and uses the token up: of two requests, one gets
 * it. Locks the user until the transaction ends.
 */
struct account_token	*account_token_use(struct ctx *,
			    const struct token_purpose *, const char *token)
			    AWAITS;

/* Deletes the user's tokens for this purpose. */
void		 account_token_drop(struct ctx *,
		    const struct token_purpose *, const char *user_id) AWAITS;

/* account_service.c */

/*
 * Stores a job that sends the mail, if the address is that of an active user.
 * Does not look, so that its time tells nothing.
 */
void		 account_service_forgot(struct ctx *,
		    const struct account_email *) AWAITS;
void		 account_service_resend(struct ctx *,
		    const struct account_email *) AWAITS;

/*
 * For an admin: sends the user the same mail. Raises ERR_CONFLICT if they are
 * deactivated.
 */
void		 account_service_send_reset(struct ctx *, const struct user *)
		    AWAITS;

/*
 * Uses the token up: sets the password, ends all the user's sessions, and
 * verifies the address that the token was sent to. False if it is not good.
 * Raises 422 if the password is too long.
 */
bool		 account_service_reset(struct ctx *,
		    const struct account_reset *) AWAITS;

/* Uses the token up: verifies the address. False if it is not good. */
bool		 account_service_verify(struct ctx *,
		    const struct account_verify *) AWAITS;

/* What became of a link that confirms an e-mail address. */
enum email_result { EMAIL_DONE, EMAIL_NOT_GOOD, EMAIL_TAKEN };

/*
 * Uses the token up: the address that it was sent to becomes its user's.
 * Changes nothing if another user has it meanwhile.
 */
enum email_result	account_service_confirm_email(struct ctx *,
			    const struct account_verify *) AWAITS;

/* Uses the token up: its user keeps their address. False if it is not good. */
bool		 account_service_cancel_email(struct ctx *,
		    const struct account_verify *) AWAITS;

/* Deletes tokens that have expired. */
void		 account_service_purge(struct ctx *) AWAITS;

/*
 * For the reset-password command, outside of any request: makes a link for the
 * active user whose address has this key. Returns it, or NULL and sets
 * *problem.
 */
const char	*account_service_reset_link(const char *email_key,
		    const char **problem);

/* account_jobs.c */

JOB_KIND(send_password_reset, account_email);
JOB_KIND(send_reset_by_admin, user);
JOB_KIND(send_verification, account_email);

/* account_words.c: values of mails, in the language of each mail */

/*
 * The values "lifetime" of a mail, how long a new token works ("2 hours"), and
 * "count", which some of its phrases have.
 */
struct mail_value	 account_lifetime(const struct token_purpose *);
struct mail_value	 account_lifetime_count(struct ctx *,
			    const struct token_purpose *);

/*
 * The values of a mail that tell who did it, "from 192.0.2.1, with Firefox on
 * Linux" or "by an administrator", and when the job was stored.
 */
#define ACCOUNT_ORIGIN(c, n)						\
	account_origin_by(n), account_origin_client(n),			\
	account_origin_device(c, n), account_origin_program(c, n),	\
	account_origin_system(n), OURS("when", account_origin_when(c))

struct mail_value	 account_origin_by(const struct notice *);
struct mail_value	 account_origin_client(const struct notice *);
struct mail_value	 account_origin_device(struct ctx *,
			    const struct notice *);
struct mail_value	 account_origin_program(struct ctx *,
			    const struct notice *);
struct mail_value	 account_origin_system(const struct notice *);
const char		*account_origin_when(struct ctx *);

/* An address that is not shown, as the value of that name. */
struct mail_value	 account_other_address(const char *name);

/* account_notices.c */

/* In a job: tells the owner of an address that somebody else asked for it. */
void		 account_notice_taken(struct ctx *, const struct user *owner,
		    const struct notice *) AWAITS;

/*
 * account_page.c: a page of our own, without scripts. `content` is an asset
 * of assets/account, filled with the values; it stands below the title.
 */
void		 account_page(struct ctx *, int status, const char *title,
		    const unsigned char *content, const struct html_value *);

/* What went wrong, as HTML for a placeholder; "" if NULL. */
const char	*account_page_problem(struct ctx *, const char *);

/*
 * The same outside of a handler, of content that is HTML: cuts the text if
 * there is not enough memory.
 */
void		 account_page_write(struct text *, const struct ctx *,
		    const char *title, const char *content);

/* The headers of each page; no cache stores it, as nothing allows that. */
extern struct header	account_page_headers[];

/* The token in the query string, decoded; NULL if there is no usable one. */
const char	*account_page_token(struct ctx *);

/* Must an error be raised, because the client asks for a problem? */
bool		 account_page_is_problem(const struct ctx *);

/*
 * The pages that say that it is done, or why the link does not work; the last
 * two raise that as an error if the client asks for a problem.
 */
void		 account_page_message(struct ctx *, const char *title,
		    const char *message);
void		 account_page_refuse(struct ctx *, const char *message);
void		 account_page_conflict(struct ctx *, const char *title,
		    const char *message);

/* account_error_page.c: what the endpoints of pages have in common. */
extern const struct error_page	account_error_page;

#define ACCOUNT_PAGE							\
	.auth = &public, .hidden = true, .any_query = true,		\
	.error_page = &account_error_page

/* What a link without a token is told. */
#define ACCOUNT_INCOMPLETE						\
	"It is not complete. Open it from the mail again, or copy all of it " \
	"into the address bar."

#endif
