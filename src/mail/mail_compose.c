/* SPDX-License-Identifier: ISC */
/*
 * Composes a message (RFC 5322) with a text and an HTML alternative, in
 * quoted-printable: ASCII with short lines, readable as a file.
 */

#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "mail/compose.h"
#include "utils/email.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

#define DATE_TEXT	(TIMEFMT_HTTP + 2)

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s & 0x80)
			return (false);
	}
	return (true);
}

static bool
has_control(const char *s)
{
	size_t	 n;

	for (; *s != '\0'; s += n) {
		n = utf8_sequence(s, strlen(s));
		if (n == 0 || mail_is_control(s, n))
			return (true);
	}
	return (false);
}

/* A quoted local part: any characters, but an inner quote must be escaped. */
static bool
is_quoted_string(const char *s, size_t len)
{
	size_t	 i;

	if (len < 2 || s[0] != '"' || s[len - 1] != '"')
		return (false);
	for (i = 1; i < len - 1; i++) {
		if (s[i] == '"' || s[i] == '<' || s[i] == '>')
			return (false);
		if (s[i] == '\\' && (++i == len - 1 || s[i] == '<' ||
		    s[i] == '>'))
			return (false);
	}
	return (true);
}

static bool
is_domain(const char *s)
{
	const char	*p;

	for (p = s; *p != '\0'; p++) {
		if (!(*p & 0x80) && strchr("abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *p) == NULL)
			return (false);
	}
	return (mail_is_dot_atom(s, strlen(s), true));
}

static const char *
join(struct arena *arena, const char *local, size_t len, const char *domain)
{
	struct text	 t = arena_text(arena);

	text_add(&t, local, len);
	text_puts(&t, "@");
	text_puts(&t, domain);
	return (t.cut ? NULL : t.data);
}

bool
mail_recipient(struct arena *arena, const char *address, struct message *m)
{
	const char	*at = strrchr(address, '@');
	char		*ascii;
	size_t		 len;

	if (at == NULL || strlen(address) >= EMAIL_MAX || has_control(address))
		return (false);
	len = (size_t)(at - address);
	if (!is_domain(at + 1) || (!mail_is_dot_atom(address, len, true) &&
	    !is_quoted_string(address, len)))
		return (false);

	if ((m->to = join(arena, address, len, at + 1)) == NULL)
		return (false);
	if (is_ascii(m->to))
		return (true);
	if (idn2_to_ascii_8z(at + 1, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return (false);
	m->to = join(arena, address, len, ascii);
	idn2_free(ascii);
	if (m->to != NULL && !is_ascii(m->to)) {
		m->utf8 = true;
		m->to = join(arena, address, len, at + 1);
	}
	return (m->to != NULL);
}

/* timefmt_http() ends with GMT; RFC 5322 uses +0000. */
static void
add_date(struct text *t, int64_t us)
{
	char	 date[TIMEFMT_HTTP];

	timefmt_http(us, date);
	text_puts(t, "Date: ");
	text_add(t, date, strlen(date) - strlen("GMT"));
	text_puts(t, "+0000\r\n");
}

/* "=_" never occurs in quoted-printable. */
static void
add_boundary(struct text *t, const char *before, const struct message *m,
    const char *after)
{
	text_puts(t, before);
	text_puts(t, "=_");
	text_puts(t, m->id);
	text_puts(t, after);
}

static void
add_head(struct text *t, const struct mail *mail,
    const struct mail_settings *s, const struct mail_value *values,
    const struct message *m)
{
	struct text	 subject = { .alloc = t->alloc, .from = t->from };

	mail_header_address(t, "From", s->from_name, s->from);
	mail_header_address(t, "To", "", m->to);
	mail_expand(&subject, mail, PART_SUBJECT, values);
	if (subject.cut)
		t->cut = true;
	else
		mail_header(t, "Subject", subject.data, subject.len);
	add_date(t, m->date);
	text_puts(t, "Message-ID: <");
	text_puts(t, m->id);
	text_puts(t, "@");
	text_puts(t, s->from_domain);
	text_puts(t, ">\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "Content-Language: ");
	text_puts(t, mail->locale);
	text_puts(t, "\r\n");
	add_boundary(t, "Content-Type: multipart/alternative;\r\n boundary=\"",
	    m, "\"\r\n\r\n");
}

static void
add_part(struct text *t, const struct mail *mail, enum mail_part part,
    const struct mail_value *values, const struct message *m)
{
	struct text	 content = { .alloc = t->alloc, .from = t->from };

	add_boundary(t, "--", m, "\r\nContent-Type: ");
	text_puts(t, part == PART_HTML ? "text/html" : "text/plain");
	text_puts(t, "; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	mail_expand(&content, mail, part, values);
	if (content.cut)
		t->cut = true;
	else
		mail_quoted(t, content.data, content.len);
	text_puts(t, "\r\n");
}

bool
mail_compose(struct arena *arena, const struct mail *mail,
    const struct mail_settings *s, const struct mail_value *values,
    struct message *m)
{
	struct text	 t = arena_text(arena);

	m->from = s->from;
	add_head(&t, mail, s, values, m);
	add_part(&t, mail, PART_TEXT, values, m);
	add_part(&t, mail, PART_HTML, values, m);
	add_boundary(&t, "--", m, "--\r\n");
	m->data = t.data;
	m->len = t.len;
	return (!t.cut);
}
