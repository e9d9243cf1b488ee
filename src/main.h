/* SPDX-License-Identifier: ISC */
/* Ends the process, at a failed start or later. */

#ifndef SRC_MAIN_H
#define SRC_MAIN_H

/*
 * Prints one line to standard error and exits with status 1. Only before the
 * fork.
 */
void	main_fail(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* Removes the pid file and exits. */
void	main_exit(int status) __attribute__((noreturn));

/*
 * Exits with status 0. An asan build searches for leaks first, and exits with
 * status 99 if there are any. The pid file stays.
 */
void	main_exit_clean(void) __attribute__((noreturn));

#endif
