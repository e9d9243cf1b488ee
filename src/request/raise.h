/* SPDX-License-Identifier: ISC */
/* Raising: how a handler ends with an error. */

#ifndef REQUEST_RAISE_H
#define REQUEST_RAISE_H

#include "base/error_kinds.h"

struct ctx;

/* One thing that is wrong with the input. */
struct error_detail {
	const char		*field;		/* body.email, query.limit */
	const char		*code;		/* missing, too_short, ... */
	const char		*message;
	struct error_detail	*next;
};

/*
 * Abandons the running coroutine and answers with the kind's status, in the
 * envelope that middleware/error_handler.c writes: the seed's
 * `raise HTTPException`. Everything handed to defer() is released, an open
 * transaction is rolled back. Must not be called in a defer or in a callback
 * of a foreign library.
 */
void	raise_error(struct ctx *, const struct error_kind *, const char *, ...)
	    __attribute__((noreturn, format(printf, 3, 4)));

/* A header for the answer of the error about to be raised. */
void	error_header(struct ctx *, const char *name, const char *value);

/*
 * Notes one bad field; raise_validation() then answers 422 with all of them.
 * code is a constant; field and message are copied. After the hundredth, more
 * are left out.
 */
void	error_detail(struct ctx *, const char *field, const char *code,
	    const char *message, ...) __attribute__((format(printf, 4, 5)));

/* Raises ERR_VALIDATION if error_detail() was called, else returns. */
void	raise_validation(struct ctx *);

/* Both at once, for one bad field after which nothing more can be checked. */
void	raise_invalid(struct ctx *, const char *field, const char *code,
	    const char *message, ...)
	    __attribute__((noreturn, format(printf, 4, 5)));

#endif
