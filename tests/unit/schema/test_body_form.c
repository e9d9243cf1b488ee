/* SPDX-License-Identifier: ISC */
/* Forms, by the rules of OAuth 2.0: one error at a time, always 400. */

/* sources: src/schema/schema_read.c src/schema/schema.c */
/* sources: src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "body_fixture.h"

#define FORM	"application/x-www-form-urlencoded"
#define BAD	"400 BAD_REQUEST"

static struct login	login;		/* the last form */

static void
read_login(struct ctx *c)
{
	login = *login_form(c);
}

static const char *
typed(const char *type, const char *body)
{
	row.form = true;
	return (send_bytes(read_login, type, body, strlen(body), 0));
}

static const char *
sent(const char *body)
{
	return (typed(FORM, body));
}

static void
assert_refused(const char *body, const char *message)
{
	assert_string_equal(sent(body), BAD);
	assert_string_equal(request.error.message, message);
}

static void
test_form(void **state)
{
	(void)state;
	assert_string_equal(sent("username=a%20b+c&password=%c3%a9%26%3D"
	    "&grant_type=fancy&scope=x=y"), "ok");
	assert_string_equal(login.username, "a b c");
	assert_string_equal(login.password, "é&=");
	assert_string_equal(login.grant_type, "fancy");
	assert_string_equal(login.scope, "x=y");
	assert_true(request.secret);

	assert_string_equal(sent("&password=p&&user%6eame=a&"), "ok");
	assert_string_equal(login.username, "a");
	assert_string_equal(login.grant_type, "plain");
	assert_null(login.scope);
}

static void
test_missing_and_empty(void **state)
{
	(void)state;
	assert_refused("username=a", "The parameter password is missing");
	assert_refused("password=p", "The parameter username is missing");
	assert_refused("username=a&password=",
	    "The parameter password is missing");
	assert_refused("username=a&password",
	    "The parameter password is missing");
	assert_refused("username&password",
	    "The parameter username is missing");
	assert_refused("&", "The parameter username is missing");
	assert_refused("", "The body is empty");

	/* An empty member is absent: it is not checked, and may be repeated. */
	assert_string_equal(sent("username=a&password=p&grant_type=&scope"),
	    "ok");
	assert_string_equal(login.grant_type, "plain");
	assert_null(login.scope);
	assert_string_equal(sent("username=&username=a&username=&password=p"),
	    "ok");
	assert_string_equal(login.username, "a");
}

static void
test_repeated(void **state)
{
	(void)state;
	assert_refused("username=a&username=a&password=p",
	    "The parameter username is repeated");
	assert_refused("username=a&password=p&user%6Eame=b",
	    "The parameter username is repeated");
	assert_refused("scope=a&username=a&password=p&scope=b",
	    "The parameter scope is repeated");
}

static void
test_unknown(void **state)
{
	(void)state;
	assert_string_equal(sent("username=a&password=p&x=1&x=2&=3&Scope=4"),
	    "ok");
	assert_null(login.scope);
	assert_refused("Username=a&password=p",
	    "The parameter username is missing");
}

static void
test_values(void **state)
{
	(void)state;
	assert_string_equal(sent("username=éééééééééé&password=p"), "ok");
	assert_refused("username=ééééééééééé&password=p",
	    "The parameter username: Must have at most 10 characters");
	assert_refused("username=a&password=p&grant_type=pla",
	    "The parameter grant_type: Must be one of: plain, fancy");
}

static void
test_malformed(void **state)
{
	static const char *const	 bad[] = { "%", "username=%",
	    "username=a%00&password=p", "username=a&password=%zz",
	    "username=a&password=p&x=%", "username=a&password=p&%ff=1",
	    "username=\xff&password=p", "username=a\r\n&password=p",
	    "username=%ed%a0%80&password=p", "username=a&password=p\n" };
	static const char		 raw[] = "username=a&password=p\0&x=1";
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], "The body is not a valid form");
	assert_string_equal(send_bytes(read_login, FORM, raw, sizeof(raw) - 1,
	    0), BAD);
	assert_string_equal(request.error.message,
	    "The body is not a valid form");
	assert_string_equal(send_bytes(read_login, FORM, raw, sizeof(raw) - 5,
	    0), BAD);
}

