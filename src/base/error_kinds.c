/* SPDX-License-Identifier: ISC */
/* The kinds of error: HTTP status, and code in the envelope. */

#include <stddef.h>

#include "base/error_kinds.h"

const struct error_kind	ERR_BAD_REQUEST = {
	400, "BAD_REQUEST",
	"The request cannot be understood."
};
const struct error_kind	ERR_INVALID_JSON = {
	400, "INVALID_JSON",
	"The body is not JSON."
};
const struct error_kind	ERR_INVALID_CURSOR = {
	400, "INVALID_CURSOR",
	"The cursor is not one of this list."
};
const struct error_kind	ERR_UNAUTHORIZED = {
	401, "UNAUTHORIZED",
	"The access token is missing, expired or no longer good."
};
const struct error_kind	ERR_FORBIDDEN = {
	403, "FORBIDDEN",
	"The user may not do this."
};
const struct error_kind	ERR_NOT_FOUND = {
	404, "NOT_FOUND",
	"It does not exist."
};
const struct error_kind	ERR_METHOD_NOT_ALLOWED = {
	405, "METHOD_NOT_ALLOWED",
	"The path has no such method."
};
const struct error_kind	ERR_NOT_ACCEPTABLE = {
	406, "NOT_ACCEPTABLE",
	"There is no form of it that the client accepts."
};
const struct error_kind	ERR_REQUEST_TIMEOUT = {
	408, "REQUEST_TIMEOUT",
	"The request came too slowly."
};
const struct error_kind	ERR_CONFLICT = {
	409, "CONFLICT",
	"It contradicts what is stored."
};
const struct error_kind	ERR_PRECONDITION_FAILED = {
	412, "PRECONDITION_FAILED",
	"The version is not the one that was asked for."
};
const struct error_kind	ERR_CONTENT_TOO_LARGE = {
	413, "CONTENT_TOO_LARGE",
	"The body is too large."
};
const struct error_kind	ERR_URI_TOO_LONG = {
	414, "URI_TOO_LONG",
	"The target is too long."
};
const struct error_kind	ERR_UNSUPPORTED_MEDIA_TYPE = {
	415, "UNSUPPORTED_MEDIA_TYPE",
	"The body's media type is not the one asked for."
};
const struct error_kind	ERR_EXPECTATION_FAILED = {
	417, "EXPECTATION_FAILED",
	"The expectation is unknown."
};
const struct error_kind	ERR_MISDIRECTED_REQUEST = {
	421, "MISDIRECTED_REQUEST",
	"The request is for another host."
};
const struct error_kind	ERR_VALIDATION = {
	422, "VALIDATION_ERROR",
	"Values are not valid; details names each."
};
const struct error_kind	ERR_TOO_MANY_REQUESTS = {
	429, "TOO_MANY_REQUESTS",
	"Too many requests; Retry-After says when to come back."
};
const struct error_kind	ERR_HEADERS_TOO_LARGE = {
	431, "REQUEST_HEADER_FIELDS_TOO_LARGE",
	"The head is too large."
};
const struct error_kind	ERR_INTERNAL = {
	500, "INTERNAL_ERROR",
	"A mistake of the server's; the request id finds it in the log."
};
const struct error_kind	ERR_NOT_IMPLEMENTED = {
	501, "NOT_IMPLEMENTED",
	"The method or transfer coding is unknown."
};
const struct error_kind	ERR_UNAVAILABLE = {
	503, "SERVICE_UNAVAILABLE",
	"The database, or the server's capacity, is not to be had now."
};
const struct error_kind	ERR_HTTP_VERSION = {
	505, "HTTP_VERSION_NOT_SUPPORTED",
	"The version of HTTP is not served."
};
const struct error_kind	ERR_PERMANENT = {
	500, "PERMANENT_FAILURE",
	"A job that no further attempt would finish."
};

const struct error_kind	*const error_kinds[] = {
	&ERR_BAD_REQUEST, &ERR_INVALID_JSON, &ERR_INVALID_CURSOR,
	&ERR_UNAUTHORIZED, &ERR_FORBIDDEN, &ERR_NOT_FOUND,
	&ERR_METHOD_NOT_ALLOWED, &ERR_NOT_ACCEPTABLE,
	&ERR_REQUEST_TIMEOUT, &ERR_CONFLICT,
	&ERR_PRECONDITION_FAILED, &ERR_CONTENT_TOO_LARGE, &ERR_URI_TOO_LONG,
	&ERR_UNSUPPORTED_MEDIA_TYPE, &ERR_EXPECTATION_FAILED,
	&ERR_MISDIRECTED_REQUEST, &ERR_VALIDATION, &ERR_TOO_MANY_REQUESTS,
	&ERR_HEADERS_TOO_LARGE, &ERR_INTERNAL, &ERR_NOT_IMPLEMENTED,
	&ERR_UNAVAILABLE, &ERR_HTTP_VERSION,
	NULL
};
