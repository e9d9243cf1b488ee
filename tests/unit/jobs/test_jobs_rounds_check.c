/* SPDX-License-Identifier: ISC */
/* Rounds of a kind of job that the start refuses. */

/* sources: src/jobs/jobs_rounds_check.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "jobs/rounds.h"

#define TEN	"0123456789"

static void
test_rounds_are_written_as_they_should_be(void **state)
{
	static const struct {
		unsigned	 every;
		const char	*daily, *zone;
		const char	*problem;	/* its end */
	} table[] = {
		{ 1, NULL, NULL, NULL },
		{ 31622400, NULL, NULL, NULL },
		{ 31622401, NULL, NULL, ": .every = 31622401 is longer than a "
		    "year: write the seconds between two rounds" },
		{ 0, "00:00", NULL, NULL },
		{ 0, "23:59:59", "UTC", NULL },
		{ 0, "03:30", "Europe/Berlin", NULL },
		{ 0, "03:30", "America/Argentina/Buenos_Aires", NULL },
		{ 0, "03:30", "Etc/GMT+5", NULL },
		{ 60, "03:30", NULL, ": leave out .every or .daily" },
		{ 60, NULL, "Europe/Berlin", ": its .zone needs a .daily, such "
		    "as \"03:30\"" },
		{ 0, "3:30", NULL, ": .daily = \"3:30\" is no time of day: "
		    "write one from \"00:00\" to \"23:59\"" },
		{ 0, "24:00", NULL, ": .daily = \"24:00\" is no time of day: "
		    "write one from \"00:00\" to \"23:59\"" },
		{ 0, "03:60", NULL, "\"23:59\"" },
		{ 0, "03:30:60", NULL, "\"23:59\"" },
		{ 0, "03:30:5", NULL, "\"23:59\"" },
		{ 0, "03.30", NULL, "\"23:59\"" },
		{ 0, "03:30 ", NULL, "\"23:59\"" },
		{ 0, "03:3a", NULL, "\"23:59\"" },
		{ 0, "", NULL, "\"23:59\"" },
		{ 0, "03:30", "CET", ": .zone = \"CET\" is no time zone: "
		    "write a name like \"Europe/Berlin\"" },
		{ 0, "03:30", "", "\"Europe/Berlin\"" },
		{ 0, "03:30", "Europe/New York", "\"Europe/Berlin\"" },
		{ 0, "03:30", "+02:00", "\"Europe/Berlin\"" },
		{ 0, "03:30", "Area/" TEN TEN TEN TEN TEN "Somewhere", NULL },
		{ 0, "03:30", "Area/" TEN TEN TEN TEN TEN "Somewhere2",
		    "\"Europe/Berlin\"" },
	};
	struct job_kind	 k;
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&k, 0, sizeof(k));
		k.every = table[i].every;
		k.daily = table[i].daily;
		k.zone = table[i].zone;
		problem = rounds_check(&k);
		if (table[i].problem == NULL) {
			assert_null(problem);
			continue;
		}
		assert_non_null(problem);
		assert_true(problem[0] == ':' && strlen(problem) >=
		    strlen(table[i].problem));
		assert_string_equal(problem + strlen(problem) -
		    strlen(table[i].problem), table[i].problem);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_rounds_are_written_as_they_should_be),
	};

	return (cmocka_run_group_tests_name("jobs_rounds_check", tests, NULL,
	    NULL));
}
