/* SPDX-License-Identifier: ISC */
/* Every kind of error in each shape, and what the log says of it. */

/* sources: src/base/log_write.c */
/* sources: src/middleware/error_handler.c src/base/arena.c src/base/mem.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c src/middleware/problem.c */
/* sources: src/wire/wire_head.c src/wire/wire_target.c */
/* defines: -DFAULTS */

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/respond.h"
#include "middleware/middleware.h"
#include "request/endpoint.h"

#define MESSAGE	"say \"no\""
#define ID	"one"

/* http/respond.c's; not asked for an envelope. */
const char *
public_path(void)
{
	return ("/before");
}

static const struct endpoint	plain = { .name = "plain" };
static const struct endpoint	oauth = { .name = "oauth", .errors = OAUTH };

/* What the endpoint of a page hands down. */
static struct header		page_headers[] = {
	{ "content-type", "text/html", &page_headers[1] },
	{ "x-page", "yes", NULL },
};

static void
write_page(struct text *t, struct ctx *c)
{
	text_printf(t, "<p>%d", c->error.kind->status);
}

static const struct error_page	shape = {
	.headers = page_headers, .write = write_page, .busy = "<p>busy",
};
static const struct endpoint	page = {
	.name = "page", .error_page = &shape,
};
static const struct error_kind	own = { 400, "invalid_grant", "" };

static struct ctx		request;
static char			body[2048], line[2048];

/* What is logged goes into `line`. */
static void
respond(const struct endpoint *e, const struct error_kind *kind)
{
	int	 file = memfd_create("log", 0), before = dup(STDOUT_FILENO);
	ssize_t	 n;

	assert_true(file != -1 && before != -1);
	request.endpoint = e;
	request.error.kind = kind;
	strcpy(request.error.message, MESSAGE);
	strcpy(request.request_id, ID);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	error_handler_respond(&request, "");
	dup2(before, STDOUT_FILENO);
	n = pread(file, line, sizeof(line) - 1, 0);
	close(file);
	close(before);
	assert_true(n >= 0);
	line[n] = '\0';
	snprintf(body, sizeof(body), "%.*s", (int)request.response.len,
	    request.response.body);
}

static const char *
header(const char *name)
{
	const struct header	*h;
	const char		*found = NULL;

	for (h = request.response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, name) == 0) {
			assert_null(found);
			found = h->value;
		}
	}
	return (found);
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&request.arena, false);
	memset(&request, 0, sizeof(request));
	faults_select(NULL);
	return (0);
}

#define INTERNAL	"Internal server error"

static const struct {
	const struct error_kind	*kind;
	int			 status;
	const char		*code;
	int			 oauth_status;
	const char		*oauth_code;
} kinds[] = {
	{ &ERR_BAD_REQUEST, 400, "BAD_REQUEST", 400, "invalid_request" },
	{ &ERR_INVALID_JSON, 400, "INVALID_JSON", 400, "invalid_request" },
	{ &ERR_INVALID_CURSOR, 400, "INVALID_CURSOR", 400, "invalid_request" },
	{ &ERR_UNAUTHORIZED, 401, "UNAUTHORIZED", 400, "invalid_request" },
	{ &ERR_FORBIDDEN, 403, "FORBIDDEN", 400, "invalid_request" },
	{ &ERR_NOT_FOUND, 404, "NOT_FOUND", 400, "invalid_request" },
	{ &ERR_METHOD_NOT_ALLOWED, 405, "METHOD_NOT_ALLOWED", 400,
	    "invalid_request" },
	{ &ERR_NOT_ACCEPTABLE, 406, "NOT_ACCEPTABLE", 400, "invalid_request" },
	{ &ERR_CONFLICT, 409, "CONFLICT", 400, "invalid_request" },
	{ &ERR_PRECONDITION_FAILED, 412, "PRECONDITION_FAILED", 400,
	    "invalid_request" },
	{ &ERR_UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE", 400,
	    "invalid_request" },
	{ &ERR_VALIDATION, 422, "VALIDATION_ERROR", 400, "invalid_request" },
	{ &ERR_TOO_MANY_REQUESTS, 429, "TOO_MANY_REQUESTS", 429,
	    "temporarily_unavailable" },
	{ &ERR_INTERNAL, 500, "INTERNAL_ERROR", 500, "server_error" },
	{ &ERR_NOT_IMPLEMENTED, 501, "NOT_IMPLEMENTED", 501, "server_error" },
	{ &ERR_UNAVAILABLE, 503, "SERVICE_UNAVAILABLE", 503,
	    "temporarily_unavailable" },
	{ &own, 400, "invalid_grant", 400, "invalid_grant" },
};

