/* SPDX-License-Identifier: ISC */
/* The log: one JSON object per line, or text for people. */

#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/jsonw.h"

#define REQUEST_ID_MAX	64	/* characters */

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

enum log_format { FORMAT_AUTO, FORMAT_JSON, FORMAT_TEXT };

/*
 * In the parent, once: lower levels are not logged. FORMAT_AUTO is text if
 * standard output is a terminal now, and JSON otherwise.
 */
void	log_init(enum log_level lowest, enum log_format);

/*
 * In a server's parent before the fork, or in the jobs runner: from now on no
 * line waits for the reader of standard output, and nothing that is printed
 * with stdio does. A line that cannot be written is dropped and added to
 * *dropped; as soon as there is room again, a line of the event "log" says how
 * many this process has lost. log_tick(), called now and then, writes it even
 * if there is nothing else to log. See docs/operation.md.
 */
void	log_never_wait(_Atomic uint64_t *dropped);
void	log_tick(void);

/*
 * In a worker: the lines of log_end_later() are written together, up to 4 KiB
 * at a time, and always before what is logged after them. more_come() says
 * whether such a line may wait for another one; then log_flush() must be called
 * soon. NULL: none waits any more, which a worker says before it ends. A crash
 * writes those that wait, and SIGKILL loses them.
 */
void	log_gather(bool (*more_come)(void));
void	log_flush(void);

/*
 * Writes one JSON object as a line on standard output, or what log_text()
 * makes of it:
 *
 *	{"time":...,"level":...,"event":...,"request_id":...,"message":...}
 *
 * request_id may be NULL. The message is cut to 1023 bytes. Never log a body, a
 * query string, a token or a password.
 */
void	log_event(enum log_level, const char *request_id,
	    const char *event, const char *, ...)
	    __attribute__((format(printf, 4, 5)));

/*
 * The same in steps, for lines with more members: write these between the two
 * calls. log_begin() returns NULL when the level is not logged.
 */
struct jsonw	*log_begin(enum log_level, const char *request_id,
		    const char *event);
void		 log_end(struct jsonw *);

/* The same for a line that may wait for others: log_gather(). */
void		 log_end_later(struct jsonw *);

#endif
