/* SPDX-License-Identifier: ISC */
/* /readyz: which states of the database let requests in. */

/* sources: app */

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "base/register.h"
#include "database/database.h"
#include "fakes/pool_fake.h"

/* A project's own, above any that is compiled in. */
static const struct migration	last = { .name = "9999_last", .sql = "" };

REGISTER(migrations, last);

static char	version[16], own_version[16];
static const char	*seen;		/* seconds since a runner was alive */

static PGresult *
state_of_database(const struct query *q, const char *name,
    const char *const *params)
{
	(void)params;
	if (q == NULL)
		return (fake_done(name));
	if (strcmp(q->name, "health.runner_seen") == 0)
		return (FAKE_ROWS(q, FAKE_ROW({ "seconds", seen })));
	return (FAKE_ROWS(q, FAKE_ROW({ "version", version },
	    { "own_version", own_version }, { "writable", "t" })));
}

static int
ready(int first, int own)
{
	fake_db.answer = state_of_database;
	snprintf(version, sizeof(version), "%d", first);
	snprintf(own_version, sizeof(own_version), "%d", own);
	return (client_request("GET", "/readyz", NULL));
}

static void
test_the_database_has_every_migration(void **state)
{
	int	 first = migrations_version();

	(void)state;
	assert_int_equal(migrations_own_version(), 9999);
	assert_int_equal(ready(first, 9999), 200);
	assert_int_equal(ready(first + 1, 9999), 200);
	assert_int_equal(ready(first - 1, 9999), 503);
	assert_int_equal(ready(first, 9998), 503);
	assert_int_equal(ready(first, 0), 503);
	assert_string_equal(client_text("error.message"),
	    "The database's schema is older than this server's");
}

/* A server that has just started, as this one, knows of no runner yet. */
static void
test_a_runner_that_is_missing(void **state)
{
	static const struct {
		const char	*seen;
		bool		 warns;
	} cases[] = {
		{ NULL, false }, { "0", false }, { "59", false },
		{ "60", true }, { "86400", true }, { "-3600", false },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen = cases[i].seen;
		assert_int_equal(ready(migrations_version(), 9999), 200);
		assert_int_equal(client_json("warning") != NULL,
		    cases[i].warns);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_the_database_has_every_migration),
		CLIENT_TEST(test_a_runner_that_is_missing),
	};

	return (cmocka_run_group_tests_name("health_ready", tests,
	    client_start, NULL));
}