#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void
assert_body(const char *start, const char *code, const char *middle,
    const char *message, const char *end)
{
	char	 expected[512];

	snprintf(expected, sizeof(expected), "%s\"%s\",%s\"%s\"%s", start,
	    code, middle, message, end);
	assert_string_equal(body, expected);
}

/* An error is logged once: a 500 as an error, a 503 as a warning. */
static void
assert_logged(int status)
{
	if (status != 500 && status != 503) {
		assert_string_equal(line, "");
		return;
	}
	assert_non_null(strstr(line, status == 500 ? "\"level\":\"error\","
	    "\"event\":\"error\",\"request_id\":\"" ID "\"," :
	    "\"level\":\"warning\",\"event\":\"unavailable\","
	    "\"request_id\":\"" ID "\","));
	assert_non_null(strstr(line, "\"message\":\"say \\\"no\\\"\"}\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
assert_headers(int status)
{
	const char	*retry = header("retry-after");

	assert_string_equal(header("content-type"), "application/json");
	assert_false(request.response.is_static);
	if (status == 503)
		assert_string_equal(retry, "1");
	else
		assert_null(retry);
}

static void
test_every_kind_in_the_envelope(void **state)
{
	size_t	 i, e;

	for (i = 0; i < NKINDS; i++) {
		for (e = 0; e < 2; e++) {
			respond(e == 0 ? &plain : NULL, kinds[i].kind);
			assert_int_equal(request.response.status,
			    kinds[i].status);
			assert_body("{\"error\":{\"code\":", kinds[i].code,
			    "\"message\":", kinds[i].status == 500 ?
			    INTERNAL : "say \\\"no\\\"", ",\"details\":null,"
			    "\"request_id\":\"" ID "\"}}");
			assert_logged(kinds[i].status);
			assert_headers(kinds[i].status);
			teardown(state);
		}
	}
}

static void
test_every_kind_in_the_shape_of_oauth(void **state)
{
	size_t	 i;

	for (i = 0; i < NKINDS; i++) {
		respond(&oauth, kinds[i].kind);
		assert_int_equal(request.response.status,
		    kinds[i].oauth_status);
		assert_body("{\"error\":", kinds[i].oauth_code,
		    "\"error_description\":", kinds[i].status == 500 ?
		    INTERNAL : "say 'no'", "}");
		assert_logged(kinds[i].status);
		assert_headers(kinds[i].status);
		teardown(state);
	}
}

/* A page has its own headers, after the error's. */
static void
test_every_kind_as_a_page(void **state)
{
	struct header	 allow;
	char		 expected[16];
	size_t		 i;

	for (i = 0; i < NKINDS; i++) {
		allow = (struct header){ "allow", "GET", NULL };
		request.error.headers = &allow;
		respond(&page, kinds[i].kind);
		assert_int_equal(request.response.status, kinds[i].status);
		snprintf(expected, sizeof(expected), "<p>%d",
		    kinds[i].status);
		assert_string_equal(body, expected);
		assert_logged(kinds[i].status);
		assert_string_equal(header("content-type"), "text/html");
		assert_string_equal(header("x-page"), "yes");
		assert_string_equal(header("allow"), "GET");
		assert_int_equal(header("retry-after") != NULL,
		    kinds[i].status == 503);
		teardown(state);
	}
	assert_ptr_equal(error_handler_headers(&page, NULL), page_headers);
	assert_null(page_headers[1].next);
	assert_string_equal(error_handler_headers(NULL, NULL)->value,
	    "application/json");
	assert_null(error_handler_headers(&plain, NULL)->next);
}

/* Only a 422 shows details, in their order. */
static void
test_details(void **state)
{
	struct error_detail	 second = { .field = "query.b",
				    .code = "missing", .message = "b" };
	struct error_detail	 first = { .field = "body.a",
				    .code = "too_long", .message = "a",
				    .next = &second };

	request.error.details = &first;
	respond(&plain, &ERR_VALIDATION);
	assert_non_null(strstr(body, "\"details\":[{\"field\":\"body.a\","
	    "\"message\":\"a\",\"code\":\"too_long\"},{\"field\":\"query.b\","
	    "\"message\":\"b\",\"code\":\"missing\"}],"));
	teardown(state);
	request.error.details = &first;
	respond(&plain, &ERR_CONFLICT);
	assert_non_null(strstr(body, "\"details\":null,"));
}

/* OAuth's shape has them in its description, in characters of RFC 6749, 5.2. */
static void
test_details_in_the_shape_of_oauth(void **state)
{
	struct error_detail	 second = { .code = "unknown_field",
				    .field = "body.\x01 \\\"~\x7f\xc3\xa9",
				    .message = "b" };
	struct error_detail	 first = { .field = "body.a",
				    .code = "too_long", .message = "a",
				    .next = &second };

	request.error.details = &first;
	respond(&oauth, &ERR_VALIDATION);
	assert_string_equal(body, "{\"error\":\"invalid_request\","
	    "\"error_description\":\"body.a: a; body.? ?'~???: b\"}");
	teardown(state);
	request.error.details = &first;
	respond(&oauth, &ERR_CONFLICT);
	assert_non_null(strstr(body, "\"error_description\":\"say 'no'\""));
}

/* As many details as fit, each of them whole. */
static void
test_many_details_in_the_shape_of_oauth(void **state)
{
	struct error_detail	 details[100];
	char			 field[106] = "body.";
	size_t			 i;

	(void)state;
	memset(field + 5, 'x', 100);
	for (i = 0; i < 100; i++)
		details[i] = (struct error_detail){ .field = field,
		    .code = "unknown_field", .message = "Is none",
		    .next = i < 99 ? &details[i + 1] : NULL };
	request.error.details = details;
	respond(&oauth, &ERR_VALIDATION);
	for (i = 0; i < 8; i++)
		assert_memory_equal(body + 48 + i * 116, field, 105);
	assert_string_equal(body + 48 + 8 * 116 - 2, "\"}");
}

static void
test_headers_of_the_error(void **state)
{
	struct header	 allow = { "allow", "GET", NULL };
	struct header	 stale = { "link", "<x>", NULL };

	(void)state;
	request.error.headers = &allow;
	request.response.headers = &stale;
	request.response.is_static = true;
	respond(&plain, &ERR_UNAVAILABLE);
	assert_string_equal(header("allow"), "GET");
	assert_string_equal(header("retry-after"), "1");
	assert_null(header("link"));
	assert_false(request.response.is_static);
}

/* A 503 that needs no memory replaces the error and its headers. */
static void
test_without_memory(void **state)
{
	struct header	 allow = { "allow", "GET", NULL };
	size_t		 i;

	for (i = 0; i < 2; i++) {
		faults_parse(&request.faults, "alloc=1");
		faults_select(&request.faults);
		request.error.headers = &allow;
		respond(i == 0 ? &plain : &oauth, &ERR_METHOD_NOT_ALLOWED);
		assert_int_equal(request.response.status, 503);
		assert_string_equal(body, i == 0 ? "{\"error\":{\"code\":"
		    "\"SERVICE_UNAVAILABLE\",\"message\":\"The server is "
		    "busy\",\"details\":null,\"request_id\":\"" ID "\"}}" :
		    "{\"error\":\"temporarily_unavailable\","
		    "\"error_description\":\"The server is busy\"}");
		assert_null(header("allow"));
		assert_headers(503);
		teardown(state);
	}
}

static void
test_a_page_without_memory(void **state)
{
	char	 small[ENVELOPE_MAX];

	(void)state;
	faults_parse(&request.faults, "alloc=1");
	faults_select(&request.faults);
	respond(&page, &ERR_CONFLICT);
	assert_int_equal(request.response.status, 503);
	assert_string_equal(body, "<p>busy");
	assert_string_equal(header("content-type"), "text/html");
	assert_string_equal(header("x-page"), "yes");
	assert_string_equal(header("retry-after"), "1");
	assert_int_equal(error_handler_busy(small, &page, "", NULL,
	    ID), 7);
	assert_string_equal(small, "<p>busy");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_every_kind_in_the_envelope),
		TEST(test_every_kind_in_the_shape_of_oauth),
		TEST(test_every_kind_as_a_page),
		TEST(test_details),
		TEST(test_details_in_the_shape_of_oauth),
		TEST(test_many_details_in_the_shape_of_oauth),
		TEST(test_headers_of_the_error),
		TEST(test_without_memory),
		TEST(test_a_page_without_memory),
	};

	return (cmocka_run_group_tests_name("error_handler", tests, NULL,
	    NULL));
}
