/* SPDX-License-Identifier: ISC */
/* Raising: the end of a coroutine by an error. */

#include <stdio.h>
#include <stdlib.h>

#include "request/ctx.h"

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	/* Raised where it must not be: a bug that no answer can mend. */
	if (c->no_unwind || coro_self() != c->coro)
		abort();

	c->error.kind = kind;
	va_start(ap, fmt);
	vsnprintf(c->error.message, sizeof(c->error.message), fmt, ap);
	va_end(ap);
	coro_exit();
}
