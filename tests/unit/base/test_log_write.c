/* SPDX-License-Identifier: ISC */
/* Standard output that is full, gone, or slow: what is dropped, and said. */

/* sources: src/base/log_write.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* defines: -Wl,--wrap=open,--wrap=poll,--wrap=write */

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_write.h"

#define SIZE	4096	/* of the pipe */

static _Atomic uint64_t	 dropped;
static int		 ours, shared;	/* its ends; shared is output, too */
static int		 output;	/* the test's own */
static FILE		*prints;
static char		 got[8 * SIZE];
static bool		 open_fails;
static int		 polls, waited, writes, interrupted;
static void		(*on_wait)(void);

int	__real_open(const char *, int, ...);
int	__wrap_open(const char *, int, ...);
int	__real_poll(struct pollfd *, nfds_t, int);
int	__wrap_poll(struct pollfd *, nfds_t, int);
ssize_t	__real_write(int, const void *, size_t);
ssize_t	__wrap_write(int, const void *, size_t);

int
__wrap_open(const char *path, int flags, ...)
{
	if (open_fails) {
		errno = EACCES;
		return (-1);
	}
	return (__real_open(path, flags));
}

int
__wrap_poll(struct pollfd *p, nfds_t n, int wait_ms)
{
	polls++;
	if (wait_ms > 0 && on_wait != NULL)
		on_wait();
	waited += wait_ms;
	return (__real_poll(p, n, 0));
}

ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	writes++;
	if (interrupted > 0) {
		interrupted--;
		errno = EINTR;
		return (-1);
	}
	return (__real_write(fd, data, len));
}

