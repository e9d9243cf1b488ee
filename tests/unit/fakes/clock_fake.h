/* SPDX-License-Identifier: ISC */
/*
 * The clock for deadlines, for one test program. Its file has this line, so
 * that its sources ask the test for the time:
 *	defines: -Dclock_gettime=fake_clock
 */

#ifndef TESTS_FAKES_CLOCK_FAKE_H
#define TESTS_FAKES_CLOCK_FAKE_H

#include <stdint.h>
#include <time.h>

static uint64_t	now;		/* milliseconds */
static clockid_t	asked_clock;	/* the last one */

int
fake_clock(clockid_t id, struct timespec *ts)
{
	asked_clock = id;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

#endif
