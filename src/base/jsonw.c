/* SPDX-License-Identifier: ISC */
/* Writes JSON text. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/jsonw.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

#define JSONW_INITIAL	512

void
jsonw_init(struct jsonw *j, struct arena *arena)
{
	memset(j, 0, sizeof(*j));
	j->arena = arena;
}

void
jsonw_init_fixed(struct jsonw *j, char *buf, size_t size)
{
	memset(j, 0, sizeof(*j));
	j->text = buf;
	j->size = size;
}

static bool
jsonw_reserve(struct jsonw *j, size_t more)
{
	size_t	 size = j->size != 0 ? j->size : JSONW_INITIAL;
	char	*text;

	if (j->failed)
		return (false);
	if (j->size - j->len >= more && j->size != 0)
		return (true);

	while (size - j->len < more)
		size *= 2;
	if (j->arena == NULL ||
	    (text = arena_alloc(j->arena, size)) == NULL) {
		j->failed = true;
		return (false);
	}
	if (j->len > 0)
		memcpy(text, j->text, j->len);
	j->text = text;
	j->size = size;
	return (true);
}

static void
jsonw_put(struct jsonw *j, const char *s, size_t len)
{
	if (!jsonw_reserve(j, len))
		return;
	memcpy(j->text + j->len, s, len);
	j->len += len;
}

/* Bytes that are not UTF-8 (a cut message, a raw path) become U+FFFD. */
static void
jsonw_quote(struct jsonw *j, const char *value)
{
	const unsigned char	*s = (const unsigned char *)value;
	char			 escape[8];
	size_t			 run, len;

	jsonw_put(j, "\"", 1);
	while (*s != '\0') {
		for (run = 0; s[run] >= 0x20 && s[run] < 0x7f &&
		    s[run] != '"' && s[run] != '\\'; run++)
			;
		if (run > 0) {
			jsonw_put(j, (const char *)s, run);
			s += run;
			continue;
		}
		if (*s == '"' || *s == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*s++;
			jsonw_put(j, escape, 2);
		} else if (*s < 0x20 || *s == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", *s++);
			jsonw_put(j, escape, 6);
		} else if ((len = utf8_sequence((const char *)s, 4)) > 0) {
			jsonw_put(j, (const char *)s, len);
			s += len;
		} else {
			jsonw_put(j, "\\ufffd", 6);
			s++;
		}
	}
	jsonw_put(j, "\"", 1);
}

static void
jsonw_key(struct jsonw *j, const char *key)
{
	if (j->comma)
		jsonw_put(j, ",", 1);
	j->comma = true;
	if (key != NULL) {
		jsonw_quote(j, key);
		jsonw_put(j, ":", 1);
	}
}

static void
jsonw_open(struct jsonw *j, const char *key, const char *bracket)
{
	jsonw_key(j, key);
	jsonw_put(j, bracket, 1);
	j->comma = false;
}

static void
jsonw_close(struct jsonw *j, const char *bracket)
{
	jsonw_put(j, bracket, 1);
	j->comma = true;
}

void
jsonw_object(struct jsonw *j, const char *key)
{
	jsonw_open(j, key, "{");
}

void
jsonw_object_end(struct jsonw *j)
{
	jsonw_close(j, "}");
}

void
jsonw_array(struct jsonw *j, const char *key)
{
	jsonw_open(j, key, "[");
}

void
jsonw_array_end(struct jsonw *j)
{
	jsonw_close(j, "]");
}

void
jsonw_string(struct jsonw *j, const char *key, const char *value)
{
	jsonw_key(j, key);
	if (value == NULL)
		jsonw_put(j, "null", 4);
	else
		jsonw_quote(j, value);
}

void
jsonw_raw(struct jsonw *j, const char *key, const char *json)
{
	if (json == NULL)
		json = "null";
	jsonw_key(j, key);
	jsonw_put(j, json, strlen(json));
}

void
jsonw_int(struct jsonw *j, const char *key, int64_t value)
{
	char	 text[24];

	jsonw_key(j, key);
	jsonw_put(j, text,
	    (size_t)snprintf(text, sizeof(text), "%" PRId64, value));
}

void
jsonw_bool(struct jsonw *j, const char *key, bool value)
{
	jsonw_key(j, key);
	jsonw_put(j, value ? "true" : "false", value ? 4 : 5);
}

void
jsonw_null(struct jsonw *j, const char *key)
{
	jsonw_string(j, key, NULL);
}

void
jsonw_time(struct jsonw *j, const char *key, int64_t us)
{
	char	 text[TIMEFMT_TEXT];

	timefmt_rfc3339(us, text);
	jsonw_string(j, key, text);
}
