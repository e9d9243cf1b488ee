/* SPDX-License-Identifier: ISC */
/* Raises errors: ends the coroutine, and records the error in its ctx. */

#include <stdio.h>
#include <stdlib.h>

#include "request/ctx.h"

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	/* Raising in a deferred call or in another coroutine is a bug. */
	if (c->no_unwind || coro_self() != c->coro)
		abort();

	c->error.kind = kind;
	va_start(ap, fmt);
	vsnprintf(c->error.message, sizeof(c->error.message), fmt, ap);
	va_end(ap);
	coro_exit();
}
