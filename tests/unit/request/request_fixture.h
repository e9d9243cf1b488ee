/* SPDX-License-Identifier: ISC */
/* What the tests of requests share. */

#ifndef TESTS_REQUEST_REQUEST_FIXTURE_H
#define TESTS_REQUEST_REQUEST_FIXTURE_H

/*
 * A request without Kore: a struct ctx, and a coroutine to run a function in,
 * so that raise_error() works. The outcome is a text: "ok", or the status, the
 * code and the details, such as "422 VALIDATION_ERROR query.a:missing".
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "request/ctx.h"

static struct ctx	request;
static void		(*request_fn)(struct ctx *);
static bool		request_returned;

static inline void
request_schedule(void)
{
}

static inline void
request_main(void *arg)
{
	request_fn(arg);
	request_returned = true;
}

static inline void
request_done(void *arg)
{
	struct ctx	*c = arg;

	ctx_end(c);
}

/* Frees the last request. */
static inline void
request_end(void)
{
	ctx_release(&request);
	memset(&request, 0, sizeof(request));
}

/* A test's teardown: checks that its requests left nothing. */
static inline int
request_teardown(void **state)
{
	(void)state;
	request_end();
	return (arena_count() == 0 && coro_count() == 0 ? 0 : -1);
}

static inline void
request_begin(void)
{
	request_end();
	coro_init(1, request_schedule);
	request.path = request.query = request.body = "";
}

static inline const char *
request_outcome(const struct ctx *c)
{
	static char			 text[8192];
	const struct error_detail	*d;
	size_t				 n;

	if (c->error.kind == NULL)
		return (request_returned ? "ok" : "left without an error");
	n = (size_t)snprintf(text, sizeof(text), "%d %s",
	    c->error.kind->status, c->error.kind->code);
	for (d = c->error.details; d != NULL && n < sizeof(text); d = d->next)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s:%s",
		    d->field, d->code);
	return (text);
}

/* Runs fn(c) to its end, as app.c runs a handler. Returns the outcome. */
static inline const char *
request_run(void (*fn)(struct ctx *))
{
	struct ctx	*c = &request;

	request_fn = fn;
	request_returned = false;
	assert_true(ctx_begin(c, request_main, request_done, c));
	faults_select(&c->faults);
	coro_resume(c->coro);
	assert_null(c->coro);
	assert_null(c->defers);
	return (request_outcome(c));
}

/* The message of the n-th detail. */
static inline const char *
request_detail(unsigned n)
{
	const struct error_detail	*d = request.error.details;

	while (d != NULL && n-- > 0)
		d = d->next;
	return (d != NULL ? d->message : "(none)");
}

#endif
