/* SPDX-License-Identifier: ISC */
/* Reads headers of requests. */

#include "http/header.h"
#include "wire/wire.h"

const char *
header_once(struct ctx *c, const char *name)
{
	const struct head	*h = &c->sent->head;
	const struct head_line	*line = head_next(h, NULL, name);

	if (line == NULL)
		return (NULL);
	if (head_next(h, line, name) != NULL) {
		error_detail(c, ctx_printf(c, "header.%s", name),
		    "duplicate_field", "Must be sent once");
		return (NULL);
	}
	return (line->value);
}
