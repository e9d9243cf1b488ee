/* SPDX-License-Identifier: ISC */
/* How a process of ours ends before Kore would end it. */

#ifndef SRC_EXIT_H
#define SRC_EXIT_H

/* Ends the start: one line on standard error, status 1. Before the fork. */
void	exit_fail(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* The same with this line; NULL: nothing is wrong, and it returns. */
void	exit_if(const char *problem);

/* Ends the process, and leaves no pid file behind. */
void	exit_with(int status) __attribute__((noreturn));

/* The same, after a search for leaks in a build that can: 0, or else 99. */
void	exit_clean(void) __attribute__((noreturn));

#endif
