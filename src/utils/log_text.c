/* SPDX-License-Identifier: ISC */
/*
 * Writes a line of the log for people. It is made of the finished JSON, not of
 * the members: so the JSON is the same in both formats, and its strings are
 * escaped already.
 */

#include <stdlib.h>
#include <string.h>

#include "utils/log_text.h"
#include "utils/printable.h"

#define MEMBERS_MAX	32
#define LEVEL_WIDTH	(sizeof("warning") - 1)

#define RED	"\033[31m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define DIM	"\033[2m"
#define PLAIN	"\033[0m"

struct member {
	const char	*key, *value;	/* in the JSON; a string's text */
	size_t		 key_len, len;
	bool		 is_string, is_used;
};

struct line {
	struct text	*out;
	struct member	 members[MEMBERS_MAX];
	size_t		 n;
	bool		 colour;
};

/* The end of a string whose text begins at s: its quote. */
static const char *
string_end(const char *s)
{
	for (; *s != '"' && *s != '\0'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return (s);
}

/* The end of a value: a comma or a bracket that is not in it. */
static const char *
value_end(const char *s)
{
	unsigned	 depth = 0;

	for (; *s != '\0'; s++) {
		if (*s == '"')
			s = string_end(s + 1);
		else if (*s == '{' || *s == '[')
			depth++;
		else if (depth == 0 && (*s == ',' || *s == '}'))
			break;
		else if (*s == '}' || *s == ']')
			depth--;
		if (*s == '\0')
			break;
	}
	return (s);
}

static void
read_members(struct line *l, const char *s)
{
	struct member	*m;
	const char	*end;

	while (l->n < MEMBERS_MAX && (*s == '{' || *s == ',') &&
	    s[1] == '"') {
		m = &l->members[l->n];
		m->key = s + 2;
		end = string_end(m->key);
		if (end[0] != '"' || end[1] != ':')
			break;
		m->key_len = (size_t)(end - m->key);
		m->value = end + 2;
		s = value_end(m->value);
		m->len = (size_t)(s - m->value);
		if (m->len >= 2 && *m->value == '"' && s[-1] == '"') {
			m->is_string = true;
			m->value++;
			m->len -= 2;
		}
		l->n++;
	}
}

/* Each member is written once. */
static const struct member *
take(struct line *l, const char *key)
{
	struct member	*m;

	for (m = l->members; m < l->members + l->n; m++)
		if (!m->is_used && m->key_len == strlen(key) &&
		    memcmp(m->key, key, m->key_len) == 0) {
			m->is_used = true;
			return (m);
		}
	return (NULL);
}

static bool
is(const struct member *m, const char *value)
{
	return (m != NULL && m->len == strlen(value) &&
	    memcmp(m->value, value, m->len) == 0);
}

static void
colour(struct line *l, const char *code)
{
	if (l->colour)
		text_puts(l->out, code);
}

/* In its quotes, unless it can be read without them. */
static void
put_value(struct line *l, const struct member *m)
{
	bool	 quoted;
	size_t	 i;

	quoted = m->is_string && m->len == 0;
	for (i = 0; m->is_string && i < m->len; i++)
		if (strchr(" \"\\=", m->value[i]) != NULL)
			quoted = true;
	if (quoted)
		text_puts(l->out, "\"");
	text_add(l->out, m->value, m->len);
	if (quoted)
		text_puts(l->out, "\"");
}

/* A sentence: quotes and backslashes in it are no longer escaped. */
static void
put_sentence(struct line *l, const struct member *m)
{
	const char	*s = m->value, *end = m->value + m->len;

	for (; s < end; s++) {
		if (*s == '\\' && s + 1 < end && (s[1] == '"' || s[1] == '\\'))
			s++;
		text_add(l->out, s, 1);
	}
}

static void
put_word(struct line *l, const char *key)
{
	const struct member	*m;

	if ((m = take(l, key)) == NULL || (!m->is_string && is(m, "null")))
		return;
	text_puts(l->out, " ");
	put_value(l, m);
}

static void
put_start(struct line *l)
{
	const struct member	*time = take(l, "time"),
				*level = take(l, "level");

	colour(l, DIM);
	if (time != NULL && time->len > 23)	/* 2026-11-29T20:15:33.042... */
		text_add(l->out, time->value + 11, 12);
	colour(l, PLAIN);
	if (level == NULL)
		return;
	text_puts(l->out, " ");
	if (is(level, "error"))
		colour(l, RED);
	else if (is(level, "warning"))
		colour(l, YELLOW);
	text_add(l->out, level->value, level->len);
	colour(l, PLAIN);
	text_printf(l->out, "%*s", level->len < LEVEL_WIDTH ?
	    (int)(LEVEL_WIDTH - level->len) : 0, "");
}

static void
put_status(struct line *l)
{
	const struct member	*status, *duration;
	long long		 us;

	if ((status = take(l, "status")) != NULL) {
		colour(l, *status->value >= '5' ? RED :
		    *status->value == '4' ? YELLOW : GREEN);
		text_puts(l->out, " ");
		put_value(l, status);
		colour(l, PLAIN);
	}
	if ((duration = take(l, "duration_us")) != NULL) {
		us = strtoll(duration->value, NULL, 10);
		text_printf(l->out, us < 100000 ? " %lld.%lld ms" :
		    " %lld ms", us / 1000, us % 1000 / 100);
	}
}

/* Of a request, what happened; of other events, their name and message. */
static void
put_event(struct line *l)
{
	const struct member	*event = take(l, "event"), *message;

	if (is(event, "request")) {
		put_word(l, "method");
		put_word(l, "path");
		put_status(l);
		put_word(l, "route");
		return;
	}
	if (event != NULL) {
		text_puts(l->out, " ");
		put_value(l, event);
	}
	if ((message = take(l, "message")) != NULL) {
		text_puts(l->out, ": ");
		put_sentence(l, message);
	}
}

static void
put_member(struct line *l, const struct member *m)
{
	if (!m->is_string && (is(m, "null") || is(m, "false")))
		return;
	text_puts(l->out, " ");
	text_add(l->out, m->key, m->key_len);
	if (!m->is_string && is(m, "true"))
		return;
	text_puts(l->out, "=");
	put_value(l, m);
}

void
log_text(struct text *out, const char *json, struct text *safe, bool in_colour)
{
	struct line		 l = { .out = out, .colour = in_colour };
	const struct member	*id;
	size_t			 i;

	text_puts_printable(safe, json);
	if (safe->cut) {
		out->cut = true;
		return;
	}
	read_members(&l, safe->data);
	put_start(&l);
	put_event(&l);
	id = take(&l, "request_id");
	colour(&l, DIM);
	for (i = 0; i < l.n; i++)
		if (!l.members[i].is_used)
			put_member(&l, &l.members[i]);
	if (id != NULL && id->is_string) {
		text_puts(out, " id=");
		put_value(&l, id);
	}
	colour(&l, PLAIN);
	text_puts(out, "\n");
}
