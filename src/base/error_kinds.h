/* SPDX-License-Identifier: ISC */
/* The kinds of error: HTTP status, and code in the envelope. */

#ifndef BASE_ERROR_KINDS_H
#define BASE_ERROR_KINDS_H

/* A kind of error: its HTTP status, and its code in the envelope. */
struct error_kind {
	int		 status;
	const char	*code;
	const char	*doc;		/* for the OpenAPI description */
};

/* The errors of a route row or a dependency: RAISES(&ERR_NOT_FOUND, ...). */
#define RAISES(...)							\
	(const struct error_kind *const[]){ __VA_ARGS__, NULL }

extern const struct error_kind	ERR_BAD_REQUEST, ERR_INVALID_JSON,
				ERR_INVALID_CURSOR, ERR_INVALID_TOKEN,
				ERR_UNAUTHORIZED, ERR_FORBIDDEN,
				ERR_REGISTRATION_CLOSED,
				ERR_CONFIRMATION_REQUIRED,
				ERR_NOT_FOUND, ERR_METHOD_NOT_ALLOWED,
				ERR_NOT_ACCEPTABLE,
				ERR_REQUEST_TIMEOUT, ERR_CONFLICT,
				ERR_IN_PROGRESS,
				ERR_PRECONDITION_FAILED,
				ERR_PRECONDITION_REQUIRED,
				ERR_CONTENT_TOO_LARGE, ERR_URI_TOO_LONG,
				ERR_UNSUPPORTED_MEDIA_TYPE,
				ERR_EXPECTATION_FAILED,
				ERR_MISDIRECTED_REQUEST, ERR_VALIDATION,
				ERR_TOO_MANY_REQUESTS, ERR_HEADERS_TOO_LARGE,
				ERR_INTERNAL, ERR_NOT_IMPLEMENTED,
				ERR_UNAVAILABLE, ERR_HTTP_VERSION;

/* For jobs only: another attempt would fail as well (jobs.h). */
extern const struct error_kind	ERR_PERMANENT;

/* All kinds that a response can have, by status; ends with NULL. */
extern const struct error_kind	*const error_kinds[];

/* The largest body of an error without details, of any shape, in bytes. */
#define ENVELOPE_MAX	640

#endif
