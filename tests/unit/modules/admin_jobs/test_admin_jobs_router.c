/* SPDX-License-Identifier: ISC */
/* The admin routes for jobs, with a repository of the test's own. */

/* sources: app */

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "dependencies.h"
#include "fakes/pool_fake.h"
#include "modules/admin_jobs/admin_jobs.h"
#include "modules/users/users.h"

#define WAITS	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define DEAD	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define RUNS	"017f22e2-79b0-7cc3-98c4-dc0c0c073991"
#define NONE	"017f22e2-79b0-7cc3-98c4-dc0c0c073992"

#define JOBS	"/api/v1/admin/jobs"
#define MIDDAY	INT64_C(1767268800000000)	/* 2026-01-01T12:00:00Z */
#define TOTAL	45				/* jobs in total */

#define JOB_ROW(i, u, s, n, e, f)					\
	{ .id = i, .kind = "send_welcome_email", .user_id = u,		\
	  .payload = "{\"id\": \"" NONE "\"}", .status = s,		\
	  .attempts = n, .error = e, .run_at = MIDDAY,			\
	  .created_at = MIDDAY, .finished_at = f }

static struct admin_job	jobs[] = {
	JOB_ROW(WAITS, NULL, "queued", 0, NULL, TIME_NULL),
	JOB_ROW(DEAD, NONE, "dead", 20, "No \"such\" user", MIDDAY + 1),
	JOB_ROW(RUNS, NONE, "running", 1, NULL, TIME_NULL),
};

#define NJOBS	(sizeof(jobs) / sizeof(jobs[0]))

static struct user	people[] = {
	{ .id = WAITS, .role = "user", .is_active = true },
	{ .id = DEAD, .role = "staff", .is_active = true },
	{ .id = RUNS, .role = "admin", .is_active = true },
};

static struct user	*asking;

static void
as_asking(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = asking;
}

static void *
retried(const char *id, size_t *n)
{
	size_t	 i;

	for (i = 0; i < NJOBS; i++) {
		if (strcmp(jobs[i].id, id) == 0) {
			*n = 1;
			return (&jobs[i]);
		}
	}
	*n = 0;
	return (NULL);
}

static void *
with_jobs(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	struct total	*count;

	(void)from;
	if (strcmp(title, "count") == 0) {
		count = ctx_alloc(c, sizeof(*count));
		count->total = TOTAL;
		*n = 1;
		return (count);
	}
	if (strcmp(title, "list") != 0)
		return (retried(params[0], n));
	*n = NJOBS;
	return (jobs);
}

/* The entry that was recorded last: action, target, changes. */
static char	entry[3][200];

static void *
with_audit(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	assert_string_equal(title, "add");
	snprintf(entry[0], sizeof(entry[0]), "%s", params[1]);
	snprintf(entry[1], sizeof(entry[1]), "%s", params[4]);
	snprintf(entry[2], sizeof(entry[2]), "%s", params[8] != NULL ?
	    params[8] : "(null)");
	*n = 1;
	return (NULL);
}

static int
setup(void **state)
{
	static const char *const	 handlers[] = {
		"list_jobs", "retry_job", "read_job"
	};
	int				 status = client_setup(state);
	size_t				 i;

	asking = &people[2];
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		override_dependency(&signed_in, as_asking, handlers[i]);
		override_repository("admin_jobs", with_jobs, handlers[i]);
		override_repository("audit", with_audit, handlers[i]);
	}
	return (status);
}

static void
assert_error(const char *code, const char *message)
{
	assert_string_equal(client_text("error.code"), code);
	assert_string_equal(client_text("error.message"), message);
}

static void
test_item(void **state)
{
	static const char	 dead[] =
	    "{\"id\":\"" DEAD "\",\"kind\":\"send_welcome_email\","
	    "\"user_id\":\"" NONE "\","
	    "\"payload\":{\"id\": \"" NONE "\"},\"status\":\"dead\","
	    "\"attempts\":20,\"error\":\"No \\\"such\\\" user\","
	    "\"request_id\":null,"
	    "\"run_at\":\"2026-01-01T12:00:00.000000Z\","
	    "\"created_at\":\"2026-01-01T12:00:00.000000Z\","
	    "\"finished_at\":\"2026-01-01T12:00:00.000001Z\"}";

	(void)state;
	assert_int_equal(client_request("GET", JOBS, NULL), 200);
	assert_non_null(strstr(client_body(), dead));
	assert_int_equal(json_array_size(client_json("items")), NJOBS);
	assert_int_equal(client_number("total"), TOTAL);
	assert_true(json_is_null(client_json("items.0.error")));
	assert_true(json_is_null(client_json("items.0.user_id")));
	assert_true(json_is_null(client_json("items.0.finished_at")));
	assert_string_equal(client_text("items.2.payload.id"), NONE);
	assert_int_equal(client_request("GET", JOBS "/" DEAD, NULL), 200);
	assert_string_equal(client_body(), dead);
	assert_int_equal(client_request("GET", JOBS "/" NONE, NULL), 404);
	assert_error("NOT_FOUND", "Job not found");
}

/* The statement that the database got last, and its parameters. */
static char	sent[400];

