/* SPDX-License-Identifier: ISC */
/* Writes lines on standard output. For src/base/log*.c and crash*.c only. */

#ifndef BASE_LOG_WRITE_H
#define BASE_LOG_WRITE_H

#include <stddef.h>
#include <stdint.h>

#define LOG_JSON_MAX	16384	/* bytes of a line */
#define LOG_LINE_MAX	(2 * LOG_JSON_MAX + 1024)	/* as text */

/* Writes a line, its newline included, or drops it: log_never_wait(). */
void	log_write(const char *line, size_t len);

/* The same, perhaps with others: log_gather(). */
void	log_write_later(const char *line, size_t len);

/* Counts a line that is not written. */
void	log_drop(void);

/*
 * The last line of a process that crashes: waits up to a second for a reader.
 * Safe in a signal's handler.
 */
void	log_write_last(const char *line, size_t len);

/*
 * log_never_wait(). say_dropped() makes the line that says how many were
 * dropped, and returns its length; 0 if its level is not logged.
 */
void	log_write_init(_Atomic uint64_t *counter,
	    size_t (*say_dropped)(char *out, size_t size, uint64_t dropped));

#endif
