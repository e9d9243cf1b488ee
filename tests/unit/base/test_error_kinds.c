/* SPDX-License-Identifier: ISC */
/* The kinds of error: what clients get to read. */

/* sources: src/base/error_kinds.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/error_kinds.h"

/* In the order of error_kinds[]; the last one is only in the log. */
static const struct {
	const struct error_kind	*kind;
	int			 status;
	const char		*code, *doc;
} kinds[] = {
	{ &ERR_BAD_REQUEST, 400, "BAD_REQUEST",
	  "The request is malformed." },
	{ &ERR_INVALID_JSON, 400, "INVALID_JSON",
	  "The body is not valid JSON." },
	{ &ERR_INVALID_CURSOR, 400, "INVALID_CURSOR",
	  "The cursor does not belong to this list." },
	{ &ERR_INVALID_TOKEN, 400, "INVALID_TOKEN",
	    "The token is used, expired or not valid." },
	{ &ERR_UNAUTHORIZED, 401, "UNAUTHORIZED",
	  "The access token is missing, expired or revoked." },
	{ &ERR_FORBIDDEN, 403, "FORBIDDEN",
	  "The user is not allowed to do this." },
	{ &ERR_CONFIRMATION_REQUIRED, 403, "CONFIRMATION_REQUIRED",
	  "The session is not confirmed: confirm it with the current "
	  "password." },
	{ &ERR_REGISTRATION_CLOSED, 403, "REGISTRATION_CLOSED",
	  "Only admins can create users here." },
	{ &ERR_NOT_FOUND, 404, "NOT_FOUND",
	  "The resource does not exist." },
	{ &ERR_METHOD_NOT_ALLOWED, 405, "METHOD_NOT_ALLOWED",
	  "The path does not have this method." },
	{ &ERR_NOT_ACCEPTABLE, 406, "NOT_ACCEPTABLE",
	  "No representation is acceptable to the client." },
	{ &ERR_REQUEST_TIMEOUT, 408, "REQUEST_TIMEOUT",
	  "The request took too long to arrive." },
	{ &ERR_CONFLICT, 409, "CONFLICT",
	  "The request conflicts with stored data." },
	{ &ERR_IN_PROGRESS, 409, "CONFLICT",
	  "A request with the same Idempotency-Key is being handled." },
	{ &ERR_PRECONDITION_FAILED, 412, "PRECONDITION_FAILED",
	  "The condition of If-Match or If-None-Match is false." },
	{ &ERR_CONTENT_TOO_LARGE, 413, "CONTENT_TOO_LARGE",
	  "The body is too large." },
	{ &ERR_URI_TOO_LONG, 414, "URI_TOO_LONG",
	  "The request target is too long." },
	{ &ERR_UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE",
	  "The media type of the body is not supported." },
	{ &ERR_EXPECTATION_FAILED, 417, "EXPECTATION_FAILED",
	  "The expectation is not supported." },
	{ &ERR_MISDIRECTED_REQUEST, 421, "MISDIRECTED_REQUEST",
	  "The request is for another host." },
	{ &ERR_VALIDATION, 422, "VALIDATION_ERROR",
	  "Some values are not valid; details lists them." },
	{ &ERR_PRECONDITION_REQUIRED, 428, "PRECONDITION_REQUIRED",
	  "If-Match is missing: send it with the ETag of what you have "
	  "read." },
	{ &ERR_TOO_MANY_REQUESTS, 429, "TOO_MANY_REQUESTS",
	  "Too many requests; Retry-After says when to try again." },
	{ &ERR_HEADERS_TOO_LARGE, 431,
	  "REQUEST_HEADER_FIELDS_TOO_LARGE",
	  "The header fields are too large." },
	{ &ERR_INTERNAL, 500, "INTERNAL_ERROR",
	  "Internal server error; find it in the log by its request id." },
	{ &ERR_NOT_IMPLEMENTED, 501, "NOT_IMPLEMENTED",
	  "The method or transfer coding is not supported." },
	{ &ERR_UNAVAILABLE, 503, "SERVICE_UNAVAILABLE",
	  "The server is busy, or the database is unavailable." },
	{ &ERR_HTTP_VERSION, 505, "HTTP_VERSION_NOT_SUPPORTED",
	  "The HTTP version is not supported." },
	{ &ERR_PERMANENT, 500, "PERMANENT_FAILURE",
	  "The job failed; another attempt would fail, too." },
};

#define COUNT	(sizeof(kinds) / sizeof(kinds[0]))

static void
test_each(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		assert_int_equal(kinds[i].kind->status, kinds[i].status);
		assert_string_equal(kinds[i].kind->code, kinds[i].code);
		assert_string_equal(kinds[i].kind->doc, kinds[i].doc);
	}
}

/* The description groups them by status, so their order matters. */
static void
test_all_are_listed(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT - 1; i++) {
		assert_ptr_equal(error_kinds[i], kinds[i].kind);
		if (i > 0)
			assert_true(error_kinds[i]->status >=
			    error_kinds[i - 1]->status);
	}
	assert_null(error_kinds[i]);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_all_are_listed),
	};

	return (cmocka_run_group_tests_name("error_kinds", tests, NULL, NULL));
}