/* Reads what is there. */
static const char *
take(void)
{
	ssize_t	 n;
	size_t	 len = 0;

	while ((n = read(ours, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return (got);
}

static void
take_all(void)
{
	take();
}

/* Standard output is an end of a pipe or of a socket from now on. */
static void
put_there(int theirs)
{
	fcntl(ours, F_SETFL, O_NONBLOCK);
	dup2(theirs, STDOUT_FILENO);
	shared = theirs;
	dropped = 0;
	log_never_wait(&dropped);
}

static int
setup(void **state)
{
	int	 ends[2];

	(void)state;
	alarm(20);		/* a write that waits would wait for ever */
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	prints = stdout;
	output = dup(STDOUT_FILENO);
	open_fails = false;
	on_wait = NULL;
	polls = waited = writes = interrupted = 0;
	log_init(LEVEL_INFO, FORMAT_JSON);
	if (pipe(ends) == -1 || fcntl(ends[1], F_SETPIPE_SZ, SIZE) == -1)
		return (-1);
	ours = ends[0];
	put_there(ends[1]);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	fflush(stdout);
	stdout = prints;
	take();
	log_tick();
	close(ours);
	close(shared);
	dup2(output, STDOUT_FILENO);
	close(output);
	log_tick();		/* nothing is left for the next test */
	return (0);
}

/* Leaves no room for a byte. */
static void
fill(void)
{
	static char	 block[SIZE];

	memset(block, '-', sizeof(block));
	assert_int_equal(__real_write(STDOUT_FILENO, block, sizeof(block)),
	    sizeof(block));
}

static void
say(const char *text)
{
	log_event(LEVEL_ERROR, NULL, "test", "%s", text);
}

static void
assert_line(const char **lines, const char *event, const char *message,
    int count)
{
	json_t	*j = json_loads(*lines, JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "event")),
	    event);
	if (message != NULL)
		assert_string_equal(json_string_value(json_object_get(j,
		    "message")), message);
	assert_int_equal(json_integer_value(json_object_get(j, "dropped")),
	    count);
	json_decref(j);
	*lines = strchr(*lines, '\n') + 1;
}

/* One system call for each, and one more for a signal. */
static void
test_room_for_every_line(void **state)
{
	const char	*lines;

	(void)state;
	say("one");
	interrupted = 1;
	say("two");
	log_tick();
	assert_int_equal(writes, 3);
	assert_int_equal(polls, 0);
	assert_int_equal(dropped, 0);
	lines = take();
	assert_line(&lines, "test", "one", 0);
	assert_line(&lines, "test", "two", 0);
	assert_string_equal(lines, "");
}

static void
test_a_full_pipe(void **state)
{
	const char	*lines;

	(void)state;
	say("first");
	take();
	fill();
	writes = 0;
	say("lost");
	say("lost");
	log_tick();
	assert_int_equal(writes, 3);	/* each is tried once */
	assert_int_equal(dropped, 2);
	take();
	say("next");
	say("last");
	lines = take();
	assert_line(&lines, "log", NULL, 2);
	assert_line(&lines, "test", "next", 0);
	assert_line(&lines, "test", "last", 0);

	/* It counts from the last time that it said so. */
	fill();
	say("lost");
	take();
	log_tick();
	lines = take();
	assert_line(&lines, "log", NULL, 1);
	assert_string_equal(lines, "");
	assert_int_equal(dropped, 3);
}

static void
say_much(size_t len)
{
	static char	 text[2 * SIZE + 1];
	struct jsonw	*j = log_begin(LEVEL_ERROR, NULL, "much");

	memset(text, 'x', len);
	text[len] = '\0';
	jsonw_string(j, "text", text);
	log_end(j);
}

/* The pipe takes a part of a line, and then the rest before anything else. */
static void
test_a_line_in_parts(void **state)
{
	static char	 all[4 * SIZE];
	const char	*lines = all;

	(void)state;
	say_much(2 * SIZE);
	strcat(all, take());
	assert_int_equal(strlen(all), SIZE);
	log_tick();
	say("lost");
	strcat(all, take());
	assert_int_equal(strlen(all), 2 * SIZE);
	assert_int_equal(dropped, 1);
	say("next");
	strcat(all, take());
	assert_line(&lines, "much", NULL, 0);
	assert_line(&lines, "log", NULL, 1);
	assert_line(&lines, "test", "next", 0);
	assert_string_equal(lines, "");
	assert_int_equal(dropped, 1);
}

static void
test_the_reader_is_gone(void **state)
{
	(void)state;
	close(ours);
	say("lost");
	say("lost");
	log_tick();
	assert_int_equal(dropped, 2);
	ours = open("/dev/null", O_RDONLY);
}

/* Half of it would be no JSON. */
static void
test_a_line_that_is_too_long(void **state)
{
	static char	 text[LOG_JSON_MAX];
	struct jsonw	*j = log_begin(LEVEL_ERROR, NULL, "test");
	const char	*lines;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	jsonw_string(j, "text", text);
	log_end(j);
	assert_int_equal(dropped, 1);
	log_tick();
	lines = take();
	assert_line(&lines, "log", NULL, 1);
}

static void
test_a_level_above_warnings(void **state)
{
	const char	*lines;

	(void)state;
	log_init(LEVEL_ERROR, FORMAT_JSON);
	fill();
	say("lost");
	take();
	say("next");
	lines = take();
	assert_line(&lines, "test", "next", 0);
	assert_string_equal(lines, "");
	assert_int_equal(dropped, 1);
}

static void
test_text_for_people(void **state)
{
	(void)state;
	log_init(LEVEL_INFO, FORMAT_TEXT);
	fill();
	say("lost");
	take();
	log_tick();
	assert_non_null(strstr(take(), " warning log: lines were dropped: "));
	assert_non_null(strstr(got, " dropped=1\n"));
}

/* Else the parent's lines would be there twice, and be counted twice. */
static void
test_a_child_says_nothing_for_its_parent(void **state)
{
	const char	*lines;
	int		 status;
	pid_t		 pid;

	(void)state;
	say_much(SIZE);
	say("lost");
	take();
	if ((pid = fork()) == 0) {
		writes = 0;
		log_tick();
		_exit(writes);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(take(), "");
	log_tick();
	lines = strchr(take(), '\n') + 1;
	assert_line(&lines, "log", NULL, 1);
}

static void
test_more_than_can_be_kept(void **state)
{
	static char	 text[LOG_LINE_MAX + 1];

	(void)state;
	log_write(text, sizeof(text));
	assert_int_equal(writes, 0);
	assert_int_equal(dropped, 1);
	log_tick();
	take();
	memset(text, 'x', sizeof(text));
	log_write(text, sizeof(text) - 1);
	assert_int_equal(dropped, 1);
	while (*take() != '\0')
		log_tick();
}

/* As Kore does. */
static void
test_what_is_printed(void **state)
{
	(void)state;
	printf("[parent]: %s\n", "one");
	assert_string_equal(take(), "[parent]: one\n");
	fill();
	printf("[parent]: %s\n", "two");
	assert_int_equal(dropped, 1);
	take();
	printf("three, ");
	printf("four\n");
	assert_non_null(strstr(take(), "\"dropped\":1,"));
	assert_string_equal(strchr(got, '\n'), "\nthree, four\n");
}

/* Who shares the pipe still waits when it is full. */
static void
test_others_are_not_changed(void **state)
{
	(void)state;
	assert_int_equal(fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK,
	    O_NONBLOCK);
}

/* A pipe of another user, or no /proc. */
static void
test_a_pipe_that_cannot_be_opened(void **state)
{
	const char	*lines;

	(void)state;
	open_fails = true;
	dup2(shared, STDOUT_FILENO);
	log_never_wait(&dropped);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	say("one");
	lines = take();
	assert_line(&lines, "test", "one", 0);
	fill();
	say("lost");
	assert_int_equal(dropped, 1);
	take();
	log_tick();
	lines = take();
	assert_line(&lines, "log", NULL, 1);
	say("next");
	lines = take();
	assert_line(&lines, "test", "next", 0);
	assert_int_equal(waited, 0);
}

static void
test_a_socket(void **state)
{
	int	 ends[2], i;

	(void)state;
	close(ours);
	close(shared);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ours = ends[0];
	put_there(ends[1]);
	assert_int_equal(polls, 0);
	for (i = 0; dropped == 0 && i < 1000; i++)
		say_much(SIZE);
	assert_true(i > 1);
	take();
	take();
}

/* Nobody comes, or somebody within the second. */
static void
test_the_last_line_waits_a_little(void **state)
{
	(void)state;
	log_write_last("one\n", 4);
	assert_string_equal(take(), "one\n");
	assert_int_equal(waited, 0);
	fill();
	log_write_last("two\n", 4);
	assert_int_equal(waited, 1000);
	assert_int_equal(dropped, 1);
	on_wait = take_all;
	log_write_last("three\n", 6);
	assert_string_equal(take(), "three\n");
	assert_int_equal(dropped, 1);

	/* After the rest of a line that was cut. */
	on_wait = NULL;
	log_tick();
	take();
	say_much(SIZE);
	take();
	log_write_last("four\n", 5);
	assert_string_equal(strchr(take(), '\n'), "\nfour\n");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_room_for_every_line),
		TEST(test_a_full_pipe),
		TEST(test_a_line_in_parts),
		TEST(test_the_reader_is_gone),
		TEST(test_a_line_that_is_too_long),
		TEST(test_a_level_above_warnings),
		TEST(test_text_for_people),
		TEST(test_a_child_says_nothing_for_its_parent),
		TEST(test_more_than_can_be_kept),
		TEST(test_what_is_printed),
		TEST(test_others_are_not_changed),
		TEST(test_a_pipe_that_cannot_be_opened),
		TEST(test_a_socket),
		TEST(test_the_last_line_waits_a_little),
	};

	return (cmocka_run_group_tests_name("log_write", tests, NULL, NULL));
}
