/* SPDX-License-Identifier: ISC */
/* Which origins are allowed, and what each response then tells browsers. */

/* sources: src/middleware/cors.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c src/base/error_kinds.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "middleware/cors.h"

#define APP	"https://app.example.org"
#define DEV	"http://localhost:5173"
#define METHOD	"Access-Control-Request-Method: PATCH\r\n"
#define ALLOWED	"access-control-allow-origin: " APP "\n" \
		"access-control-allow-credentials: true\n" \
		"access-control-expose-headers: Accept-Encoding, " \
		"Accept-Patch, Allow, ETag, Idempotent-Replayed, Link, " \
		"Location, " \
		"RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, " \
		"X-Request-ID\n"
#define ASKED	"access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, " \
		"DELETE, OPTIONS\n" \
		"access-control-allow-headers: Accept, Accept-Language, " \
		"Authorization, Cache-Control, Content-Type, " \
		"Idempotency-Key, If-Match, If-None-Match, Pragma, " \
		"X-Request-ID, X-Requested-With, " \
		"baggage, sentry-trace, traceparent, tracestate\n" \
		"access-control-max-age: 600\n"
#define ASKS	"Origin, Access-Control-Request-Method, " \
		"Access-Control-Request-Headers\n"

static char	head_text[8192];

static const struct head *
head_of(const char *method, const char *lines)
{
	static struct head	 h;
	struct head_error	 error = { .kind = NULL };
	size_t			 len;

	len = (size_t)snprintf(head_text, sizeof(head_text),
	    "%s /a HTTP/1.1\r\nHost: a\r\n%s\r\n", method, lines);
	assert_true(len < sizeof(head_text));
	if (!head_parse(&h, head_text, len, &error))
		fail_msg("%s: %s", lines, error.message);
	return (&h);
}

static void
put(void *to, const char *name, const char *value)
{
	char	*text = to;

	sprintf(text + strlen(text), "%s: %s\n", name, value);
}

static const char *
headers(const struct head *h, const char *vary)
{
	static char	 text[2048];

	*text = '\0';
	cors_headers(h, vary, put, text);
	return (text);
}

static void
test_without_the_setting_there_is_nothing(void **state)
{
	const struct head	*h;

	(void)state;
	assert_null(cors_configure(NULL));
	h = head_of("OPTIONS", "Origin: " APP "\r\n" METHOD);
	assert_false(cors_is_preflight(h));
	assert_string_equal(headers(h, NULL), "");
	assert_string_equal(headers(h, ""), "");
	assert_string_equal(headers(h, "Authorization"),
	    "vary: Authorization\n");
}

/* Origins that are not allowed, or not named in the only way. */
static const char *const	others[] = {
	"", "Origin: null\r\n", "Origin: https://app.example.or\r\n",
	"Origin: " APP ".evil.test\r\n", "Origin: " APP ":8443\r\n",
	"Origin: http://app.example.org\r\n",
	"Origin: https://app.example.org/\r\n",
	"Origin: https://APP.example.org\r\n", "Origin: *\r\n",
	"Origin:\r\n", "Origin: " APP "," DEV "\r\n",
	"Origin: " APP " " DEV "\r\n",
	"Origin: " APP "\r\nOrigin: " APP "\r\n",
	"Origin: " APP "\r\norigin: " DEV "\r\n",
	"Origin: null\r\nOrigin: " APP "\r\n",
	"X-Origin: " APP "\r\nReferer: " APP "/\r\n",
};

static void
test_other_origins_get_only_vary(void **state)
{
	char	 lines[256];
	size_t	 i;

	(void)state;
	assert_null(cors_configure(DEV "," APP));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(headers(head_of("GET", others[i]), NULL),
		    "vary: Origin\n") != 0)
			fail_msg("%s", others[i]);
		snprintf(lines, sizeof(lines), "%s" METHOD, others[i]);
		assert_false(cors_is_preflight(head_of("OPTIONS", lines)));
		assert_string_equal(headers(head_of("OPTIONS", lines), NULL),
		    "vary: " ASKS);
	}
}

