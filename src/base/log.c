/* SPDX-License-Identifier: ISC */
/* Writes log lines, each a JSON object, or for a terminal a line of text. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "utils/log_text.h"
#include "utils/timefmt.h"

static const char	*names[] = { "debug", "info", "warning", "error" };
static enum log_level	 lowest = LEVEL_INFO;
static bool		 as_text, in_colour;

/* Static, because stacks are small; only the loop's thread logs. */
static char		 line[16384], escaped[2 * sizeof(line)],
			 readable[sizeof(escaped) + 1024];
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

/* One write, so that the lines of two processes do not mix. */
static void
write_line(const char *text, size_t len)
{
	if (write(STDOUT_FILENO, text, len) == -1)
		return;		/* no other place to report it */
}

void
log_end(struct jsonw *j)
{
	struct text	 out, safe;

	jsonw_object_end(j);
	if (j->text.cut)
		return;
	if (!as_text) {
		line[j->text.len] = '\n';
		write_line(line, j->text.len + 1);
		return;
	}
	out = text_in(readable, sizeof(readable));
	safe = text_in(escaped, sizeof(escaped));
	log_text(&out, line, &safe, in_colour);
	if (!out.cut)
		write_line(readable, out.len);
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
