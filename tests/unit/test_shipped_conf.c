/* SPDX-License-Identifier: ISC */
/* The routes, validators and query parameters of the shipped kore.conf. */

/* sources: app */

#include "client.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "schema/validator.h"

#define E	"\xc3\xa9"	/* one character, two bytes */
#define USERS	"/api/v1/users"
#define POSTS	"/api/v1/posts"
#define JOBS	"/api/v1/admin/jobs"

/* A text of n times the unit. */
static const char *
times(const char *unit, size_t n)
{
	static char	 text[262144];
	size_t		 i;

	assert_true(n * strlen(unit) < sizeof(text));
	*text = '\0';
	for (i = 0; i < n; i++)
		strcpy(text + i * strlen(unit), unit);
	return (text);
}

static void
check(const char *validator, const char *value, bool valid)
{
	const struct rule	*r = rule_find(validator);

	if (r == NULL)
		fail_msg("kore.conf has no %s", validator);
	if ((rule_reason(r, value) == NULL) != valid)
		fail_msg("%s %s '%.60s'", validator, valid ? "refuses" :
		    "accepts", value);
}

/* A choice is one of these, whole and in this case; or one of `more`. */
static void
check_choices(const char *validator, const char *const *choices, bool more)
{
	struct rule_facts	 facts;
	const char		*p;
	char			 other[64];
	int			 n = 0;

	rule_describe(rule_find(validator), &facts);
	assert_int_equal(facts.kind, RULE_CHOICE);
	for (p = facts.pattern; p != NULL; p = strchr(p + 1, '|'))
		n++;
	for (; *choices != NULL; choices++) {
		n--;
		check(validator, *choices, true);
		snprintf(other, sizeof(other), "%sx", *choices);
		check(validator, other, false);
		snprintf(other, sizeof(other), "x%s", *choices);
		check(validator, other, false);
		snprintf(other, sizeof(other), "-%s", *choices);
		if (strstr(validator, "sort") == NULL || **choices == '-')
			check(validator, other, false);
		check(validator, *choices + 1, **choices == '-');
		snprintf(other, sizeof(other), "%s", *choices);
		other[**choices == '-'] ^= 0x20;
		check(validator, other, false);
	}
	assert_true(more ? n >= 0 : n == 0);
	check(validator, "", false);
}

/* A project has more roles, and more orders of its lists of users. */
static void
test_choices(void **state)
{
	static const struct {
		const char	*validator;
		const char	*choices[9];
		bool		 more;
	} rows[] = {
		{ "v_role", { "user", "staff", "admin" }, true },
		{ "v_user_sort", { "created_at", "-created_at", "email",
		    "-email", "name", "-name" }, true },
		{ "v_except", { "current" }, false },
		{ "v_job_status", { "queued", "running", "done", "dead",
		    "cancelled" }, false },
		{ "v_retry_status", { "dead", "cancelled" }, false },
		{ "v_cancel_status", { "queued" }, false },
		{ "v_delete_status", { "done", "dead", "cancelled" }, false },
		{ "v_job_sort", { "created_at", "-created_at" }, false },
		{ "v_post_sort", { "created_at", "-created_at",
		    "published_at", "-published_at", "title", "-title",
		    "relevance", "-relevance" }, false },
		{ "v_post_expand", { "author" }, false },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_choices(rows[i].validator, rows[i].choices,
		    rows[i].more);
	check("v_user_sort", "id", false);
	check("v_user_sort", "role", false);
	check("v_job_sort", "run_at", false);
	check("v_job_status", "failed", false);
	check("v_post_sort", "content", false);
	check("v_post_expand", "content", false);
}

static void
test_booleans(void **state)
{
	static const char *const	 fine[] = { "true", "True", "1",
	    "false", "False", "0" };
	static const char *const	 bad[] = { "", "TRUE", "FALSE", "t",
	    "yes", "on", "10", "2", "truefalse", "true|false", " true" };
	struct rule_facts		 facts;
	size_t				 i;

	(void)state;
	rule_describe(rule_find("v_bool"), &facts);
	assert_int_equal(facts.kind, RULE_BOOLEAN);
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		check("v_bool", fine[i], true);
		assert_string_equal(rule_value(NULL, rule_find("v_bool"),
		    fine[i]),
		    i < 3 ? "true" : "false");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check("v_bool", bad[i], false);
	assert_string_equal(rule_value(NULL, rule_find("v_role"), "user"),
	    "user");
}

/* The values just inside, then just outside. */
static void
test_numbers(void **state)
{
	static const struct {
		const char	*validator;
		const char	*valid[8];
		const char	*invalid[16];
	} rows[] = {
		{ "v_page", { "1", "9", "10", "999999999" },
		    { "", "0", "01", "-1", "+1", " 1", "1 ", "1x", "x1", "1.0",
		    "1000000000" } },
		{ "v_skip", { "0", "1", "9", "10", "999999999" },
		    { "", "00", "01", "-1", "-0", " 0", "0x", "x0",
		    "1000000000" } },
		{ "v_limit", { "1", "9", "10", "90", "99", "100" },
		    { "", "0", "00", "01", "001", "-1", "101", "110", "200",
		    "1000", "1x", "x1", "100x", "x100" } },
	};
	size_t	 i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (n = 0; rows[i].valid[n] != NULL; n++)
			check(rows[i].validator, rows[i].valid[n], true);
		for (n = 0; rows[i].invalid[n] != NULL; n++)
			check(rows[i].validator, rows[i].invalid[n], false);
	}
}

