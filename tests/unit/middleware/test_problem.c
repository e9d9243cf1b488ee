/* SPDX-License-Identifier: ISC */
/* Errors as problems (RFC 9457): for whom, of what, and without memory. */

/* sources: src/base/log_write.c */
/* sources: src/middleware/error_handler.c src/middleware/problem.c */
/* sources: src/base/arena.c src/base/mem.c src/base/error_kinds.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/wire/wire_head.c src/wire/wire_target.c */
/* defines: -DFAULTS */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/respond.h"
#include "middleware/middleware.h"
#include "middleware/problem.h"
#include "request/endpoint.h"
#include "utils/accept.h"

#define ID	"one"
#define ID_32	"0123456789abcdef0123456789abcdef"
#define ID_64	ID_32 ID_32
#define JSON	"application/json"
#define BUSY	"The server is busy"

/* http/respond.c's. */
const char *
public_path(void)
{
	return ("/before");
}

static struct header		page_headers[] = {
	{ "content-type", "text/html", &page_headers[1] },
	{ "x-page", "yes", NULL },
};
static struct header		page_problem = {
	"content-type", PROBLEM_TYPE, &page_headers[1]
};

static void
write_page(struct text *t, struct ctx *c)
{
	(void)c;
	text_puts(t, "<p>");
}

static const struct error_page	shape = {
	.headers = page_headers, .problem_headers = &page_problem,
	.write = write_page, .busy = "<p>busy",
};
static const struct error_page	old_shape = {
	.headers = page_headers, .write = write_page, .busy = "<p>busy",
};
static const struct endpoint	plain = { .name = "plain" };
static const struct endpoint	oauth = { .name = "oauth", .errors = OAUTH };
static const struct endpoint	page = { .error_page = &shape };
static const struct endpoint	old_page = { .error_page = &old_shape };
static const struct error_kind	own = { 400, "invalid_grant", "" };

static struct wire_request	sent;
static struct ctx		request;
static char			body[4096];

static int
setup(void **state)
{
	(void)state;
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	memset(&request, 0, sizeof(request));
	memset(&sent, 0, sizeof(sent));
	sent.head.method = "GET";
	sent.head.path = "/a";
	sent.head.nlines = 1;
	sent.head.lines[0] = (struct head_line){ "Accept", PROBLEM_TYPE };
	request.sent = &sent;
	strcpy(request.request_id, ID);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&request.arena, false);
	faults_select(NULL);
	return (0);
}

static void
respond(const struct endpoint *e, const struct error_kind *kind)
{
	request.endpoint = e;
	request.path = sent.head.path;
	request.error.kind = kind;
	strcpy(request.error.message, "say \"no\"");
	error_handler_respond(&request, "");
	snprintf(body, sizeof(body), "%.*s", (int)request.response.len,
	    request.response.body);
}

static const char *
header(const char *name)
{
	const struct header	*h;

	for (h = request.response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, name) == 0)
			return (h->value);
	}
	return (NULL);
}

static void
check_body(const char *title, int status, const char *detail,
    const char *instance, const char *code, const char *errors)
{
	char	 expected[1024];

	snprintf(expected, sizeof(expected), "{\"type\":\"about:blank\","
	    "\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
	    "\"instance\":\"%s\",\"code\":\"%s\",\"errors\":%s}", title, status,
	    detail, instance, code, errors);
	assert_string_equal(body, expected);
}

static void
test_each_shape(void **state)
{
	(void)state;
	respond(NULL, &ERR_NOT_FOUND);
	check_body("Not Found", 404, "say \\\"no\\\"", "/a#" ID, "NOT_FOUND",
	    "null");
	assert_string_equal(header("content-type"), PROBLEM_TYPE);
	request.error.headers = NULL;
	respond(&oauth, &ERR_UNSUPPORTED_MEDIA_TYPE);
	check_body("Bad Request", 400, "say 'no'", "/a#" ID,
	    "invalid_request", "null");
	request.error.headers = NULL;
	respond(&oauth, &own);
	check_body("Bad Request", 400, "say 'no'", "/a#" ID, "invalid_grant",
	    "null");
	assert_null(header("x-page"));
	request.error.headers = NULL;
	respond(&page, &ERR_CONFLICT);
	check_body("Conflict", 409, "say \\\"no\\\"", "/a#" ID, "CONFLICT",
	    "null");
	assert_string_equal(header("content-type"), PROBLEM_TYPE);
	assert_string_equal(header("x-page"), "yes");
	request.error.headers = NULL;
	respond(&old_page, &ERR_CONFLICT);
	assert_string_equal(header("content-type"), PROBLEM_TYPE);
	assert_null(header("x-page"));
	request.error.headers = NULL;
	respond(&plain, &ERR_INTERNAL);
	check_body("Internal Server Error", 500, "Internal server error",
	    "/a#" ID, "INTERNAL_ERROR", "null");
}

