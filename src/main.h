/* SPDX-License-Identifier: ISC */
/* How the start ends when something is wrong. */

#ifndef SRC_MAIN_H
#define SRC_MAIN_H

/* Ends the start: one line on standard error, status 1. Before the fork. */
void	main_fail(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* Ends the process, and leaves no pid file behind. */
void	main_exit(int status) __attribute__((noreturn));

/* The same, after a search for leaks in a build that can: 0, or else 99. */
void	main_exit_clean(void) __attribute__((noreturn));

#endif