static void
test_lengths(void **state)
{
	static const struct {
		const char	*validator;
		const char	*unit;
		size_t		 min, max;
	} rows[] = {
		{ "v_name", "x", 1, 100 }, { "v_name", E, 1, 100 },
		{ "v_cursor", "x", 0, 2000 }, { "v_cursor", E, 0, 2000 },
		{ "v_search", "x", 1, 100 }, { "v_search", E, 1, 100 },
		{ "v_search", "%", 1, 100 },
		{ "v_job_kind", "a", 1, 100 }, { "v_job_kind", "Z", 1, 100 },
		{ "v_job_kind", "0", 1, 100 }, { "v_job_kind", "_", 1, 100 },
		{ "v_audit_action", "a", 1, 64 },
		{ "v_audit_action", "z", 1, 64 },
		{ "v_audit_action", "_", 1, 64 },
		{ "v_post_title", "x", 1, 255 }, { "v_post_title", E, 1, 255 },
		{ "v_post_title", "😀", 1, 255 },
		{ "v_post_content", "x", 0, 100000 },
		{ "v_post_content", E, 0, 100000 },
		{ "v_fields", "a", 1, 200 }, { "v_fields", "z", 1, 200 },
		{ "v_fields", "_", 1, 200 }, { "v_fields", ",", 1, 200 },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(rows[i].validator, times(rows[i].unit, rows[i].min),
		    true);
		check(rows[i].validator, times(rows[i].unit, rows[i].max),
		    true);
		check(rows[i].validator, times(rows[i].unit, rows[i].max + 1),
		    false);
		check(rows[i].validator, "", rows[i].min == 0);
	}
	for (i = 0; i < 128; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", (int)i) == NULL)
			check("v_job_kind", (const char[]){ 'a', (char)i, 'a',
			    '\0' }, false);
	}
	check("v_job_kind", E, false);
	check("v_audit_action", "a1", false);
	check("v_audit_action", "A", false);
	check("v_audit_action", E, false);
	check("v_fields", "a1", false);
	check("v_fields", "A", false);
	check("v_fields", "a b", false);
	check("v_fields", E, false);
}

/* What these two refuse: tests/unit/schema. Here: that they are functions. */
static void
test_functions(void **state)
{
	struct rule_facts	 facts;

	(void)state;
	rule_describe(rule_find("v_email"), &facts);
	assert_int_equal(facts.kind, RULE_FUNCTION);
	check("v_email", "ada@example.com", true);
	check("v_email", "ada@", false);
	rule_describe(rule_find("v_password"), &facts);
	assert_int_equal(facts.kind, RULE_FUNCTION);
	check("v_password", "Analytical-3ngine", true);
	check("v_password", "analytical-3ngine", false);
}

/* Which route is chosen: the first one that fits, in kore.conf's order. */
static void
check_route(const char *path, const char *func)
{
	const struct kore_module_handle	*h = client_route(path);

	if (strcmp(h->func, func) != 0)
		fail_msg("%s goes to %s, not to %s", path, h->func, func);
}

