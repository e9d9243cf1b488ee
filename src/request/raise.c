/* SPDX-License-Identifier: ISC */
/* Raises errors: ends the coroutine, and records the error in its ctx. */

#include <stdio.h>
#include <stdlib.h>

#include "request/ctx.h"

#define DETAILS_MAX	100	/* a body may hold thousands of mistakes */

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

void
error_header(struct ctx *c, const char *name, const char *value)
{
	struct header	*h = ctx_alloc(c, sizeof(*h));

	h->name = name;
	h->value = ctx_strdup(c, value);
	h->next = c->error.headers;
	c->error.headers = h;
}

void
error_detail(struct ctx *c, const char *field, const char *code,
    const char *fmt, ...)
{
	struct error_detail	*d;
	char			 message[256];
	va_list			 ap;

	if (c->error.ndetails++ >= DETAILS_MAX)
		return;
	d = ctx_alloc(c, sizeof(*d));
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);

	d->field = ctx_strdup(c, field);
	d->code = code;
	d->message = ctx_strdup(c, message);
	if (c->error.last_detail == NULL)
		c->error.last_detail = &c->error.details;
	*c->error.last_detail = d;
	c->error.last_detail = &d->next;
}

void
raise_validation(struct ctx *c)
{
	if (c->error.details != NULL)
		raise_error(c, &ERR_VALIDATION, "Validation failed");
}