static void
test_details(void **state)
{
	struct error_detail	 second = { .field = "query.b",
				    .code = "missing", .message = "b" };
	struct error_detail	 first = { .field = "body.a",
				    .code = "too_long", .message = "a",
				    .next = &second };

	(void)state;
	request.error.details = &first;
	respond(&plain, &ERR_VALIDATION);
	check_body("Unprocessable Content", 422, "say \\\"no\\\"", "/a#" ID,
	    "VALIDATION_ERROR", "[{\"field\":\"body.a\",\"message\":\"a\","
	    "\"code\":\"too_long\"},{\"field\":\"query.b\",\"message\":\"b\","
	    "\"code\":\"missing\"}]");
	request.error.headers = NULL;
	respond(&oauth, &ERR_VALIDATION);
	check_body("Bad Request", 400, "body.a: a; query.b: b", "/a#" ID,
	    "invalid_request", "null");
	request.error.headers = NULL;
	respond(&plain, &ERR_CONFLICT);
	check_body("Conflict", 409, "say \\\"no\\\"", "/a#" ID, "CONFLICT",
	    "null");
}

/* All lines count, whatever the case of the name, and nothing but them. */
static void
test_who_wants_one(void **state)
{
	struct head	*h = &sent.head;

	(void)state;
	assert_false(problem_is_wanted(NULL));
	assert_true(problem_is_wanted(h));
	h->lines[1] = (struct head_line){ "ACCEPT", JSON };
	h->lines[0].value = PROBLEM_TYPE ";q=0.5";
	assert_true(problem_is_wanted(h));
	h->nlines = 2;
	assert_false(problem_is_wanted(h));
	h->lines[0] = (struct head_line){ "Content-Type", PROBLEM_TYPE };
	assert_false(problem_is_wanted(h));
	h->lines[1] = (struct head_line){ "accept", PROBLEM_TYPE };
	assert_true(problem_is_wanted(h));
	h->nlines = 0;
	assert_false(problem_is_wanted(h));
	respond(&plain, &ERR_NOT_FOUND);
	assert_string_equal(header("content-type"), JSON);
	assert_memory_equal(body, "{\"error\":", 9);
}

/* Every kind's title is its own, and fits, as do the codes. */
static void
test_titles(void **state)
{
	const struct error_kind	*const	*k;

	(void)state;
	for (k = error_kinds; *k != NULL; k++) {
		if (strcmp(problem_title((*k)->status), "Error") == 0)
			fail_msg("%d has no title", (*k)->status);
		assert_in_range(strlen((*k)->code), 1, PROBLEM_CODE_MAX);
	}
	assert_string_equal(problem_title(413), "Content Too Large");
	assert_string_equal(problem_title(507), "Insufficient Storage");
	assert_string_equal(problem_title(499), "Error");
}

static void
test_instances(void **state)
{
	static const struct {
		const char	*before, *path, *expected;
	} rows[] = {
		{ "", "/", "/#" ID },
		{ "", "/api/v1/users", "/api/v1/users#" ID },
		{ "/b", "/api", "/b/api#" ID },
		{ "", "/-._~!$&'()*+,;=:@%2F", "/-._~!$&'()*+,;=:@%2F#" ID },
		{ "", "/\"<>[\\]^`{|}",
		    "/%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D#" ID },
		{ "", "//host.test/a", "/.//host.test/a#" ID },
		{ "/b", "//host.test/a", "/b//host.test/a#" ID },
		{ "", "*", "*#" ID }, { "/b", "*", "*#" ID },
		{ "/b", "", "#" ID },
	};
	struct text	 t;
	char		 buffer[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t = text_in(buffer, sizeof(buffer));
		problem_instance(&t, rows[i].before, rows[i].path, ID);
		assert_string_equal(buffer, rows[i].expected);
	}
}

static void
test_the_longest_path(void **state)
{
	static const char	 end[] = "%22%22#" ID "\",\"code\":"
				    "\"NOT_FOUND\",\"errors\":null}";
	static char		 path[HEAD_TARGET_MAX + 1];

	(void)state;
	memset(path, '"', HEAD_TARGET_MAX);
	path[0] = '/';
	sent.head.path = path;
	respond(&plain, &ERR_NOT_FOUND);
	assert_int_equal(request.response.status, 404);
	assert_int_equal(request.response.len, 3 * (HEAD_TARGET_MAX - 1) +
	    strlen("{'type':'about:blank','title':'Not Found','status':404,"
	    "'detail':'say .'no.'','instance':'/#one','code':'NOT_FOUND',"
	    "'errors':null}"));
	assert_memory_equal(request.response.body + request.response.len -
	    strlen(end), end, strlen(end));
}