static void
test_routes(void **state)
{
	static const char *const rows[][2] = {
		{ USERS "/me", "users_me" },
		{ USERS, "users_collection" },
		{ USERS "/me/password", "auth_password" },
		{ USERS "/me/sessions", "auth_sessions" },
		{ "/api/v1/auth/token", "auth_token" },
		{ "/api/v1/auth/login", "auth_login" },
		{ "/api/v1/auth/password/forgot", "account_forgot" },
		{ "/api/v1/auth/password/reset", "account_reset" },
		{ "/api/v1/auth/verify-email", "account_verify" },
		{ "/api/v1/auth/verify-email/resend", "account_resend" },
		{ JOBS, "admin_jobs_collection" },
		{ JOBS "/retry", "admin_jobs_retry_many" },
		{ JOBS "/cancel", "admin_jobs_cancel_many" },
		{ JOBS "/delete", "admin_jobs_delete_many" },
		{ "/api/v1/admin/audit", "admin_audit" },
		{ "/account/verify", "account_verify_page" },
		{ "/account/reset", "account_reset_page" },
		{ "/account/email", "account_email_page" },
		{ "/account/email/cancel", "account_email_cancel_page" },
		{ "/api/v1/auth/email/confirm", "account_email_confirm" },
		{ "/api/v1/auth/email/cancel", "account_email_cancel" },
		{ "/account/account.css", "account_style" },
		{ "/healthz", "healthz" },
		{ "/readyz", "readyz" },
		{ "/openapi.json", "openapi_json" },
		{ "/favicon.ico", "favicon" },
		{ "/docs", "docs_page" },
		{ USERS "/1", "users_item" },
		{ USERS "/me2", "users_item" },
		{ USERS "/1/activate", "users_activate" },
		{ USERS "/me/activate", "users_activate" },
		{ USERS "/1/deactivate", "users_deactivate" },
		{ USERS "/1/unlock", "auth_unlock" },
		{ USERS "/1/send-reset", "account_send_reset" },
		{ USERS "/me/sessions/1", "auth_session" },
		{ USERS "/1/sessions", "auth_user_sessions" },
		{ USERS "/1/sessions/2", "auth_user_session" },
		{ USERS "/1/posts", "posts_of_user" },
		{ USERS "/me/posts", "posts_of_user" },
		{ POSTS, "posts_collection" }, { POSTS "/1", "posts_item" },
		{ POSTS "/1/publish", "posts_publish" },
		{ POSTS "/1/unpublish", "posts_unpublish" },
		{ USERS "/1/jobs", "admin_jobs_of_user" },
		{ JOBS "/1", "admin_jobs_item" },
		{ JOBS "/1/retry", "admin_jobs_retry" },
		{ JOBS "/1/cancel", "admin_jobs_cancel" },
		{ "/docs/a.css", "docs_file" },
		{ "/", "root" }, { "*", "not_found" },
	};
	static const char *const around[][2] = {
		{ "", "/" }, { "", "/x" }, { "", "//" }, { "/x", "" },
		{ "//", "" },
	};
	size_t	 i, n;
	char	 path[256];

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_route(rows[i][0], rows[i][1]);

	/* A path that only contains such a path is another one. */
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) - 2; i++) {
		for (n = 0; n < sizeof(around) / sizeof(around[0]); n++) {
			snprintf(path, sizeof(path), "%s%s%s", around[n][0],
			    rows[i][0], around[n][1]);
			if (strcmp(path, USERS "/x") == 0 ||
			    strcmp(path, POSTS "/x") == 0 ||
			    strcmp(path, JOBS "/x") == 0 ||
			    strcmp(path, USERS "/me/sessions/x") == 0 ||
			    strcmp(path, USERS "/1/sessions/x") == 0 ||
			    strcmp(path, "/docs/x") == 0)
				continue;
			check_route(path, "not_found");
		}
	}
	for (i = 0; USERS[i] != '\0'; i++) {
		snprintf(path, sizeof(path), "%.*s", (int)i, USERS);
		if (i > 1)
			check_route(path, "not_found");
	}
}

