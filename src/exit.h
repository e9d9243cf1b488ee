/* SPDX-License-Identifier: ISC */
/* Ends the process, at a failed start or later. */

#ifndef SRC_EXIT_H
#define SRC_EXIT_H

/*
 * Prints one line to standard error and exits with status 1. Only before the
 * fork.
 */
void	exit_fail(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* The same with this line. Returns if it is NULL: nothing is wrong. */
void	exit_if(const char *problem);

/* Removes the pid file and exits. */
void	exit_with(int status) __attribute__((noreturn));

/*
 * For a command: prints the line to standard error, and ends by a signal that
 * it has caught. A shell tells 128 and its number.
 */
void	exit_by_signal(int number, const char *problem)
	    __attribute__((noreturn));

/*
 * Exits with status 0. An asan build searches for leaks first, and exits with
 * status 99 if there are any. The pid file stays.
 */
void	exit_clean(void) __attribute__((noreturn));

#endif