static void
test_without_memory(void **state)
{
	static const struct endpoint *const	 all[] = {
		&plain, &oauth, &page
	};
	size_t					 i;

	for (i = 0; i < 3; i++) {
		setup(state);
		faults_parse(&request.faults, "alloc=1");
		faults_select(&request.faults);
		respond(all[i], &ERR_CONFLICT);
		assert_int_equal(request.response.status, 503);
		check_body("Service Unavailable", 503, BUSY, "/a#" ID, i == 1 ?
		    "temporarily_unavailable" : "SERVICE_UNAVAILABLE",
		    "null");
		assert_string_equal(header("content-type"), PROBLEM_TYPE);
		assert_string_equal(header("retry-after"), "1");
		assert_int_equal(header("x-page") != NULL, i == 2);
		teardown(state);
	}
}

static void
path_of(size_t len)
{
	static char	 path[1024];

	memset(path, 'a', len);
	path[0] = '/';
	path[len] = '\0';
	sent.head.path = path;
	len = error_handler_busy(body, &plain, "", &sent.head, ID_64);
	assert_int_equal(len, strlen(body));
}

/* A path of up to 190 bytes fits beside the longest id. */
static void
test_a_long_path_is_left_out(void **state)
{
	char	 instance[512];

	(void)state;
	path_of(190);
	snprintf(instance, sizeof(instance), "%s#" ID_64, sent.head.path);
	check_body("Service Unavailable", 503, BUSY, instance,
	    "SERVICE_UNAVAILABLE", "null");
	path_of(191);
	check_body("Service Unavailable", 503, BUSY, "#" ID_64,
	    "SERVICE_UNAVAILABLE", "null");
	path_of(1000);
	check_body("Service Unavailable", 503, BUSY, "#" ID_64,
	    "SERVICE_UNAVAILABLE", "null");
}

static void
refuse(const struct head *h, bool is_admin, const char *message)
{
	static struct refusal	 r;

	r = (struct refusal){ .kind = &ERR_HEADERS_TOO_LARGE, .head = h,
	    .message = message, .request_id = ID_64, .is_admin = is_admin };
	error_handler_refuse(&r);
	assert_true(r.len < sizeof(r.body));
	snprintf(body, sizeof(body), "%.*s", (int)r.len, r.body);
	assert_int_equal(strcmp(r.type, PROBLEM_TYPE) == 0, *body == '{' &&
	    body[2] == 't');
	if (h != NULL)
		assert_string_equal(r.vary, "Accept");
	else
		assert_null(r.vary);
}

#define ENVELOPE_OF(message)						\
	"{\"error\":{\"code\":\"REQUEST_HEADER_FIELDS_TOO_LARGE\","	\
	"\"message\":\"" message "\",\"details\":null,"			\
	"\"request_id\":\"" ID_64 "\"}}"

static void
test_refusals(void **state)
{
	static const char	 title[] = "Request Header Fields Too Large",
				 code[] = "REQUEST_HEADER_FIELDS_TOO_LARGE";
	char			 longest[192], longer[ENVELOPE_MAX];

	(void)state;
	refuse(NULL, false, "No");
	assert_string_equal(body, ENVELOPE_OF("No"));
	refuse(&sent.head, false, "No");
	check_body(title, 431, "No", "/before/a#" ID_64, code, "null");
	refuse(&sent.head, true, "No");
	check_body(title, 431, "No", "/a#" ID_64, code, "null");

	/* The longest instance, and a message as no other is. */
	path_of(190);
	memset(longest, 'm', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refuse(&sent.head, true, longest);
	assert_non_null(strstr(body, longest));
	memset(longer, 'm', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	refuse(&sent.head, true, longer);
	assert_non_null(strstr(body, "\"detail\":\"Request Header Fields Too "
	    "Large\",\"instance\":\"/aaa"));
	assert_non_null(strstr(body, ",\"errors\":null}"));

	sent.head.nlines = 0;
	refuse(&sent.head, false, "No");
	assert_string_equal(body, ENVELOPE_OF("No"));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_each_shape),
		TEST(test_details),
		TEST(test_who_wants_one),
		TEST(test_titles),
		TEST(test_instances),
		TEST(test_the_longest_path),
		TEST(test_without_memory),
		TEST(test_a_long_path_is_left_out),
		TEST(test_refusals),
	};

	return (cmocka_run_group_tests_name("problem", tests, NULL, NULL));
}
