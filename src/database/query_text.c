/* SPDX-License-Identifier: ISC */
/* Splits a query file into tokens, by the rules of PostgreSQL's own lexer. */

#include <string.h>
#include <strings.h>

#include "database/query_text.h"

#define OPERATORS	"~!@#^&|`?+-*/%<>="

/* PostgreSQL takes every byte that is not ASCII for a letter. */
static bool
is_letter(char ch)
{
	return ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    ch == '_' || (ch & 0x80) != 0);
}

static bool
is_digit(char ch)
{
	return (ch >= '0' && ch <= '9');
}

static bool
is_blank(char ch)
{
	return (ch != '\0' && strchr(" \t\n\r\f\v", ch) != NULL);
}

/* The text is a part of a file: does this follow within the part? */
static bool
follows(const char *p, const char *end, const char *what)
{
	size_t	 len = strlen(what);

	return ((size_t)(end - p) >= len && strncmp(p, what, len) == 0);
}

/* Letters and digits. */
static const char *
skip_name(const char *p, const char *end)
{
	while (p < end && (is_letter(*p) || is_digit(*p)))
		p++;
	return (p);
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return (p);
}

static bool
is_newline(char ch)
{
	return (ch == '\n' || ch == '\r');
}

static const char *
skip_line(const char *p, const char *end)
{
	while (p < end && !is_newline(*p))
		p++;
	return (p);
}

/* These comments nest. Returns NULL if it has no end. */
static const char *
skip_comment(const char *p, const char *end)
{
	unsigned	 depth = 0;

	while (p < end) {
		if (follows(p, end, "/*")) {
			depth++;
			p += 2;
		} else if (follows(p, end, "*/")) {
			p += 2;
			if (--depth == 0)
				return (p);
		} else {
			p++;
		}
	}
	return (NULL);
}

/*
 * From the first quote to behind the last; a doubled one is part of the text.
 * Returns NULL if it has no end.
 */
static const char *
skip_quoted(const char *p, const char *end, bool escapes)
{
	char	 quote = *p++;

	while (p < end) {
		if (escapes && *p == '\\')
			p++;
		else if (*p == quote && p + 1 < end && p[1] == quote)
			p++;
		else if (*p == quote)
			return (p + 1);
		p++;
	}
	return (NULL);
}

/* A string goes on in one that follows on another line, with its escapes. */
static const char *
skip_string(const char *p, const char *end, bool escapes)
{
	const char	*next;

	while ((p = skip_quoted(p, end, escapes)) != NULL) {
		next = skip_blanks(p, end);
		if (next == end || *next != '\'' ||
		    memchr(p, '\n', (size_t)(next - p)) == NULL)
			break;
		p = next;
	}
	return (p);
}

/* $tag$...$tag$: the length of $tag$, or 0. */
static size_t
dollar_tag(const char *p, const char *end)
{
	const char	*q = p + 1;

	if (q < end && is_letter(*q))
		q = skip_name(q, end);
	return (q < end && *q == '$' ? (size_t)(q + 1 - p) : 0);
}

static const char *
skip_dollars(const char *p, const char *end, size_t len)
{
	return (memmem(p + len, (size_t)(end - p) - len, p, len));
}

static const char *
read_dollar(struct query_token *t)
{
	const char	*p = t->start, *end;
	size_t		 len = dollar_tag(p, t->end);

	if (len > 0) {
		t->kind = QUERY_STRING;
		end = skip_dollars(p, t->end, len);
		return (end != NULL ? end + len : NULL);
	}
	for (end = p + 1; end < t->end && is_digit(*end); end++)
		;
	t->kind = end > p + 1 ? QUERY_NUMBERED : QUERY_SIGN;
	return (end);
}

/* An operator ends where a comment begins. */
static const char *
read_operator(struct query_token *t)
{
	const char	*p = t->start;

	while (p < t->end && *p != '\0' && strchr(OPERATORS, *p) != NULL &&
	    !follows(p, t->end, "--") && !follows(p, t->end, "/*"))
		p++;
	t->kind = QUERY_OPERATOR;
	if (p == t->start + 1 && *t->start == '@' && p < t->end &&
	    is_letter(*p)) {
		t->kind = QUERY_COLUMNS;
		return (skip_name(p, t->end));
	}
	return (p);
}

