/* SPDX-License-Identifier: ISC */
/* What an error that is raised takes along: headers, and the bad fields. */

#include <stdio.h>

#include "request/ctx.h"

#define DETAILS_MAX	100	/* a body may hold thousands of mistakes */
#define MESSAGE_MAX	256	/* bytes; what is longer is cut */
#define FAILED		"Validation failed"

void
error_header(struct ctx *c, const char *name, const char *value)
{
	header_add(c, &c->error.headers, name, value);
}

void
error_detail(struct ctx *c, const char *field, const char *code,
    const char *fmt, ...)
{
	struct error_detail	*d;
	char			 message[MESSAGE_MAX];
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
		raise_error(c, &ERR_VALIDATION, FAILED);
}

void
raise_invalid(struct ctx *c, const char *field, const char *code,
    const char *fmt, ...)
{
	char	 message[MESSAGE_MAX];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	error_detail(c, field, code, "%s", message);
	raise_error(c, &ERR_VALIDATION, FAILED);
}
