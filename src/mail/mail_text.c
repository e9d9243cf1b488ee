/* SPDX-License-Identifier: ISC */
/* Encodes text for mail: encoded words, folded headers, quoted-printable. */

#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>

#include "mail/compose.h"
#include "utils/hex.h"
#include "utils/utf8.h"

#define FOLD		76	/* columns of a line with encoded words */
#define WORD		75	/* columns of an encoded word */
#define WORD_FRAME	12	/* of these, for =?utf-8?q? and ?= */
#define QUOTED		76	/* columns of a quoted-printable line */

/* The columns already used in the current line. */
static size_t
column(const struct text *t)
{
	const char	*end;

	if (t->cut || t->len == 0)
		return (0);
	end = memrchr(t->data, '\n', t->len);
	return (end == NULL ? t->len : (size_t)(t->data + t->len - end - 1));
}

bool
mail_is_control(const char *s, size_t n)
{
	const unsigned char	*p = (const unsigned char *)s;

	if (n == 1)
		return (p[0] < ' ' || p[0] == 0x7f);
	if (n == 2)					/* C1 controls */
		return (p[0] == 0xc2 && p[1] < 0xa0);
	if (n != 3 || p[0] != 0xe2)
		return (false);
	return ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

static bool
is_atext(char c)
{
	return (isalnum((unsigned char)c) || (c != '\0' &&
	    strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL));
}

bool
mail_is_dot_atom(const char *s, size_t len, bool utf8)
{
	size_t	 i;

	if (len == 0 || s[len - 1] == '.')
		return (false);
	for (i = 0; i < len; i++) {
		if (s[i] == '.' ? i == 0 || s[i - 1] == '.' :
		    !is_atext(s[i]) && !(utf8 && (s[i] & 0x80)))
			return (false);
	}
	return (true);
}

/*
 * Encoded words (RFC 2047) are also needed for a word that is too long for a
 * line and for text that looks like an encoded word.
 */

static bool
needs_words(const char *s, size_t len)
{
	size_t	 i, word = 0;

	for (i = 0; i < len; i++) {
		word = s[i] == ' ' ? 0 : word + 1;
		if (word > WORD - 12 || (s[i] & 0x80) ||
		    (s[i] == '=' && i + 1 < len && s[i + 1] == '?'))
			return (true);
	}
	return (false);
}

/* Characters that are safe in a phrase, too (RFC 2047, 5 (3)). */
static bool
is_q(char c)
{
	return (isalnum((unsigned char)c) || c == ' ' || (c != '\0' &&
	    strchr("!*+-/", c) != NULL));
}

/* As both quoted-printable and its words (RFC 2047, 4.2) have it: "=C3". */
static void
add_code(struct text *t, char c)
{
	char	 code[3] = "=";

	hex_pair(code + 1, (unsigned char)c, HEX_UPPER);
	text_add(t, code, 3);
}

static void
add_q(struct text *t, const char *s, size_t len)
{
	for (; len > 0; s++, len--) {
		if (*s == ' ')
			text_puts(t, "_");
		else if (is_q(*s))
			text_add(t, s, 1);
		else
			add_code(t, *s);
	}
}

static size_t
q_length(const char *s, size_t len)
{
	size_t	 n = 0;

	for (; len > 0; s++, len--)
		n += is_q(*s) ? 1 : 3;
	return (n);
}

static size_t
b_length(size_t len)
{
	return ((len + 2) / 3 * 4);
}

static void
add_b(struct text *t, const char *s, size_t len)
{
	unsigned char	 out[WORD + 1];

	EVP_EncodeBlock(out, (const unsigned char *)s, (int)len);
	text_puts(t, (const char *)out);
}

/* How many bytes fit into a word of `room` characters, by whole characters. */
static size_t
fits(const char *s, size_t len, size_t room, bool q)
{
	size_t	 n = 0, next;

	for (;; n += next) {
		if (n == len || (next = utf8_sequence(s + n, len - n)) == 0)
			return (n);
		if ((q ? q_length(s, n + next) : b_length(n + next)) > room)
			return (n);
	}
}

static void
add_words(struct text *t, const char *s, size_t len)
{
	bool	 q = q_length(s, len) <= b_length(len);
	size_t	 n, room, used;

	while (len > 0) {
		used = column(t) + WORD_FRAME;
		room = used < FOLD ? FOLD - used : 0;
		if ((n = fits(s, len, room, q)) == 0) {
			text_puts(t, "\r\n ");
			n = fits(s, len, WORD - WORD_FRAME, q);
		}
		if (n == 0)			/* impossible: it is UTF-8 */
			return;
		text_puts(t, q ? "=?utf-8?q?" : "=?utf-8?b?");
		if (q)
			add_q(t, s, n);
		else
			add_b(t, s, n);
		text_puts(t, "?=");
		s += n;
		len -= n;
		if (len > 0)
			text_puts(t, "\r\n ");
	}
}

/* Adds words of ASCII with one blank between them. */
static void
add_folded(struct text *t, const char *s, size_t len)
{
	size_t	 n;
	bool	 first = true;

	while (len > 0) {
		n = (size_t)((const char *)memchr(s, ' ', len) - s);
		if (memchr(s, ' ', len) == NULL)
			n = len;
		if (!first)
			text_puts(t, column(t) + 1 + n > FOLD ? "\r\n " : " ");
		text_add(t, s, n);
		first = false;
		for (; n < len && s[n] == ' '; n++)
			;
		s += n;
		len -= n;
	}
}

void
mail_header(struct text *t, const char *name, const char *value, size_t len)
{
	for (; len > 0 && *value == ' '; value++, len--)
		;
	for (; len > 0 && value[len - 1] == ' '; len--)
		;
	text_puts(t, name);
	text_puts(t, ": ");
	if (needs_words(value, len))
		add_words(t, value, len);
	else
		add_folded(t, value, len);
	text_puts(t, "\r\n");
}

static void
add_phrase(struct text *t, const char *s)
{
	size_t	 i, len = strlen(s);

	for (i = 0; i < len && (is_atext(s[i]) || s[i] == ' '); i++)
		;
	if (needs_words(s, len) || s[0] == ' ' || s[len - 1] == ' ') {
		add_words(t, s, len);
	} else if (i == len) {
		add_folded(t, s, len);
	} else {
		text_puts(t, "\"");
		for (i = 0; i < len; i++) {
			if (s[i] == '"' || s[i] == '\\')
				text_puts(t, "\\");
			text_add(t, s + i, 1);
		}
		text_puts(t, "\"");
	}
}

void
mail_header_address(struct text *t, const char *name, const char *owner,
    const char *address)
{
	text_puts(t, name);
	text_puts(t, ": ");
	if (*owner != '\0') {
		add_phrase(t, owner);
		text_puts(t, column(t) + strlen(address) + 3 > FOLD ?
		    "\r\n " : " ");
	}
	text_puts(t, "<");
	text_puts(t, address);
	text_puts(t, ">\r\n");
}

/* A blank at the end of a line could get lost. */
static bool
is_quoted_plain(const char *s, size_t left)
{
	if (*s == ' ')
		return (left > 1 && s[1] != '\n');
	return (*s > ' ' && *s < 0x7f && *s != '=');
}

/* A broken line ends with =, which needs a column. */
static bool
is_room(const char *s, size_t len, size_t n, size_t used)
{
	return (used < QUOTED ||
	    (used == QUOTED && (n == len || s[n] == '\n')));
}

void
mail_quoted(struct text *t, const char *s, size_t len)
{
	size_t	 i, n, width, used = 0;

	for (; len > 0; s += n, len -= n) {
		if (*s == '\n') {
			text_puts(t, "\r\n");
			used = 0;
			n = 1;
			continue;
		}
		if ((n = utf8_sequence(s, len)) == 0)
			n = 1;
		width = is_quoted_plain(s, len) ? 1 : n * 3;
		if (!is_room(s, len, n, used + width)) {
			text_puts(t, "=\r\n");
			used = 0;
		}
		used += width;
		if (width == 1) {
			text_add(t, s, 1);
			continue;
		}
		for (i = 0; i < n; i++)
			add_code(t, s[i]);
	}
}
