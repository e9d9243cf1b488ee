/* SPDX-License-Identifier: ISC */
/* Tells what the process does when it crashes. Runs in the signal's handler. */

#include "coro/coro.h"
#include "http/routes.h"
#include "request/ctx.h"
#include "running.h"

/*
 * The path may hold an id, and the query a secret: the line has neither, but
 * the route's pattern. A job has no method and no pattern.
 */
void
running_tell(struct crash_facts *facts, const void *address)
{
	const struct ctx	*c = coro_owner();

	facts->overflow = coro_overflows(address);
	if (c == NULL)
		return;
	facts->request_id = c->request_id;
	facts->method = c->method_name;
	if (c->endpoint != NULL)
		facts->route = c->endpoint->name;
	if (c->route != NULL)
		facts->pattern = route_path(c->route);
}
