/* SPDX-License-Identifier: ISC */
/* What is known of a crash, and its line. For src/base/crash*.c only. */

#ifndef BASE_CRASH_REPORT_H
#define BASE_CRASH_REPORT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define CRASH_FRAMES	64

/* An empty text is null in the line. */
struct crash_report {
	char		 process[32];
	unsigned	 process_number;	/* 0: none */
	bool		 other_thread;	/* than the loop's */
	int		 number;	/* the signal's; 0: a sanitizer's */
	siginfo_t	 info;		/* of a signal */
	bool		 overflow;	/* crash.h */
	char		 request_id[REQUEST_ID_MAX + 1];
	char		 method[24];
	char		 route[64];
	char		 pattern[256];
	uintptr_t	 frames[CRASH_FRAMES];	/* the innermost first */
	size_t		 nframes;
};

/* The signals that are caught, of which the last is 0. */
extern const int	 crash_signals[];

/* The address that the signal is about; false if it has none. */
bool			 crash_address(const struct crash_report *,
			    uintptr_t *);

/* Writes the line. Takes no lock, and reads only the report and the modules. */
void			 crash_write(const struct crash_report *);

#endif
