/* SPDX-License-Identifier: ISC */
/* Writes log lines, each a JSON object, or for a terminal a line of text. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_write.h"
#include "utils/log_text.h"
#include "utils/timefmt.h"

static const char	*names[] = { "debug", "info", "warning", "error" };
static enum log_level	 lowest = LEVEL_INFO;
static bool		 as_text, in_colour;

/* Static, because stacks are small; only the loop's thread logs. */
static char		 line[LOG_JSON_MAX], escaped[2 * LOG_JSON_MAX],
			 readable[LOG_LINE_MAX];
static struct jsonw	 writer;

/* no-color.org: set, and not empty. */
static bool
may_colour(void)
{
	const char	*no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (isatty(STDOUT_FILENO) &&
	    (no_color == NULL || *no_color == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0);
}

void
log_init(enum log_level level, enum log_format format)
{
	lowest = level;
	as_text = format == FORMAT_TEXT ||
	    (format == FORMAT_AUTO && isatty(STDOUT_FILENO));
	in_colour = as_text && may_colour();
}

struct jsonw *
log_begin(enum log_level level, const char *request_id, const char *event)
{
	if (level < lowest)
		return (NULL);

	jsonw_init_fixed(&writer, line, sizeof(line));
	jsonw_object(&writer, NULL);
	jsonw_time(&writer, "time", timefmt_now());
	jsonw_string(&writer, "level", names[level]);
	jsonw_string(&writer, "event", event);
	if (request_id != NULL)
		jsonw_string(&writer, "request_id", request_id);
	return (&writer);
}

static void
end(struct jsonw *j, void (*write_line)(const char *, size_t))
{
	struct text	 out, safe;

	jsonw_object_end(j);
	if (j->text.cut) {
		log_drop();
		return;
	}
	if (!as_text) {
		line[j->text.len] = '\n';
		write_line(line, j->text.len + 1);
		return;
	}
	out = text_in(readable, sizeof(readable));
	safe = text_in(escaped, sizeof(escaped));
	log_text(&out, line, &safe, in_colour);
	if (out.cut)
		log_drop();
	else
		write_line(readable, out.len);
}

void
log_end(struct jsonw *j)
{
	end(j, log_write);
}

void
log_end_later(struct jsonw *j)
{
	end(j, log_write_later);
}

/* Has buffers of its own: it comes before a line that is ready. */
static size_t
say_dropped(char *out, size_t size, uint64_t dropped)
{
	char		 json[256], characters[256];
	struct jsonw	 j;
	struct text	 text = text_in(out, size);
	struct text	 safe = text_in(characters, sizeof(characters));

	if (LEVEL_WARNING < lowest)
		return (0);
	jsonw_init_fixed(&j, json, sizeof(json));
	jsonw_object(&j, NULL);
	jsonw_time(&j, "time", timefmt_now());
	jsonw_string(&j, "level", names[LEVEL_WARNING]);
	jsonw_string(&j, "event", "log");
	jsonw_int(&j, "dropped", (int64_t)dropped);
	jsonw_string(&j, "message", "lines were dropped: they were too long, "
	    "or standard output took no more");
	jsonw_object_end(&j);
	if (as_text)
		log_text(&text, json, &safe, in_colour);
	else
		text_printf(&text, "%s\n", json);
	return (text.cut || safe.cut ? 0 : text.len);
}

void
log_never_wait(_Atomic uint64_t *dropped)
{
	log_write_init(dropped, say_dropped);
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	static char	 message[1024];
	struct jsonw	*j;
	va_list		 ap;

	if ((j = log_begin(level, request_id, event)) == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	jsonw_string(j, "message", message);
	log_end(j);
}
