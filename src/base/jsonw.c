/* SPDX-License-Identifier: ISC */
/* Writes JSON text. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

void
jsonw_init(struct jsonw *j, struct arena *arena)
{
	j->text = arena_text(arena);
	j->comma = false;
}

void
jsonw_init_fixed(struct jsonw *j, char *buf, size_t size)
{
	j->text = text_in(buf, size);
	j->comma = false;
}

/* Bytes that are not UTF-8 (a cut message, a raw path) become U+FFFD. */
static void
jsonw_quote(struct jsonw *j, const char *value)
{
	const unsigned char	*s = (const unsigned char *)value;
	char			 escape[8];
	size_t			 run, len;

	text_add(&j->text, "\"", 1);
	while (*s != '\0') {
		for (run = 0; s[run] >= 0x20 && s[run] < 0x7f &&
		    s[run] != '"' && s[run] != '\\'; run++)
			;
		if (run > 0) {
			text_add(&j->text, (const char *)s, run);
			s += run;
			continue;
		}
		if (*s == '"' || *s == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*s++;
			text_add(&j->text, escape, 2);
		} else if (*s < 0x20 || *s == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", *s++);
			text_add(&j->text, escape, 6);
		} else if ((len = utf8_sequence((const char *)s, 4)) > 0) {
			text_add(&j->text, (const char *)s, len);
			s += len;
		} else {
			text_add(&j->text, "\\ufffd", 6);
			s++;
		}
	}
	text_add(&j->text, "\"", 1);
}

static void
jsonw_key(struct jsonw *j, const char *key)
{
	if (j->comma)
		text_add(&j->text, ",", 1);
	j->comma = true;
	if (key != NULL) {
		jsonw_quote(j, key);
		text_add(&j->text, ":", 1);
	}
}

static void
jsonw_open(struct jsonw *j, const char *key, const char *bracket)
{
	jsonw_key(j, key);
	text_add(&j->text, bracket, 1);
	j->comma = false;
}

static void
jsonw_close(struct jsonw *j, const char *bracket)
{
	text_add(&j->text, bracket, 1);
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
		text_add(&j->text, "null", 4);
	else
		jsonw_quote(j, value);
}

void
jsonw_raw(struct jsonw *j, const char *key, const char *json)
{
	if (json == NULL)
		json = "null";
	jsonw_key(j, key);
	text_add(&j->text, json, strlen(json));
}

void
jsonw_int(struct jsonw *j, const char *key, int64_t value)
{
	char	 text[24];

	jsonw_key(j, key);
	text_add(&j->text, text,
	    (size_t)snprintf(text, sizeof(text), "%" PRId64, value));
}

void
jsonw_bool(struct jsonw *j, const char *key, bool value)
{
	jsonw_key(j, key);
	text_add(&j->text, value ? "true" : "false", value ? 4 : 5);
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
