/* SPDX-License-Identifier: ISC */
/* Loads the settings again and again, with one of them changed. */

#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings_fixture.h"

/* 64 characters that look like no example. */
#define A64	"Zm9yIHRlc3RzIGFsb25lLCBub3RoaW5n" \
		"IG1vcmUgaXMga2VwdCBpbiB0aGlzIG9u"

#define TEST(name)	cmocka_unit_test_setup(name, setup)

/* No settings but those without a default. */
static int
setup(void **state)
{
	char	**v, name[64];

	(void)state;
	for (v = environ; *v != NULL; v++) {
		if (strncmp(*v, "KEEL_", 5) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*v, "="),
		    *v);
		unsetenv(name);
		v = environ - 1;	/* they have moved */
	}
	setenv("KEEL_COMMAND", "serve", 1);
	setenv("KEEL_ALLOW_ROOT", "1", 1);
	setenv("KEEL_DATABASE_URL", "host=/nowhere", 1);
	setenv("KEEL_SECRET_KEY", A64, 1);
	return (0);
}

static void
assert_good(const char *name, const char *value)
{
	const char	*before = getenv(name), *problem;
	char		*kept = before != NULL ? strdup(before) : NULL;

	setenv(name, value, 1);
	if ((problem = load()) != NULL)
		fail_msg("%s=%s: %s", name, value, problem);
	if (kept != NULL)
		setenv(name, kept, 1);
	else
		unsetenv(name);
	free(kept);
}

/* Ends the start with a line that names it and has the phrase. */
static void
assert_bad(const char *name, const char *value, const char *phrase)
{
	const char	*before = getenv(name), *problem;
	char		*kept = before != NULL ? strdup(before) : NULL;

	setenv(name, value, 1);
	if ((problem = load()) == NULL)
		fail_msg("%s=%s is accepted", name, value);
	if (strstr(problem, name) == NULL || strstr(problem, phrase) == NULL)
		fail_msg("%s=%s: %s", name, value, problem);
	if (kept != NULL)
		setenv(name, kept, 1);
	else
		unsetenv(name);
	free(kept);
}

#endif
