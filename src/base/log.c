/* SPDX-License-Identifier: ISC */
/* Writes log lines, each a JSON object. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "utils/timefmt.h"

static const char	*names[] = { "debug", "info", "warning", "error" };
static enum log_level	 lowest = LEVEL_INFO;

/* Static, because stacks are small; only the loop's thread logs. */
static char		 line[16384];
static struct jsonw	 writer;

void
log_init(enum log_level level)
{
	lowest = level;
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

void
log_end(struct jsonw *j)
{
	jsonw_object_end(j);
	if (j->text.cut)
		return;
	line[j->text.len] = '\n';
	if (write(STDOUT_FILENO, line, j->text.len + 1) == -1)
		return;		/* no other place to report it */
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
