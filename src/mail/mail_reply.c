/* SPDX-License-Identifier: ISC */
/*
 * A mail server's reply, of any number of lines, as one line of printable text:
 * "550 5.7.1 first line second line". Of a reply that is too long, the middle
 * is left out, since what says why is at its beginning or at its end.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mail/smtp.h"
#include "utils/utf8.h"

#define BEGINNING	250	/* bytes that a long reply keeps of it */
#define GAP		" ..."
#define LINE_KEPT	400	/* bytes that are kept of a line */

_Static_assert(BEGINNING + sizeof(GAP) + LINE_KEPT + 1 < REPLY_TEXT,
    "a line does not fit behind the gap");

void
reply_clear(struct reply *r)
{
	memset(r, 0, sizeof(*r));
}

/* Copies a line as printable text; returns its length, less than size. */
static size_t
printable(const char *line, size_t left, char *out, size_t size)
{
	size_t	 used = 0, len;

	for (; left > 0; line += len, left -= len) {
		if ((len = utf8_sequence(line, left)) == 0)
			len = 1;
		if (used + len >= size)
			break;
		if (mail_is_control(line, len) || (len == 1 && *line & 0x80))
			out[used++] = '?';
		else {
			memcpy(out + used, line, len);
			used += len;
		}
	}
	while (used > 0 && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
	return (used);
}

/*
 * The length of "5.7.1" at the beginning of s (RFC 3463); 0: none. A colon or a
 * comma may follow.
 */
static size_t
status_length(const char *s)
{
	size_t	 n, digits;
	int	 part;

	if (strchr("245", *s) == NULL || *s == '\0')
		return (0);
	for (n = 1, part = 0; part < 2; part++) {
		if (s[n++] != '.')
			return (0);
		for (digits = 0; isdigit((unsigned char)s[n]); digits++)
			n++;
		if (digits < 1 || digits > 3)
			return (0);
	}
	return (s[n] == '\0' || strchr(" :,", s[n]) != NULL ? n : 0);
}

/* Passes over the enhanced code, and keeps that of the first line with one. */
static const char *
take_status(struct reply *r, const char *words)
{
	const char	*code = words + (*words == '#');	/* of some */
	size_t		 n = status_length(code);

	if (n == 0)
		return (words);
	if (*r->status == '\0')
		snprintf(r->status, sizeof(r->status), "%.*s", (int)n, code);
	else if (strlen(r->status) != n || strncmp(r->status, code, n) != 0)
		return (words);
	code += n;
	return (code + strspn(code, " :,"));
}

/* A frame of asterisks says nothing. */
static bool
says_something(const char *s)
{
	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || *s & 0x80)
			return (true);
	}
	return (false);
}

/* The first boundary of characters at or after `at`. */
static size_t
boundary(const char *s, size_t at)
{
	while ((s[at] & 0xc0) == 0x80)
		at++;
	return (at);
}

/* Leaves out text after the beginning, until len more bytes fit. */
static void
make_room(struct reply *r, size_t len)
{
	size_t	 from, gone;

	if (r->gap == 0) {
		for (from = BEGINNING; (r->text[from] & 0xc0) == 0x80; from--)
			;
		r->gap = from + sizeof(GAP) - 1;
		gone = boundary(r->text, r->gap);
		memcpy(r->text + from, GAP, sizeof(GAP) - 1);
		memmove(r->text + r->gap, r->text + gone,
		    r->len + 1 - gone);
		r->len -= gone - r->gap;
	}
	if (r->len + len < sizeof(r->text))
		return;
	gone = r->len + len - sizeof(r->text) + 1;
	gone = boundary(r->text, r->gap + gone) - r->gap;
	memmove(r->text + r->gap, r->text + r->gap + gone,
	    r->len + 1 - r->gap - gone);
	r->len -= gone;
}

static void
add_words(struct reply *r, const char *words)
{
	size_t	 len = strlen(words), blank = r->len > 0;

	if (!says_something(words))
		return;
	if (r->len + blank + len >= sizeof(r->text))
		make_room(r, blank + len);
	if (blank)
		r->text[r->len++] = ' ';
	memcpy(r->text + r->len, words, len + 1);
	r->len += len;
}

void
reply_add(struct reply *r, const char *line, size_t len)
{
	char	 said[LINE_KEPT];
	size_t	 i;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	for (i = 0; i < 3; i++) {
		if (len < 3 || !isdigit((unsigned char)line[i]))
			return;
	}
	if (len > 3 && line[3] != ' ' && line[3] != '-')
		return;
	if (len == 3 || line[3] == ' ')
		memcpy(r->code, line, 3);
	if (len > 4) {
		printable(line + 4, len - 4, said, sizeof(said));
		add_words(r, take_status(r, said));
	}
}

const char *
reply_text(const struct reply *r, char out[static REPLY_MAX])
{
	snprintf(out, REPLY_MAX, "%s%s%s%s%s", r->code,
	    *r->status != '\0' ? " " : "", r->status,
	    r->len > 0 ? " " : "", r->text);
	return (out);
}