static void
test_media_type(void **state)
{
	static const char *const	 bad[] = { NULL, "application/json",
	    "multipart/form-data; boundary=x", FORM "2",
	    FORM "; charset=iso-8859-1", FORM ", a",
	    "application/merge-patch+json" };
	size_t				 i;

	(void)state;
	assert_string_equal(typed(FORM "; charset=UTF-8",
	    "username=a&password=p"), "ok");
	assert_string_equal(typed(FORM ";x=\"y;z\" ;Charset=utf8;",
	    "username=a&password=p"), "ok");
	coded = true;
	assert_string_equal(sent("username=a&password=p"),
	    "415 UNSUPPORTED_MEDIA_TYPE");
	coded = false;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(typed(bad[i], "username=a&password=p"),
		    "415 UNSUPPORTED_MEDIA_TYPE");
}

/* A password is wiped even when the form is invalid. */
static void
test_secret(void **state)
{
	(void)state;
	sent("password=p");
	assert_true(request.secret);
	sent("%");
	assert_true(request.secret);
	typed("text/plain", "x");
	assert_true(request.secret);
}

/* A handler may only read the schema of its row. */
static void
test_row(void **state)
{
	(void)state;
	row.in = &thing_schema;
	assert_string_equal(sent("username=a&password=p"),
	    "500 INTERNAL_ERROR");
	assert_string_equal(request.error.message, "a_handler reads login");
	row.in = &login_schema;
	row.form = false;
	assert_string_equal(send_bytes(read_login, FORM, "a=b", 3, 0),
	    "500 INTERNAL_ERROR");
	assert_string_equal(sent("username=a&password=p"), "ok");
}

static void
test_memory_short(void **state)
{
	char	body[6000];

	(void)state;
	memset(body, 'p', sizeof(body));
	memcpy(body, "username=a&password=", 20);
	body[sizeof(body) - 1] = '\0';
	assert_string_equal(send_bytes(read_login, FORM, body, strlen(body),
	    1), "503 SERVICE_UNAVAILABLE");
	assert_string_equal(send_bytes(read_login, FORM, body, strlen(body),
	    2), "503 SERVICE_UNAVAILABLE");
	assert_string_equal(send_bytes(read_login, FORM, body, strlen(body),
	    3), "ok");
}

/* kore.conf lacks its validator. Runs last: no form can be read after it. */
static void
test_no_validator(void **state)
{
	struct schema		*s = &login_schema;
	const struct member	 strict[] = {
		MEMBER(login, username, T_STR, 0, .validator = "b_name"),
		MEMBER(login, scope, T_STR, 0, .validator = "b_nobody"),
	};
	const struct member	*before = s->members;
	size_t			 n = s->nmembers;
	const char		*problem;

	(void)state;
	free(s->rules);
	free(thing_schema.rules);
	s->rules = thing_schema.rules = NULL;
	s->members = strict;
	s->nmembers = 2;
	problem = schemas_init();
	s->members = before;
	s->nmembers = n;
	assert_non_null(problem);
	assert_string_equal(problem, "kore.conf has no (valid) validator "
	    "b_nobody, which login.scope needs: write `validator b_nobody "
	    "regex ...`");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_form),
		TEST(test_missing_and_empty),
		TEST(test_repeated),
		TEST(test_unknown),
		TEST(test_values),
		TEST(test_malformed),
		TEST(test_media_type),
		TEST(test_secret),
		TEST(test_row),
		TEST(test_memory_short),
		TEST(test_no_validator),
	};

	row.in = &login_schema;
	return (cmocka_run_group_tests_name("form", tests, configure, NULL));
}
