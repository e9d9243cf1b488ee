/* SPDX-License-Identifier: ISC */
/* What an error that is raised takes along: headers, and the bad fields. */

#include <stdio.h>

#include "request/ctx.h"

#define DETAILS_MAX	100	/* a body may hold thousands of mistakes */

void
error_header(struct ctx *c, const char *name, const char *value)
{
	header_add(c, &c->error.headers, name, value);
}

static void	add_detail(struct ctx *, const char *, const char *,
		    const char *, va_list)
		    __attribute__((format(printf, 4, 0)));

static void
add_detail(struct ctx *c, const char *field, const char *code, const char *fmt,
    va_list ap)
{
	struct error_detail	*d;
	char			 message[256];

	if (c->error.ndetails++ >= DETAILS_MAX)
		return;
	d = ctx_alloc(c, sizeof(*d));
	vsnprintf(message, sizeof(message), fmt, ap);

	d->field = ctx_strdup(c, field);
	d->code = code;
	d->message = ctx_strdup(c, message);
	if (c->error.last_detail == NULL)
		c->error.last_detail = &c->error.details;
	*c->error.last_detail = d;
	c->error.last_detail = &d->next;
}

static void __attribute__((noreturn))
raise_details(struct ctx *c)
{
	raise_error(c, &ERR_VALIDATION, "Validation failed");
}

void
error_detail(struct ctx *c, const char *field, const char *code,
    const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_detail(c, field, code, fmt, ap);
	va_end(ap);
}

void
raise_validation(struct ctx *c)
{
	if (c->error.details != NULL)
		raise_details(c);
}

void
raise_invalid(struct ctx *c, const char *field, const char *code,
    const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_detail(c, field, code, fmt, ap);
	va_end(ap);
	raise_details(c);
}
