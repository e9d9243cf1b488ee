/* SPDX-License-Identifier: ISC */
/* Threads that cannot be made, and sockets: Kore would end the process. */

/* sources: src/request/offload.c src/request/fair_queue.c */
/* sources: src/request/ctx.c src/coro/coro.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c */
/* defines: -DFAULTS -Wl,--wrap=clock_gettime,--wrap=mem_free */
/* defines: -Wl,--wrap=setpriority,--wrap=malloc_trim */
/* defines: -Wl,--wrap=pthread_create,--wrap=pthread_join */
/* defines: -Wl,--wrap=socketpair,--wrap=close */

#include "offload_fixture.h"

#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>

static int		thread_error, socket_error;
static unsigned		asked, joined, opened, closed;

int	__wrap_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);
int	__wrap_pthread_join(pthread_t, void **);
int	__wrap_socketpair(int, int, int, int [2]);
int	__wrap_close(int);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*fn)(void *), void *arg)
{
	assert_null(attr);
	asked++;
	if (thread_error != 0)
		return (thread_error);
	assert_ptr_equal(fn(arg), arg);
	*thread = (pthread_t)77;
	return (0);
}

int
__wrap_pthread_join(pthread_t thread, void **result)
{
	(void)result;
	assert_int_equal(thread, 77);
	joined++;
	return (0);
}

int
__wrap_socketpair(int family, int type, int protocol, int fds[2])
{
	(void)protocol;
	assert_int_equal(family, AF_UNIX);
	assert_int_equal(type, SOCK_STREAM);
	fds[0] = fds[1] = 1000;
	opened += 2;
	errno = socket_error;
	return (socket_error != 0 ? -1 : 0);
}

int
__wrap_close(int fd)
{
	assert_int_equal(fd, 1000);
	closed++;
	return (0);
}

/* The first one to be refused is told, and one each minute. */
static void
test_no_thread_at_all(void **state)
{
	(void)state;
	thread_error = EAGAIN;
	assert_ended(begin(1, NETWORK_ONE), BUSY);
	assert_ended(begin_known(2, NETWORK_ONE), BUSY);
	assert_int_equal(ngiven, 0);
	assert_int_equal(offload_count(), 0);
	assert_int_equal(nlogged, 1);
	assert_string_equal(logged, "cannot make a thread: "
	    "Resource temporarily unavailable");
	pass(59999);
	assert_ended(begin(3, NETWORK_ONE), BUSY);
	assert_int_equal(nlogged, 1);
	pass(1);
	thread_error = ENOMEM;
	assert_ended(begin(4, NETWORK_ONE), BUSY);
	assert_int_equal(nlogged, 2);
	assert_string_equal(logged, "cannot make a thread: "
	    "Cannot allocate memory");
	offload_tick();
	assert_int_equal(nlogged, 2);
}

/* The next request tries again. One thread is enough to go on. */
static void
test_one_thread_of_two(void **state)
{
	struct client	*a, *b;

	(void)state;
	kore_task_threads = 2;
	asked = joined = 0;
	thread_error = 0;
	a = begin(1, NETWORK_ONE);
	assert_int_equal(asked, 1);
	assert_int_equal(joined, 1);
	assert_int_equal(threads, 1);
	thread_error = EAGAIN;
	b = begin(2, NETWORK_ONE);
	assert_int_equal(asked, 2);
	assert_int_equal(ngiven, 1);
	assert_waits(b);
	finish(0);
	assert_ended(a, "ok");
	assert_int_equal(ngiven, 1);
	finish(0);
	assert_ended(b, "ok");

	/* Kore may not make one of its own accord. */
	a = begin(1, NETWORK_ONE);
	assert_int_equal(asked, 2);
	assert_int_equal(threads, 1);
	thread_error = 0;
	b = begin(2, NETWORK_ONE);
	assert_int_equal(threads, 2);
	assert_int_equal(ngiven, 2);
	assert_int_equal(kore_task_threads, 2);
	finish_all();
	assert_ended(a, "ok");
	assert_ended(b, "ok");
	assert_int_equal(joined, 2);
}

static void
test_no_sockets(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	pass(60000);
	nlogged = 0;
	assert_int_equal(opened, closed);
	a = begin(1, NETWORK_ONE);
	b = begin(2, NETWORK_ONE);
	socket_error = EMFILE;
	finish(0);
	assert_ended(a, "ok");
	assert_int_equal(ngiven, 0);
	assert_waits(b);
	assert_int_equal(nlogged, 1);
	assert_string_equal(logged, "cannot make a thread: "
	    "Too many open files");
	c = begin(3, NETWORK_ONE);
	assert_ended(c, BUSY);

	/* Who waits is not forgotten, though nobody else comes. */
	socket_error = 0;
	offload_tick();
	assert_int_equal(ngiven, 1);
	finish(0);
	assert_ended(b, "ok");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_no_thread_at_all),
		TEST(test_one_thread_of_two),
		TEST(test_no_sockets),
	};

	return (cmocka_run_group_tests_name("offload_threads", tests, NULL,
	    NULL));
}
