/* SPDX-License-Identifier: ISC */
/* The last line of a process that crashes: the signal, where, for whom. */

#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include <stdbool.h>

/* What runs now; NULL: there is none. The texts are copied at once. */
struct crash_facts {
	const char	*process;	/* NULL: crash_init()'s */
	unsigned	 number;	/* "worker 1"; 0: without number */
	const char	*request_id;
	const char	*method;
	const char	*route;		/* its name, as in the access log */
	const char	*pattern;	/* its path in kore.conf */
	bool		 overflow;	/* the address is below the stack */
};

/*
 * From now on, when this process or a child of its fork gets SIGSEGV, SIGBUS,
 * SIGILL, SIGFPE or SIGABRT, it writes one line to the log, and then dies as it
 * would have without us: by that signal, or by a sanitizer's report.
 *
 * tell() runs in the signal's handler: it may only read memory. It gets the
 * address that could not be read or written, or NULL. If it faults, too, what
 * it has filled in counts.
 */
void	crash_init(const char *process, void (*tell)(struct crash_facts *,
	    const void *address));

#endif
