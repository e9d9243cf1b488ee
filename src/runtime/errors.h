/* SPDX-License-Identifier: ISC */
/* Errors: their kinds, and how a handler raises one. */

#ifndef RUNTIME_ERRORS_H
#define RUNTIME_ERRORS_H

struct ctx;

/* A kind of error: its HTTP status and the code its envelope carries. */
struct error_kind {
	int		 status;
	const char	*code;
	const char	*doc;		/* for the description */
};

/* What a row or a dependency may raise: RAISES(&ERR_NOT_FOUND, ...). */
#define RAISES(...)							\
	(const struct error_kind *const[]){ __VA_ARGS__, NULL }

/* error_kinds.c */
extern const struct error_kind	ERR_BAD_REQUEST, ERR_INVALID_JSON,
				ERR_INVALID_CURSOR,
				ERR_UNAUTHORIZED, ERR_FORBIDDEN,
				ERR_NOT_FOUND, ERR_METHOD_NOT_ALLOWED,
				ERR_NOT_ACCEPTABLE,
				ERR_REQUEST_TIMEOUT, ERR_CONFLICT,
				ERR_PRECONDITION_FAILED,
				ERR_CONTENT_TOO_LARGE, ERR_URI_TOO_LONG,
				ERR_UNSUPPORTED_MEDIA_TYPE,
				ERR_EXPECTATION_FAILED,
				ERR_MISDIRECTED_REQUEST, ERR_VALIDATION,
				ERR_TOO_MANY_REQUESTS, ERR_HEADERS_TOO_LARGE,
				ERR_INTERNAL, ERR_NOT_IMPLEMENTED,
				ERR_UNAVAILABLE, ERR_HTTP_VERSION;

/* A job's alone: no further attempt would do better (jobs.h). */
extern const struct error_kind	ERR_PERMANENT;

/* All of them, by status; ends with NULL. */
extern const struct error_kind	*const error_kinds[];

/* Bytes of an error's envelope without details, at the most. */
#define ENVELOPE_MAX	320

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

#endif
