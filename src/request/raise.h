/* SPDX-License-Identifier: ISC */
/* Raising errors from handlers, like FastAPI's HTTPException. */

#ifndef REQUEST_RAISE_H
#define REQUEST_RAISE_H

#include "base/error_kinds.h"

struct ctx;

/* One invalid field of the input. */
struct error_detail {
	const char		*field;		/* body.email, query.limit */
	const char		*code;		/* missing, too_short, ... */
	const char		*message;
	struct error_detail	*next;
};

/*
 * Ends the running coroutine. The response has the kind's status and the
 * envelope that middleware/error_handler.c writes, as after FastAPI's `raise
 * HTTPException`. Deferred calls run, and an open transaction is rolled back.
 * The message is cut at 255 bytes. Must not be called in a deferred call, nor
 * in a callback of a library.
 */
void	raise_error(struct ctx *, const struct error_kind *, const char *, ...)
	    __attribute__((noreturn, format(printf, 3, 4)));

/*
 * Ends the running coroutine, too, but without an error: the response that is
 * set is sent. An open transaction is rolled back.
 */
void	end_with_response(struct ctx *) __attribute__((noreturn));

/*
 * Adds a header to the response of the error that is raised next. name is a
 * constant; value is copied.
 */
void	error_header(struct ctx *, const char *name, const char *value);

/*
 * Records one invalid field; raise_validation() then raises 422 with all of
 * them. code is a constant; field and message are copied. Only the first
 * hundred are kept.
 */
void	error_detail(struct ctx *, const char *field, const char *code,
	    const char *message, ...) __attribute__((format(printf, 4, 5)));

/* Raises ERR_VALIDATION if error_detail() was called, else returns. */
void	raise_validation(struct ctx *);

/* Both in one call, for a field after which nothing else can be checked. */
void	raise_invalid(struct ctx *, const char *field, const char *code,
	    const char *message, ...)
	    __attribute__((noreturn, format(printf, 4, 5)));

#endif
