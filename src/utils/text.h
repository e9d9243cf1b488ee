/* SPDX-License-Identifier: ISC */
/* Text that is put together piece by piece. */

#ifndef UTILS_TEXT_H
#define UTILS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Text that grows at its end, within a buffer or in memory that alloc() gives.
 * A piece that does not fit is left out as a whole, and so is everything after
 * it: `cut` says so. Until then nobody needs to ask.
 */
struct text {
	char	*data;		/* ends with a NUL; NULL before the first */
	size_t	 len;		/* without that NUL */
	size_t	 size;
	bool	 cut;
	void	*(*alloc)(void *from, size_t);	/* NULL: it stays as it is */
	void	*from;
};

/* An empty one in a buffer of size bytes; of none, it is cut already. */
struct text	 text_in(char *buffer, size_t size);

void		 text_add(struct text *, const char *, size_t);
void		 text_puts(struct text *, const char *);
void		 text_printf(struct text *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

#endif
