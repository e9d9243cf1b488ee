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

/*
 * A name that the mail declares, or the phrase of a value, and that the values
 * lack; NULL if they have all.
 */
const char	*mail_lacks(const struct mail *, const struct mail_value *);

/* Returns NULL, or what is wrong with a mail's templates. */
const char	*mail_check(const struct mail *);

/*
 * Reads the placeholder "{{name}}" at p: returns its name, the name's length
 * and the length of it all. NULL if there is none.
 */
const char	*mail_gap(const char *p, size_t *name_len, size_t *len);

/* The value of that name, whose name is NULL if there is none. */
const struct mail_value	*mail_value_of(const struct mail_value *,
			    const char *name, size_t len);

/*
 * Returns NULL, or which of its characters a template or a phrase must not
 * have: one that could break a line or change the direction of text.
 */
const char	*mail_bad_character(const char *);

/* mail_texts.c */

/*
 * At start: finds the texts of all languages, and checks them. Returns NULL, or
 * an error message.
 */
const char	*mail_texts_init(void);

/* Calls check() with the phrases of each language, until it has a message. */
const char	*mail_texts_phrases(const char *(*check)(const char *tag,
		    const char *text));

/*
 * The mail with its texts in that language or a wider one (RFC 4647, 3.4: es
 * for es-MX), in the default one, or in English, which all mails have; .locale
 * says which. locale may be NULL, and need not be a tag.
 */
struct mail	 mail_in(const struct mail *, const char *locale);

/* The phrases of that very language; NULL if it has none. */
const char	*mail_phrases_in(const char *tag);

/* The language of recipients who have none. */
const char	*mail_default_language(void);

/* mail_phrases.c */

/*
 * At start, after mail_texts_init(): checks the phrases. Returns NULL, or an
 * error message.
 */
const char	*mail_phrases_init(void);

/*
 * The same values, with the words of the phrases in that language, or in
 * English, in memory of the arena. NULL when memory is short.
 */
const struct mail_value	*mail_say(struct arena *, const char *locale,
			    const struct mail_value *);

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