static PGresult *
answer(const struct query *q, const char *name, const char *const *params)
{
	static const char	*const total[] = { "45" };
	size_t			 i, n;

	n = (size_t)snprintf(sent, sizeof(sent), "%s", name);
	for (i = 0; i < q->nparams; i++)
		n += (size_t)snprintf(sent + n, sizeof(sent) - n, " %s=%s",
		    q->params[i].name, params[i] != NULL ? params[i] :
		    "NULL");
	if (strcmp(name + strlen(name) - 5, "count") == 0)
		return (fake_rows(q, 1, total));
	return (fake_rows(q, 0, NULL));
}

#define NO_TIME	" created_since=NULL created_until=NULL "		\
		"finished_since=NULL finished_until=NULL"
#define NO_FILTER	" user_id=NULL status=NULL kind=NULL" NO_TIME
#define FIRST	" page.key=-infinity "					\
		"page.id=00000000-0000-0000-0000-000000000000"
#define LAST	" page.key=infinity "					\
		"page.id=ffffffff-ffff-ffff-ffff-ffffffffffff"

static void
assert_sent(const char *query, const char *what)
{
	char	target[200];

	snprintf(target, sizeof(target), JOBS "%s", query);
	assert_int_equal(client_request("GET", target, NULL), 200);
	assert_string_equal(sent, what);
}

static void
test_statements(void **state)
{
	(void)state;
	overrides_clear();
	override_dependency(&signed_in, as_asking, "list_jobs");
	fake_db.answer = answer;
	assert_sent("", "admin_jobs.list:-created_at" NO_FILTER LAST
	    " page.limit=20 page.skip=0");
	assert_sent("?sort=created_at&page=3&limit=7",
	    "admin_jobs.list:created_at" NO_FILTER FIRST
	    " page.limit=7 page.skip=14");
	assert_sent("?status=dead&kind=a_1&skip=5",
	    "admin_jobs.list:status:-created_at user_id=NULL status=dead "
	    "kind=a_1" NO_TIME LAST " page.limit=20 page.skip=5");
	assert_sent("?status=done&sort=created_at&cursor=",
	    "admin_jobs.list:status:created_at user_id=NULL status=done "
	    "kind=NULL" NO_TIME FIRST " page.limit=21 page.skip=0");
	assert_sent("?user_id=" NONE "&status=done",
	    "admin_jobs.list:user_id:-created_at user_id=" NONE " status=done "
	    "kind=NULL" NO_TIME LAST " page.limit=20 page.skip=0");
	fake_db_clear();
}

/* The next page begins after the last job of this one. */
static void
test_cursor(void **state)
{
	char	 query[2000];

	(void)state;
	assert_int_equal(client_request("GET", JOBS "?cursor=&limit=2", NULL),
	    200);
	assert_int_equal(json_array_size(client_json("items")), 2);
	assert_true(json_is_true(client_json("has_more")));
	assert_null(client_json("prev_cursor"));
	snprintf(query, sizeof(query), "?limit=3&status=done&cursor=%s",
	    client_text("next_cursor"));

	overrides_clear();
	override_dependency(&signed_in, as_asking, "list_jobs");
	fake_db.answer = answer;
	assert_sent(query, "admin_jobs.list:status:-created_at user_id=NULL "
	    "status=done kind=NULL" NO_TIME " page.key="
	    "2026-01-01T12:00:00.000000Z page.id=" DEAD
	    " page.limit=4 page.skip=0");
	assert_true(json_is_null(client_json("next_cursor")));
	assert_true(json_is_false(client_json("has_more")));
	fake_db_clear();
}

static void
test_retry(void **state)
{
	(void)state;
	assert_int_equal(client_request("POST", JOBS "/" WAITS "/retry",
	    NULL), 202);
	assert_string_equal(client_text("id"), WAITS);
	assert_string_equal(entry[0], "job_retried");
	assert_string_equal(entry[1], WAITS);
	assert_string_equal(entry[2], "(null)");
	memset(entry, 0, sizeof(entry));
	assert_int_equal(client_request("POST", JOBS "/" RUNS "/retry",
	    NULL), 409);
	assert_error("CONFLICT", "The job is running: only one that is "
	    "dead, cancelled or queued can be retried");
	assert_int_equal(client_request("POST", JOBS "/" NONE "/retry",
	    NULL), 404);
	assert_error("NOT_FOUND", "Job not found");
	assert_string_equal(entry[0], "");
	assert_int_equal(client_request("POST", JOBS "/7/retry", NULL), 422);
	assert_string_equal(client_text("error.details.0.field"),
	    "path.job_id");
}

static void
test_admins_only(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		asking = &people[i];
		assert_int_equal(client_request("GET", JOBS, NULL), 403);
		assert_int_equal(client_request("POST",
		    JOBS "/" WAITS "/retry", NULL), 403);
		assert_error("FORBIDDEN", "Insufficient permissions");
	}
	overrides_clear();
	assert_int_equal(client_request("GET", JOBS, NULL), 401);
	assert_int_equal(client_request("POST", JOBS "/" WAITS "/retry",
	    NULL), 401);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, \
			    client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_item),
		TEST(test_statements),
		TEST(test_cursor),
		TEST(test_retry),
		TEST(test_admins_only),
	};

	return (cmocka_run_group_tests_name("admin_jobs", tests, client_start,
	    NULL));
}
