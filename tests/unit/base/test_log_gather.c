/* SPDX-License-Identifier: ISC */
/* Lines that are written together, and what of them is lost. */

/* sources: src/base/log_write.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* defines: -Wl,--wrap=write */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_write.h"

#define MOST	4096		/* bytes of a write */

static _Atomic uint64_t	 dropped;
static char		 got[64 * 1024];
static size_t		 got_len, longest;
static unsigned		 writes, asked;
static unsigned		 refusals;	/* of the next writes */
static bool		 more, full, counts;
static size_t		 piece;	/* of the next write */

ssize_t	__real_write(int, const void *, size_t);
ssize_t	__wrap_write(int, const void *, size_t);

/* The log's; everything else is that of cmocka. */
ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	if (fd != STDOUT_FILENO || !counts)
		return (__real_write(fd, data, len));
	writes++;
	if (full || refusals > 0) {
		refusals -= refusals > 0;
		errno = EAGAIN;
		return (-1);
	}
	if (len > longest)
		longest = len;
	if (piece > 0 && len > piece)
		len = piece;
	piece = 0;
	memcpy(got + got_len, data, len);
	got_len += len;
	got[got_len] = '\0';
	return ((ssize_t)len);
}

static bool
more_come(void)
{
	asked++;
	return (more);
}

static void
say(const char *text)
{
	log_write_later(text, strlen(text));
}

static const char *
heard(void)
{
	got_len = 0;
	return (got);
}

static int
setup(void **state)
{
	static bool	 begun;
	FILE		*prints = stdout;

	(void)state;
	if (!begun)
		log_never_wait(&dropped);
	begun = true;
	stdout = prints;	/* the test prints as before */
	dropped = 0;
	got_len = longest = piece = 0;
	got[0] = '\0';
	writes = asked = 0;
	full = false;
	more = counts = true;
	log_gather(more_come);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	full = false;
	log_gather(NULL);
	log_flush();
	log_tick();
	counts = false;
	return (0);
}

static void
test_lines_share_a_write(void **state)
{
	(void)state;
	say("one\n");
	say("two\n");
	assert_int_equal(writes, 0);
	more = false;
	say("three\n");
	assert_int_equal(writes, 1);
	assert_int_equal(asked, 3);
	assert_string_equal(heard(), "one\ntwo\nthree\n");
	say("four\n");
	assert_int_equal(writes, 2);
	assert_string_equal(heard(), "four\n");
	log_flush();
	assert_int_equal(writes, 2);
}

static void
test_a_round_ends(void **state)
{
	(void)state;
	say("one\n");
	log_flush();
	assert_string_equal(heard(), "one\n");
	say("two\n");
	log_tick();
	assert_string_equal(heard(), "two\n");
	assert_int_equal(writes, 2);
}

/* In the order in which they were said. */
static void
test_an_event_does_not_wait(void **state)
{
	(void)state;
	say("one\n");
	log_write("event\n", 6);
	assert_string_equal(heard(), "one\nevent\n");
	assert_int_equal(writes, 2);
}

/* So the lines of two processes do not mix in a pipe. */
static void
test_no_write_is_longer_than_a_pipe_takes_whole(void **state)
{
	char	 line[101];
	int	 i;

	(void)state;
	memset(line, '-', 99);
	line[99] = '\n';
	line[100] = '\0';
	for (i = 0; i < 100; i++)
		say(line);
	log_flush();
	assert_int_equal(got_len, 10000);
	assert_int_equal(longest, MOST / 100 * 100);
	assert_int_equal(writes, 3);
}

static void
test_a_long_line_goes_alone(void **state)
{
	static char	 line[MOST + 2];

	(void)state;
	memset(line, '-', MOST);
	line[MOST] = '\n';
	say("one\n");
	say(line);
	assert_int_equal(got_len, 4 + MOST + 1);
	assert_int_equal(writes, 2);
	line[MOST - 1] = '\n';		/* it just fits */
	line[MOST] = '\0';
	say(line);
	say("x\n");
	assert_int_equal(writes, 3);
	log_flush();
	assert_int_equal(writes, 4);
	line[MOST - 5] = '\n';		/* both just fit */
	line[MOST - 4] = '\0';
	say("one\n");
	say(line);
	assert_int_equal(writes, 4);
}

static void
test_each_lost_line_is_counted(void **state)
{
	(void)state;
	full = true;
	say("one\n");
	say("two\n");
	log_flush();
	assert_int_equal(dropped, 2);
	more = false;
	say("three\n");
	assert_int_equal(dropped, 3);
	full = false;
	log_tick();
	assert_non_null(strstr(heard(), "\"dropped\":3"));
	say("four\n");
	assert_string_equal(heard(), "four\n");
}

/* As a socket may do: the next write goes on. */
static void
test_a_write_that_is_cut(void **state)
{
	(void)state;
	say("one\n");
	say("two\n");
	piece = 6;
	log_flush();
	assert_string_equal(got, "one\ntw");
	log_write("three\n", 6);
	assert_string_equal(heard(), "one\ntwo\nthree\n");
	assert_int_equal(dropped, 0);
}

static void
test_a_crash_writes_them(void **state)
{
	(void)state;
	say("one\n");
	say("two\n");
	log_write_last("crash\n", 6);
	assert_string_equal(heard(), "one\ntwo\ncrash\n");
}

/* A pipe that is full, and then somebody reads from it. */
static void
test_a_crash_tries_again(void **state)
{
	(void)state;
	say("one\n");
	say("two\n");
	refusals = 1;
	log_write_last("crash\n", 6);
	assert_string_equal(heard(), "one\ntwo\ncrash\n");
}

static void
test_without_a_worker_none_waits(void **state)
{
	(void)state;
	log_gather(NULL);
	say("one\n");
	assert_int_equal(writes, 1);
	assert_string_equal(heard(), "one\n");
}

static void
test_requests_use_it(void **state)
{
	(void)state;
	log_init(LEVEL_INFO, FORMAT_JSON);
	log_end_later(log_begin(LEVEL_INFO, "abc", "request"));
	assert_int_equal(writes, 0);
	log_end(log_begin(LEVEL_INFO, NULL, "other"));
	assert_int_equal(writes, 2);
	assert_true(strstr(got, "\"request\"") < strstr(got, "\"other\""));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_lines_share_a_write),
		TEST(test_a_round_ends),
		TEST(test_an_event_does_not_wait),
		TEST(test_no_write_is_longer_than_a_pipe_takes_whole),
		TEST(test_a_long_line_goes_alone),
		TEST(test_each_lost_line_is_counted),
		TEST(test_a_write_that_is_cut),
		TEST(test_a_crash_writes_them),
		TEST(test_a_crash_tries_again),
		TEST(test_without_a_worker_none_waits),
		TEST(test_requests_use_it),
	};

	return (cmocka_run_group_tests_name("log_gather", tests, NULL, NULL));
}
