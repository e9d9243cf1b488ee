/* SPDX-License-Identifier: ISC */
/* How a message is made: templates, headers, bodies. For src/mail only. */

#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "mail/mail.h"
#include "mail/mail_settings.h"

/*
 * How a message is made: pure functions of what they are given. Internal to
 * this room.
 */

/* A message, ready to go. */
struct message {
	const char	*id;		/* the job's */
	int64_t		 date;		/* microseconds, UTC */
	const char	*from;		/* the addresses, as SMTP has them */
	const char	*to;
	bool		 utf8;		/* only for servers with SMTPUTF8 */
	const char	*data;		/* CRLF at every line's end */
	size_t		 len;
};

/* mail_text.c */

/* Is the character of n bytes, 0 if it is none, one that may break a line or
 * turn its direction? */
bool	mail_is_control(const char *, size_t n);

/* Words and dots, as an unquoted local part is; beyond ASCII too if asked. */
bool	mail_is_dot_atom(const char *, size_t, bool utf8);

/* "Name: " and a text of any characters but those above, encoded and folded. */
void	mail_header(struct text *, const char *name, const char *value,
	    size_t len);

/* "Name: " and an address, in front of it the name of its owner, if any. */
void	mail_header_address(struct text *, const char *name,
	    const char *owner, const char *address);

/* Quoted-printable (RFC 2045, 6.7); every \n becomes a line's end. */
void	mail_quoted(struct text *, const char *, size_t);

/* mail_template.c */

enum mail_part { PART_SUBJECT, PART_TEXT, PART_HTML };

/* Adds a part of a mail, its gaps filled. */
void	mail_expand(struct text *, const struct mail *, enum mail_part,
	    const struct mail_value *);

/* A declared name that the context lacks; NULL if it has them all. */
const char	*mail_lacks(const struct mail *, const struct mail_value *);

/* NULL, or what is wrong with a mail's templates. */
const char	*mail_check(const struct mail *);

/* mail_compose.c */

/*
 * Takes an address over as the recipient's: one beyond ASCII in its domain
 * alone is written in ASCII, so that every server takes it. False when it
 * cannot be an address, or memory is short.
 */
bool	mail_recipient(struct arena *, const char *address, struct message *);

/* Makes the message's data. False when memory is short. */
bool	mail_compose(struct arena *, const struct mail *,
	    const struct mail_settings *, const struct mail_value *,
	    struct message *);

#endif