static const char *
read_colon(struct query_token *t)
{
	const char	*p = t->start + 1;

	t->kind = QUERY_SIGN;
	if (p < t->end && (*p == ':' || *p == '='))
		return (p + 1);
	if (p == t->end || !is_letter(*p))
		return (p);
	t->kind = QUERY_PARAM;
	p = skip_name(p, t->end);
	if (p + 1 < t->end && *p == '.' && is_letter(p[1]))
		p = skip_name(p + 1, t->end);
	return (p);
}

/* A name may have dollars. E is not a name if a string follows it. */
static const char *
read_word(struct query_token *t)
{
	const char	*p = t->start;

	t->kind = QUERY_WORD;
	while (p < t->end && (is_letter(*p) || is_digit(*p) || *p == '$'))
		p++;
	if (p == t->start + 1 && (*t->start == 'E' || *t->start == 'e') &&
	    p < t->end && *p == '\'') {
		t->kind = QUERY_STRING;
		return (skip_string(p, t->end, true));
	}
	return (p);
}

static const char *
read_number(struct query_token *t)
{
	const char	*p = t->start;

	t->kind = QUERY_NUMBER;
	while (p < t->end && (is_digit(*p) || is_letter(*p) || *p == '.'))
		p++;
	return (p);
}

/* Sets the kind, and returns the end of the token; NULL: it has none. */
static const char *
read_token(struct query_token *t)
{
	const char	*p = t->start;

	if (is_blank(*p)) {
		t->kind = QUERY_BLANK;
		return (skip_blanks(p, t->end));
	}
	if (follows(p, t->end, "--") || follows(p, t->end, "/*")) {
		t->kind = QUERY_COMMENT;
		return (*p == '-' ? skip_line(p, t->end) :
		    skip_comment(p, t->end));
	}
	if (*p == '\'' || *p == '"') {
		t->kind = *p == '"' ? QUERY_NAME : QUERY_STRING;
		return (*p == '"' ? skip_quoted(p, t->end, false) :
		    skip_string(p, t->end, false));
	}
	if (is_letter(*p))
		return (read_word(t));
	if (is_digit(*p))
		return (read_number(t));
	if (*p == '$')
		return (read_dollar(t));
	if (*p == ':')
		return (read_colon(t));
	if (strchr(OPERATORS, *p) != NULL && *p != '\0')
		return (read_operator(t));
	t->kind = QUERY_SIGN;
	return (p + 1);
}

struct query_token
query_tokens(const char *text, size_t len)
{
	return ((struct query_token){ .start = text, .end = text + len });
}

bool
query_token_next(struct query_token *t)
{
	const char	*end;

	t->start += t->len;
	t->len = 0;
	if (t->start == t->end)
		return (false);
	if ((end = read_token(t)) == NULL) {
		t->kind = QUERY_UNENDED;
		end = t->end;
	}
	t->len = (size_t)(end - t->start);
	return (true);
}

bool
query_token_is(const struct query_token *t, const char *what)
{
	return ((t->kind == QUERY_WORD || t->kind == QUERY_SIGN) &&
	    t->len == strlen(what) && strncasecmp(t->start, what, t->len) == 0);
}

bool
query_token_opens(const struct query_token *t)
{
	return (query_token_is(t, "(") || query_token_is(t, "["));
}

bool
query_token_closes(const struct query_token *t)
{
	return (query_token_is(t, ")") || query_token_is(t, "]"));
}

bool
query_token_is_heading(const struct query_token *t, const char *text)
{
	return (t->kind == QUERY_COMMENT &&
	    (t->start == text || t->start[-1] == '\n') &&
	    (follows(t->start, t->end, "-- name: ") ||
	    follows(t->start, t->end, "-- list: ")));
}
