/* SPDX-License-Identifier: ISC */
/* What the tests of texts share: other assets in each, and a start of each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assets.h"
#include "mail/compose.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define TEXT	"Subject: a\n\n{{url}}\n"
#define HTML	"<p>{{url}}</p>\n"

struct asset {
	const char	*name, *text;
};

/* Those of a case end with a NULL name. */
static const struct asset	*assets;

void
assets_each(bool (*found)(void *, const char *, const char *), void *arg)
{
	const struct asset	*a;

	for (a = assets; a->name != NULL; a++) {
		if (!found(arg, a->name, a->text))
			return;
	}
}

/* Runs check() in a process of its own: a start happens once. */
static void
in_a_process(const struct asset *given, void (*check)(const void *),
    const void *arg)
{
	int	 status;
	pid_t	 pid;

	assets = given;
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		check(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In such a process: ends it with a line unless that is so. */
static void
must(bool good, const char *what, const char *wanted)
{
	if (good)
		return;
	fprintf(stderr, "got %s, wanted %s\n", what, wanted);
	_exit(1);
}

static void
must_be(const char *got, const char *wanted)
{
	must(strcmp(got, wanted) == 0, got, wanted);
}
