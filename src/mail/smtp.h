/* SPDX-License-Identifier: ISC */
/* How a message leaves: by SMTP, or as a file. For src/mail only. */

#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

#include <curl/curl.h>

#include "mail/compose.h"

/* The ways a message leaves. Internal to this room. */

struct handle;

/*
 * A message on its way by SMTP. The coroutine that sends it may be gone before
 * the thread that talks to the server is: so it has memory of its own.
 */
struct transfer {
	/* The loop's. */
	struct ctx		*ctx;		/* NULL: nobody waits */
	bool			 finished;

	/* For the thread: until when it may go on, by coro_now_ms(). */
	_Atomic uint64_t	 deadline;

	/* The thread's, until it has finished. */
	char			*from, *to, *data;
	size_t			 len, sent;
	bool			 utf8;		/* only by SMTPUTF8 */
	struct handle		*handle;
	bool			 begun;		/* the server was told MAIL */
	bool			 answered;	/* and has said something */
	bool			 no_utf8;	/* the server cannot */
	bool			 no_login;	/* it offers none */
	uint64_t		 quit_at;	/* QUIT was sent; 0: no */
	CURLcode		 result;
	char			 said[160];	/* the server's last line */
	char			 error[CURL_ERROR_SIZE];
	SLIST_ENTRY(transfer)	 list;
};

/* mail_smtp.c, on the loop's side */

const char	*smtp_init(void);

/* Returns when the server has taken the message, or raises as mail_send(). */
void		 smtp_send(struct ctx *, const struct message *) AWAITS;

/* mail_curl.c, on the thread's: talks to the server, and fills in the result */
const char	*curl_init(void);
void		 curl_transfer(struct transfer *);

/* mail_file.c: one file for a message, STATE_DIR/mail/JOB.eml. */
const char	*mail_file_init(void);
void		 mail_file_write(struct ctx *, const struct message *);

/* mail_limit.c */

/*
 * Counts a mail of the ctx's job to an address: once, however many attempts it
 * takes. False when the mailbox has had its share, under all accounts and all
 * spellings together.
 */
bool		 mail_limit_take(struct ctx *, const char *address) AWAITS;

#endif
