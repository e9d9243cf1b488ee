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

/* Where a session is: what was sent last, or is waited for. In this order. */
enum smtp_phase {
	PHASE_CONNECT,		/* TCP, and TLS if it comes first */
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_STARTTLS,
	PHASE_TLS,		/* after STARTTLS */
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_MESSAGE,		/* a block of it is being sent */
	PHASE_END		/* all of it is sent */
};

#define REPLY_TEXT	700
#define REPLY_MAX	(REPLY_TEXT + 24)

/* A reply, as printable text. Zero: none. */
struct reply {
	char	 code[4];	/* "550"; "": its last line has not come */
	char	 status[12];	/* the enhanced code: "5.7.1"; "": none */
	char	 text[REPLY_TEXT];	/* of all lines, without the codes */
	size_t	 len;
	size_t	 gap;		/* the end of the "..."; 0: it is whole */
};

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

	/* Set by the thread: when the phase ends. */
	_Atomic uint64_t	 phase_ends;

	/* Used by the thread only, until finished. */
	char			*from, *to, *data;
	size_t			 len;
	size_t			 sent;		/* handed to libcurl */
	bool			 utf8;		/* needs SMTPUTF8 */
	struct handle		*handle;
	enum smtp_phase		 phase;
	bool			 late;		/* the phase took too long */
	bool			 no_utf8;	/* the server lacks SMTPUTF8 */
	bool			 no_login;	/* it did not authenticate us */
	uint64_t		 quit_at;	/* time of QUIT; 0: not sent */
	CURLcode		 result;
	struct reply		 reply;		/* to the phase's command */
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

/* mail_phase.c */

/* Is a line, without a NUL, this command? */
bool		 smtp_is_command(const char *line, size_t len,
		    const char *command);

/* The phase that a command begins; `before` if it begins none. */
enum smtp_phase	 smtp_phase_of(const char *line, size_t len,
		    enum smtp_phase before);

unsigned	 smtp_phase_seconds(enum smtp_phase);

/* What did not come in that time, for an error's text: "no greeting". */
const char	*smtp_phase_missed(enum smtp_phase);

/* mail_reply.c */

void		 reply_clear(struct reply *);

/* Adds a line. One that begins with no code is left out. */
void		 reply_add(struct reply *, const char *line, size_t len);

/* Writes all of the reply into out: "550 5.7.1 Words". Returns out. */
const char	*reply_text(const struct reply *, char out[static REPLY_MAX]);

/* mail_blame.c */

/*
 * Does the reply refuse the message or its recipient, so that no attempt will
 * ever succeed? False for what is temporary, and for complaints about us.
 */
bool		 mail_is_refused(enum smtp_phase, const struct reply *);

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
