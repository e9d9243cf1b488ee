/* SPDX-License-Identifier: ISC */
/* Ends the coroutine early: with an error, or with the response. */

#include <stdio.h>
#include <stdlib.h>

#include "request/ctx.h"

/* In a deferred call or in another coroutine it is a bug. */
static void
check_place(const struct ctx *c)
{
	if (c->no_unwind || coro_self() != c->coro)
		abort();
}

void
end_with_response(struct ctx *c)
{
	check_place(c);
	coro_exit();
}

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	check_place(c);
	c->error.kind = kind;
	va_start(ap, fmt);
	vsnprintf(c->error.message, sizeof(c->error.message), fmt, ap);
	va_end(ap);
	coro_exit();
}
