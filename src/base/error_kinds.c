/* SPDX-License-Identifier: ISC */
/* The kinds of error: HTTP status, and code in the envelope. */

#include <stddef.h>

#include "base/error_kinds.h"

const struct error_kind	ERR_BAD_REQUEST = {
	400, "BAD_REQUEST",
	"The request is malformed."
};
const struct error_kind	ERR_INVALID_JSON = {
	400, "INVALID_JSON",
	"The body is not valid JSON."
};
const struct error_kind	ERR_INVALID_CURSOR = {
	400, "INVALID_CURSOR",
	"The cursor does not belong to this list."
};
const struct error_kind	ERR_INVALID_TOKEN = {
	400, "INVALID_TOKEN",
	"The token is used, expired or not valid."
};
const struct error_kind	ERR_UNAUTHORIZED = {
	401, "UNAUTHORIZED",
	"The access token is missing, expired or revoked."
};
const struct error_kind	ERR_FORBIDDEN = {
	403, "FORBIDDEN",
	"The user is not allowed to do this."
};
const struct error_kind	ERR_REGISTRATION_CLOSED = {
	403, "REGISTRATION_CLOSED",
	"Only admins can create users here."
};
const struct error_kind	ERR_CONFIRMATION_REQUIRED = {
	403, "CONFIRMATION_REQUIRED",
	"The session is not confirmed: confirm it with the current password."
};
const struct error_kind	ERR_NOT_FOUND = {
	404, "NOT_FOUND",
	"The resource does not exist."
};
const struct error_kind	ERR_METHOD_NOT_ALLOWED = {
	405, "METHOD_NOT_ALLOWED",
	"The path does not have this method."
};
const struct error_kind	ERR_NOT_ACCEPTABLE = {
	406, "NOT_ACCEPTABLE",
	"No representation is acceptable to the client."
};
const struct error_kind	ERR_REQUEST_TIMEOUT = {
	408, "REQUEST_TIMEOUT",
	"The request took too long to arrive."
};
const struct error_kind	ERR_CONFLICT = {
	409, "CONFLICT",
	"The request conflicts with stored data."
};
const struct error_kind	ERR_IN_PROGRESS = {
	409, "CONFLICT",
	"A request with the same Idempotency-Key is being handled."
};
const struct error_kind	ERR_PRECONDITION_FAILED = {
	412, "PRECONDITION_FAILED",
	"The condition of If-Match or If-None-Match is false."
};
const struct error_kind	ERR_CONTENT_TOO_LARGE = {
	413, "CONTENT_TOO_LARGE",
	"The body is too large."
};
const struct error_kind	ERR_URI_TOO_LONG = {
	414, "URI_TOO_LONG",
	"The request target is too long."
};
const struct error_kind	ERR_UNSUPPORTED_MEDIA_TYPE = {
	415, "UNSUPPORTED_MEDIA_TYPE",
	"The media type of the body is not supported."
};
const struct error_kind	ERR_EXPECTATION_FAILED = {
	417, "EXPECTATION_FAILED",
	"The expectation is not supported."
};
const struct error_kind	ERR_MISDIRECTED_REQUEST = {
	421, "MISDIRECTED_REQUEST",
	"The request is for another host."
};
const struct error_kind	ERR_VALIDATION = {
	422, "VALIDATION_ERROR",
	"Some values are not valid; details lists them."
};
const struct error_kind	ERR_PRECONDITION_REQUIRED = {
	428, "PRECONDITION_REQUIRED",
	"If-Match is missing: send it with the ETag of what you have read."
};
const struct error_kind	ERR_TOO_MANY_REQUESTS = {
	429, "TOO_MANY_REQUESTS",
	"Too many requests; Retry-After says when to try again."
};
const struct error_kind	ERR_HEADERS_TOO_LARGE = {
	431, "REQUEST_HEADER_FIELDS_TOO_LARGE",
	"The header fields are too large."
};
const struct error_kind	ERR_INTERNAL = {
	500, "INTERNAL_ERROR",
	"Internal server error; find it in the log by its request id."
};
const struct error_kind	ERR_NOT_IMPLEMENTED = {
	501, "NOT_IMPLEMENTED",
	"The method or transfer coding is not supported."
};
const struct error_kind	ERR_UNAVAILABLE = {
	503, "SERVICE_UNAVAILABLE",
	"The server is busy, or the database is unavailable."
};
const struct error_kind	ERR_HTTP_VERSION = {
	505, "HTTP_VERSION_NOT_SUPPORTED",
	"The HTTP version is not supported."
};
const struct error_kind	ERR_PERMANENT = {
	500, "PERMANENT_FAILURE",
	"The job failed; another attempt would fail, too."
};

const struct error_kind	*const error_kinds[] = {
	&ERR_BAD_REQUEST, &ERR_INVALID_JSON, &ERR_INVALID_CURSOR,
	&ERR_INVALID_TOKEN, &ERR_UNAUTHORIZED, &ERR_FORBIDDEN,
	&ERR_CONFIRMATION_REQUIRED, &ERR_REGISTRATION_CLOSED, &ERR_NOT_FOUND,
	&ERR_METHOD_NOT_ALLOWED, &ERR_NOT_ACCEPTABLE,
	&ERR_REQUEST_TIMEOUT, &ERR_CONFLICT, &ERR_IN_PROGRESS,
	&ERR_PRECONDITION_FAILED, &ERR_CONTENT_TOO_LARGE, &ERR_URI_TOO_LONG,
	&ERR_UNSUPPORTED_MEDIA_TYPE, &ERR_EXPECTATION_FAILED,
	&ERR_MISDIRECTED_REQUEST, &ERR_VALIDATION,
	&ERR_PRECONDITION_REQUIRED, &ERR_TOO_MANY_REQUESTS,
	&ERR_HEADERS_TOO_LARGE, &ERR_INTERNAL, &ERR_NOT_IMPLEMENTED,
	&ERR_UNAVAILABLE, &ERR_HTTP_VERSION,
	NULL
};
