/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* The kinds of error: HTTP's status and the code in the envelope. */

#include "runtime/errors.h"

const struct error_kind	ERR_BAD_REQUEST = { 400, "BAD_REQUEST" };
const struct error_kind	ERR_INVALID_JSON = { 400, "INVALID_JSON" };
const struct error_kind	ERR_INVALID_CURSOR = { 400, "INVALID_CURSOR" };
const struct error_kind	ERR_UNAUTHORIZED = { 401, "UNAUTHORIZED" };
const struct error_kind	ERR_FORBIDDEN = { 403, "FORBIDDEN" };
const struct error_kind	ERR_NOT_FOUND = { 404, "NOT_FOUND" };
const struct error_kind	ERR_METHOD_NOT_ALLOWED = { 405, "METHOD_NOT_ALLOWED" };
const struct error_kind	ERR_REQUEST_TIMEOUT = { 408, "REQUEST_TIMEOUT" };
const struct error_kind	ERR_CONFLICT = { 409, "CONFLICT" };
const struct error_kind	ERR_PRECONDITION_FAILED = {
	412, "PRECONDITION_FAILED"
};
const struct error_kind	ERR_CONTENT_TOO_LARGE = { 413, "CONTENT_TOO_LARGE" };
const struct error_kind	ERR_URI_TOO_LONG = { 414, "URI_TOO_LONG" };
const struct error_kind	ERR_UNSUPPORTED_MEDIA_TYPE = {
	415, "UNSUPPORTED_MEDIA_TYPE"
};
const struct error_kind	ERR_EXPECTATION_FAILED = { 417, "EXPECTATION_FAILED" };
const struct error_kind	ERR_MISDIRECTED_REQUEST = {
	421, "MISDIRECTED_REQUEST"
};
const struct error_kind	ERR_VALIDATION = { 422, "VALIDATION_ERROR" };
const struct error_kind	ERR_TOO_MANY_REQUESTS = { 429, "TOO_MANY_REQUESTS" };
const struct error_kind	ERR_HEADERS_TOO_LARGE = {
	431, "REQUEST_HEADER_FIELDS_TOO_LARGE"
};
const struct error_kind	ERR_INTERNAL = { 500, "INTERNAL_ERROR" };
const struct error_kind	ERR_NOT_IMPLEMENTED = { 501, "NOT_IMPLEMENTED" };
const struct error_kind	ERR_UNAVAILABLE = { 503, "SERVICE_UNAVAILABLE" };
const struct error_kind	ERR_HTTP_VERSION = {
	505, "HTTP_VERSION_NOT_SUPPORTED"
};
