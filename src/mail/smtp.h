/* SPDX-License-Identifier: ISC */
/* Sends a message: by SMTP, or to a file. For src/mail only. */

#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

#include <curl/curl.h>

#include "mail/compose.h"

/* The ways to send a message. For src/mail only. */

struct handle;

/*
 * A message that is being sent by SMTP. Its memory is its own, because the
 * coroutine may end before the thread does.
 */
struct transfer {
	/* Used by the loop only. */
	struct ctx		*ctx;		/* NULL: coroutine ended */
	bool			 finished;

	/* When the thread must stop, in coro_now_ms()'s time. */
	_Atomic uint64_t	 deadline;

	/* Used by the thread only, until finished. */
	char			*from, *to, *data;
	size_t			 len, sent;
	bool			 utf8;		/* needs SMTPUTF8 */
	struct handle		*handle;
	bool			 begun;		/* MAIL was sent */
	bool			 answered;	/* a reply came after MAIL */
	bool			 no_utf8;	/* the server lacks SMTPUTF8 */
	bool			 no_login;	/* it did not authenticate us */
	uint64_t		 quit_at;	/* time of QUIT; 0: not sent */
	CURLcode		 result;
	char			 said[160];	/* the server's last line */
	char			 error[CURL_ERROR_SIZE];
	SLIST_ENTRY(transfer)	 list;
};

/* mail_smtp.c: runs on the loop */

const char	*smtp_init(void);

/* Returns when the server has accepted the message; raises like mail_send(). */
void		 smtp_send(struct ctx *, const struct message *) AWAITS;

/* mail_curl.c: curl_transfer() runs on the thread and fills in the result */
const char	*curl_init(void);
void		 curl_transfer(struct transfer *);

/* mail_file.c: one file per message, STATE_DIR/mail/JOB.eml */
const char	*mail_file_init(void);
void		 mail_file_write(struct ctx *, const struct message *);

/* mail_limit.c */

/*
 * Counts a mail of the ctx's job to an address, once for all its attempts.
 * False when the mailbox has reached its limit, over all accounts and all
 * spellings of the address. A NOTICE has a count of its own.
 */
bool		 mail_limit_take(struct ctx *, const struct mail *,
		    const char *address) AWAITS;

/* The name of the limit that counts the mail. */
const char	*mail_limit_name(const struct mail *);

#endif
