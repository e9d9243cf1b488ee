/* SPDX-License-Identifier: ISC */
/* What the tests of coroutines share. */

#ifndef TESTS_CORO_CORO_FIXTURE_H
#define TESTS_CORO_CORO_FIXTURE_H

/* A coroutine that notes what happens to it, for test_coro*.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "coro/coro.h"

/* The notes, one word each. An assertion would jump out of a coroutine. */
static char	said[512];

struct job {
	struct coro	*co;
	const char	*name;
	unsigned	 suspends;
	uint64_t	 timeout_ms;
};

static inline void
say(const char *what, const char *name)
{
	size_t	 n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s%s%s", n > 0 ? " " : "", what,
	    name);
}

/* Returns the notes since the last call. */
static inline const char *
heard(void)
{
	static char	 last[sizeof(said)];

	strcpy(last, said);
	said[0] = '\0';
	return (last);
}

/* Notes "a" when it starts, "a+" after a wake, "a-" after a timeout. */
static inline void
job_run(void *arg)
{
	struct job	*job = arg;
	unsigned	 i;

	say(job->name, "");
	for (i = 0; i < job->suspends; i++)
		say(job->name, coro_suspend(job->timeout_ms) ? "+" : "-");
}

/* Notes "/a"; runs on the loop's stack. */
static inline void
job_done(void *arg)
{
	struct job	*job = arg;

	say(coro_self() == NULL ? "/" : "in a coroutine: /", job->name);
	coro_free(job->co);
	job->co = NULL;
}

static inline void
job_new(struct job *job, const char *name, unsigned suspends,
    uint64_t timeout_ms)
{
	job->name = name;
	job->suspends = suspends;
	job->timeout_ms = timeout_ms;
	job->co = coro_new(job_run, job_done, job);
	assert_non_null(job->co);
}

/* The clock for deadlines. */
static inline uint64_t
clock_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

#endif
