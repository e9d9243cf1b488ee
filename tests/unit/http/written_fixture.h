/* SPDX-License-Identifier: ISC */
/* Which of a test's ROUTEs the code has: the others lose their rows. */

#ifndef TESTS_WRITTEN_FIXTURE_H
#define TESTS_WRITTEN_FIXTURE_H

#include "http/routes.h"

/* NULL ends the list. */
static inline void
only_written(struct route *const *written)
{
	static size_t	 nrows[64];
	struct route	*const *r, *const *w;
	size_t		*n = nrows;

	EACH_REGISTERED(r, routes) {
		assert_true(n < nrows + sizeof(nrows) / sizeof(nrows[0]));
		if (*n == 0)
			*n = (*r)->nrows;
		for (w = written; *w != NULL && *w != *r; w++)
			;
		(*r)->nrows = *w != NULL ? *n : 0;
		n++;
	}
}

#define ONLY_WRITTEN(...)						\
	only_written((struct route *const []){ __VA_ARGS__, NULL })

#endif
