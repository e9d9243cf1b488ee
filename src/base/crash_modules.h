/* SPDX-License-Identifier: ISC */
/* The files that a process has loaded: whose code is at an address. */

#ifndef BASE_CRASH_MODULES_H
#define BASE_CRASH_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX	20

struct crash_module {
	uintptr_t	 base;		/* added to the file's addresses */
	uintptr_t	 begin, end;	/* of its code */
	const char	*file;
	const char	*name;		/* the file's without the folders */
	uint8_t		 build[BUILD_ID_MAX];
	size_t		 build_len;
	bool		 named;		/* in a line's frames */
};

/* Notes what is loaded now. What is loaded later is not found. */
void			 crash_modules_note(void);

/* The module of an address; NULL if none is known. Only reads memory. */
struct crash_module	*crash_module_at(uintptr_t);

/* The next one that is named in frames, from NULL; NULL after the last. */
struct crash_module	*crash_module_next(const struct crash_module *);

#endif
