/* SPDX-License-Identifier: ISC */
/* Makes a message: templates, headers, bodies. For src/mail only. */

#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "mail/mail.h"
#include "mail/mail_settings.h"

/* Pure functions that make a message. For src/mail only. */

/* A message that can be sent. */
struct message {
	const char	*id;		/* the job's id */
	int64_t		 date;		/* microseconds, UTC */
	const char	*from;		/* addresses for SMTP */
	const char	*to;
	bool		 utf8;		/* needs a server with SMTPUTF8 */
	const char	*data;		/* each line ends with CRLF */
	size_t		 len;
};

/* mail_text.c */

/*
 * Returns whether the character of n bytes (0: not UTF-8) may break a line or
 * change the direction of text.
 */
bool	mail_is_control(const char *, size_t n);

/* Words and dots, like an unquoted local part; with utf8 also beyond ASCII. */
bool	mail_is_dot_atom(const char *, size_t, bool utf8);

/* Adds a header field, encoded and folded; value has no control characters. */
void	mail_header(struct text *, const char *name, const char *value,
	    size_t len);

/* Adds a header field: the name of the owner, unless "", and an address. */
void	mail_header_address(struct text *, const char *name,
	    const char *owner, const char *address);

/* Adds text in quoted-printable (RFC 2045, 6.7); each \n becomes CRLF. */
void	mail_quoted(struct text *, const char *, size_t);

/* mail_template.c */

enum mail_part { PART_SUBJECT, PART_TEXT, PART_HTML };

/* Adds a part of a mail with its placeholders filled. */
void	mail_expand(struct text *, const struct mail *, enum mail_part,
	    const struct mail_value *);

/* A declared name that the values lack; NULL if they have all. */
const char	*mail_lacks(const struct mail *, const struct mail_value *);

/* Returns NULL, or what is wrong with a mail's templates. */
const char	*mail_check(const struct mail *);

/* mail_compose.c */

/*
 * Sets the message's recipient. An address beyond ASCII only in its domain is
 * converted to ASCII, so that every server accepts it. False when it is not a
 * valid address, or memory is short.
 */
bool	mail_recipient(struct arena *, const char *address, struct message *);

/* Writes the message's data. False when memory is short. */
bool	mail_compose(struct arena *, const struct mail *,
	    const struct mail_settings *, const struct mail_value *,
	    struct message *);

#endif