static void
test_an_allowed_origin(void **state)
{
	const struct head	*h;

	(void)state;
	assert_null(cors_configure(DEV "," APP));
	h = head_of("GET", "x: y\r\nOrIGIN: \t" APP " \r\n" METHOD);
	assert_false(cors_is_preflight(h));
	assert_string_equal(headers(h, NULL), ALLOWED "vary: Origin\n");
	assert_string_equal(headers(h, ""), ALLOWED "vary: Origin\n");
	assert_string_equal(headers(h, "Authorization, Accept"), ALLOWED
	    "vary: Authorization, Accept, Origin\n");
	assert_non_null(strstr(headers(head_of("POST", "Origin: " DEV "\r\n"),
	    NULL), "allow-origin: " DEV "\n"));
}

static void
test_a_preflight(void **state)
{
	const struct head	*h;

	(void)state;
	assert_null(cors_configure(APP));
	h = head_of("OPTIONS", "Origin: " APP "\r\n" METHOD);
	assert_true(cors_is_preflight(h));
	assert_string_equal(headers(h, NULL), ALLOWED ASKED "vary: " ASKS);
	/* A page's own OPTIONS: what is kept of it is not for a preflight. */
	h = head_of("OPTIONS", "Origin: " APP "\r\n");
	assert_false(cors_is_preflight(h));
	assert_string_equal(headers(h, NULL), ALLOWED "vary: " ASKS);
	/* It asks for a request that Keel refuses later. */
	assert_true(cors_is_preflight(head_of("OPTIONS", "Origin: " APP "\r\n"
	    "Access-Control-Request-Method: BREW\r\n"
	    "Access-Control-Request-Headers: x-other\r\n")));
}

/* Refused before its head was complete; and the admin listener. */
static void
test_without_a_head(void **state)
{
	struct head	 h = { .method = "" };

	(void)state;
	assert_null(cors_configure(APP));
	assert_string_equal(headers(&h, NULL), "vary: Origin\n");
	assert_string_equal(headers(NULL, NULL), "");
	assert_string_equal(headers(NULL, "Authorization"),
	    "vary: Authorization\n");
}

static void
check_problem(const char *list, const char *says)
{
	const char	*problem = cors_configure(list);

	if (problem == NULL || strstr(problem, says) == NULL)
		fail_msg("%s: %s", list, problem != NULL ? problem : "fine");
}

static void
test_the_setting(void **state)
{
	char	 list[33 * 16] = "", longest[512];
	size_t	 i;

	(void)state;
	assert_null(cors_configure(APP "," APP));	/* twice: no harm */
	check_problem("*", "KEEL_CORS_ORIGINS: '*' is a pattern: name each "
	    "origin (it is a list like https://app.example.org,http:");
	check_problem(APP "," DEV "/", "'" DEV "/' has a slash");
	check_problem(APP ", " DEV, "' " DEV "' has a blank");
	check_problem(APP ",", "'' is empty");
	check_problem("," APP, "'' is empty");
	check_problem(APP ",," DEV, "'' is empty");
	check_problem(",", "'' is empty");
	for (i = 0; i < 32; i++)
		sprintf(list + strlen(list), "%shttp://a%zu", i > 0 ? "," : "",
		    i);
	assert_null(cors_configure(list));
	assert_non_null(strstr(headers(head_of("GET", "Origin: http://a31\r\n"
	    ), NULL), "allow-origin: http://a31\n"));
	strcat(list, ",http://b");
	check_problem(list, "has more than 32 origins");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	longest[268] = '\0';
	check_problem(longest, "is longer than any origin");
	longest[267] = '\0';
	check_problem(longest, "host that is not valid");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_without_the_setting_there_is_nothing),
		cmocka_unit_test(test_other_origins_get_only_vary),
		cmocka_unit_test(test_an_allowed_origin),
		cmocka_unit_test(test_a_preflight),
		cmocka_unit_test(test_without_a_head),
		cmocka_unit_test(test_the_setting),
	};

	return (cmocka_run_group_tests_name("cors", tests, NULL, NULL));
}