/* Adds "name:validator" of each parameter of a path for a method. */
static void
list_params(const char *path, int method, char *out, size_t size)
{
	const struct kore_module_handle	*h = client_route(path);
	const struct kore_handler_params	*p;
	size_t	 len = 0;

	*out = '\0';
	TAILQ_FOREACH(p, &h->params, list) {
		assert_int_equal(p->flags, KORE_PARAMS_QUERY_STRING);
		if (p->method == method)
			len += (size_t)snprintf(out + len, size - len,
			    "%s:%s ", p->name, p->validator->name);
	}
}

/* All of these are among those found; a project may have more. */
static void
check_params(const char *path, const char *params, const char *found)
{
	const char	*end;
	char		 one[64];

	for (; *params != '\0'; params = end + 1) {
		end = strchr(params, ' ');
		snprintf(one, sizeof(one), "%.*s", (int)(end + 1 - params),
		    params);
		if (strstr(found, one) == NULL)
			fail_msg("%s has not %s, but %s", path, one, found);
	}
}

#define EXPAND		"expand:v_post_expand "
#define JOB_LIST	"page:v_page skip:v_skip limit:v_limit "	\
	"cursor:v_cursor sort:v_job_sort status:v_job_status "		\
	"kind:v_job_kind "
#define JOB_TIMES	"created_since:v_time created_until:v_time "	\
	"finished_since:v_time finished_until:v_time "
#define POST_LIST	"page:v_page skip:v_skip limit:v_limit "	\
	"cursor:v_cursor sort:v_post_sort published:v_bool q:v_search "	\
	"created_since:v_time created_until:v_time "			\
	"published_since:v_time published_until:v_time "		\
	"fields:v_fields " EXPAND

static void
test_query_parameters(void **state)
{
	static const struct {
		const char	*path;
		int		 method;
		const char	*params;
	} rows[] = {
		{ USERS, HTTP_METHOD_GET, "page:v_page skip:v_skip "
		    "limit:v_limit cursor:v_cursor sort:v_user_sort "
		    "role:v_role is_active:v_bool q:v_search " },
		{ USERS "/me/sessions", HTTP_METHOD_GET,
		    "page:v_page skip:v_skip limit:v_limit " },
		{ USERS "/me/sessions", HTTP_METHOD_DELETE,
		    "except:v_except " },
		{ USERS "/1/sessions", HTTP_METHOD_GET,
		    "page:v_page skip:v_skip limit:v_limit " },
		{ JOBS, HTTP_METHOD_GET, JOB_LIST "user_id:v_uuid "
		    JOB_TIMES },
		{ USERS "/1/jobs", HTTP_METHOD_GET, JOB_LIST JOB_TIMES },
		{ "/api/v1/admin/audit", HTTP_METHOD_GET, "limit:v_limit "
		    "cursor:v_cursor actor_id:v_uuid target_id:v_uuid "
		    "session_id:v_uuid action:v_audit_action "
		    "address:v_address since:v_time until:v_time " },
		{ POSTS, HTTP_METHOD_GET, POST_LIST "author_id:v_uuid " },
		{ POSTS, HTTP_METHOD_POST, EXPAND },
		{ USERS "/1/posts", HTTP_METHOD_GET, POST_LIST },
		{ POSTS "/1", HTTP_METHOD_GET, EXPAND },
		{ POSTS "/1", HTTP_METHOD_PATCH, EXPAND },
		{ POSTS "/1", HTTP_METHOD_PUT, EXPAND },
		{ POSTS "/1", HTTP_METHOD_DELETE, EXPAND },
		{ POSTS "/1/publish", HTTP_METHOD_POST, EXPAND },
		{ POSTS "/1/unpublish", HTTP_METHOD_POST, EXPAND },
	};
	char	 found[512];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list_params(rows[i].path, rows[i].method, found,
		    sizeof(found));
		check_params(rows[i].path, rows[i].params, found);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_choices),
		CLIENT_TEST(test_booleans),
		CLIENT_TEST(test_numbers),
		CLIENT_TEST(test_lengths),
		CLIENT_TEST(test_functions),
		CLIENT_TEST(test_routes),
		CLIENT_TEST(test_query_parameters),
	};

	return (cmocka_run_group_tests_name("shipped_conf", tests,
	    client_start, NULL));
}
