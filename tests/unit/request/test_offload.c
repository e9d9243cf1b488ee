/* SPDX-License-Identifier: ISC */
/* Work on threads: results, threads that are late, and requests that go. */

/* sources: src/request/offload.c src/request/fair_queue.c */
/* sources: src/request/ctx.c src/coro/coro.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c */
/* defines: -DFAULTS -Wl,--wrap=clock_gettime,--wrap=mem_free */
/* defines: -Wl,--wrap=setpriority,--wrap=malloc_trim */
/* defines: -Wl,--wrap=sched_yield */

#include "offload_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static void
test_the_result_comes_back(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE);

	(void)state;
	assert_waits(a);
	assert_int_equal(ngiven, 1);
	assert_int_equal(offload_count(), 1);
	finish(0);
	assert_ended(a, "ok");
	assert_int_equal(ndestroyed, 1);
	assert_int_equal(offload_count(), 0);
}

/* And the loop is not asked again before it is. */
static void
test_a_message_is_not_the_end(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE);

	(void)state;
	given[0]->cb(given[0]);
	coro_run();
	assert_waits(a);
	assert_int_equal(ndestroyed, 0);
	assert_int_equal(offload_count(), 1);
	finish(0);
	assert_ended(a, "ok");
}

static void
test_threads_run_side_by_side(void **state)
{
	struct client	*a, *b, *c, *d;

	(void)state;
	kore_task_threads = 2;
	a = begin(1, NETWORK_ONE);
	b = begin(2, NETWORK_ONE);
	c = begin(3, NETWORK_ONE);
	d = begin(4, NETWORK_ONE);
	assert_int_equal(ngiven, 2);
	assert_int_equal(offload_count(), 4);

	/* The later one is done first. */
	finish(1);
	assert_waits(a);
	assert_ended(b, "ok");
	assert_int_equal(ngiven, 2);

	/* Two are done in the same round. */
	work_on(1);
	work_on(0);
	report(1);
	report(0);
	assert_int_equal(ngiven, 1);
	assert_waits(a);
	assert_waits(c);
	coro_run();
	assert_ended(a, "ok");
	assert_ended(c, "ok");
	finish(0);
	assert_ended(d, "ok");
	assert_string_equal(ran, "2 3 1 4");
}

static void
test_a_wake_for_another_reason(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE), *b = begin(2, NETWORK_ONE);

	(void)state;
	coro_wake(b->c->coro);
	coro_wake(a->c->coro);
	coro_run();
	assert_waits(a);
	assert_waits(b);
	finish_all();
	assert_ended(a, "ok");
	assert_ended(b, "ok");
}

static void
test_data_up_to_its_limit(void **state)
{
	static char	 data[OFFLOAD_DATA_MAX];
	struct client	*a = prepare(1, NETWORK_ONE);

	(void)state;
	a->size = sizeof(data) + 1;
	begin_prepared(a);
	assert_ended(a, "INTERNAL_ERROR: Offloaded data is too large");
	assert_int_equal(offload_count(), 0);
}

/* All of the data goes there and back; a secret at its end is wiped. */

static char	most[OFFLOAD_DATA_MAX + 1];

static void
turn_half_round(void *data)
{
	unsigned char	*p = data;
	size_t		 i;

	for (i = 0; i < OFFLOAD_DATA_MAX / 2; i++)
		p[i] ^= 0xff;
}

static void	send_most(void *) AWAITS;

static void
send_most(void *arg)
{
	struct client	*cl = arg;

	offload(cl->c, turn_half_round, most, OFFLOAD_DATA_MAX);
	cl->result = cl->number + 100;
}

static void
test_as_much_data_as_may_be(void **state)
{
	struct client	*a = prepare(1, NETWORK_ONE);
	char		 want[sizeof(most)];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(most); i++)
		most[i] = (char)i;
	memcpy(most + OFFLOAD_DATA_MAX - strlen(SECRET), SECRET,
	    strlen(SECRET));
	memcpy(want, most, sizeof(want));
	turn_half_round(want);
	assert_true(ctx_begin(a->c, send_most, client_done, a));
	coro_resume(a->c->coro);
	finish(0);
	assert_ended(a, "ok");
	assert_memory_equal(most, want, sizeof(most));
	assert_int_equal(secrets_freed, 0);
}

static void
test_no_memory(void **state)
{
	struct client	*a = prepare(1, NETWORK_ONE);

	(void)state;
	a->c->faults.countdown[FAULT_ALLOC] = 1;
	begin_prepared(a);
	assert_ended(a, "SERVICE_UNAVAILABLE: Out of memory");
	assert_int_equal(offload_count(), 0);
}

/*
 * Requests that do not wait for the end.
 */

static void
test_ten_seconds(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE), *b = begin(2, NETWORK_ONE);

	(void)state;
	pass(9999);
	assert_waits(a);
	assert_waits(b);
	pass(1);
	assert_ended(a, BUSY);
	assert_ended(b, BUSY);
	assert_int_equal(offload_count(), 1);
}

/*
 * The thread still uses the memory of its request's work, and counts as one
 * that is busy. What it says at last is thrown away.
 */
static void
test_work_outlives_its_request(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE), *b;

	(void)state;
	pass(10000);
	assert_ended(a, BUSY);
	b = begin(2, NETWORK_ONE);
	assert_int_equal(ngiven, 1);
	assert_int_equal(offload_count(), 2);

	work_on(0);
	assert_int_equal(ndestroyed, 0);
	report(0);
	assert_int_equal(ndestroyed, 1);
	assert_int_equal(ngiven, 1);
	coro_run();
	assert_int_equal(a->result, -1);
	assert_waits(b);
	finish(0);
	assert_ended(b, "ok");
	assert_string_equal(ran, "1 2");
}

/* What waited for a thread is not done when nobody waits for it any more. */
static void
test_work_that_nobody_waits_for(void **state)
{
	struct client	*a, *b, *c, *d;

	(void)state;
	a = begin(1, NETWORK_ONE);
	b = prepare(2, NETWORK_ONE);
	b->c->deadline = now + 3000;
	begin_prepared(b);
	c = prepare(3, NETWORK_ONE);
	c->c->is_known = true;
	c->c->deadline = now + 3000;
	begin_prepared(c);
	d = begin(4, NETWORK_TWO);
	pass(2999);
	assert_waits(b);
	assert_waits(c);
	assert_int_equal(offload_count(), 4);
	pass(1);
	assert_ended(b, BUSY);
	assert_ended(c, BUSY);
	assert_int_equal(offload_count(), 2);
	finish_all();
	assert_ended(a, "ok");
	assert_ended(d, "ok");
	assert_string_equal(ran, "1 4");
}

/* It is there before the request sees that its time is over. */
static void
test_a_result_at_the_last_moment(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE);

	(void)state;
	work_on(0);
	report(0);
	pass(10000);
	assert_ended(a, "ok");
}

/*
 * Clients that hang up.
 */

static void
test_a_client_that_has_hung_up_before(void **state)
{
	struct client	*a = prepare(1, NETWORK_ONE), *b;

	(void)state;
	a->c->client_gone = true;
	begin_prepared(a);
	assert_ended(a, BUSY);
	assert_int_equal(ngiven, 0);
	assert_int_equal(offload_count(), 0);

	/* It does not take a place in the queue either. */
	begin(2, NETWORK_ONE);
	b = prepare(3, NETWORK_ONE);
	b->c->client_gone = true;
	begin_prepared(b);
	assert_ended(b, BUSY);
	assert_int_equal(offload_count(), 1);
}

static void
test_clients_that_hang_up_in_the_queue(void **state)
{
	struct client	*a, *b, *c, *d, *e;

	(void)state;
	a = begin(1, NETWORK_ONE);
	b = begin(2, NETWORK_ONE);
	c = begin_known(3, NETWORK_ONE);
	d = begin(4, NETWORK_ONE);
	e = begin(5, NETWORK_ONE);
	b->c->client_gone = c->c->client_gone = d->c->client_gone = true;
	work_on(0);
	report(0);
	/* Their turn is over before their requests know it. */
	assert_int_equal(offload_count(), 1);
	coro_run();
	assert_ended(a, "ok");
	assert_ended(b, BUSY);
	assert_ended(c, BUSY);
	assert_ended(d, BUSY);
	finish(0);
	assert_ended(e, "ok");
	assert_string_equal(ran, "1 5");
}

/* Work that runs is not stopped: the request goes on and uses its result. */
static void
test_a_client_that_hangs_up_during_its_work(void **state)
{
	struct client	*a = begin(1, NETWORK_ONE);

	(void)state;
	a->c->client_gone = true;
	finish(0);
	assert_ended(a, "ok");
}

/*
 * Kore's threads.
 */

static struct {
	pthread_t		 thread;
	struct kore_task	*task;
	_Atomic bool		 returned;
} hasty;

static void *
hasty_main(void *arg)
{
	struct kore_task	*t = arg;

	t->entry(t);
	hasty.returned = true;
	return (NULL);
}

int	__wrap_sched_yield(void);
int	__real_sched_yield(void);

static _Atomic unsigned	yields;

int
__wrap_sched_yield(void)
{
	yields++;
	return (__real_sched_yield());
}

/* kore_task_run() has queued the task, and has not signalled a thread yet. */
static void
run_hastily(struct kore_task *t)
{
	assert_int_equal(pthread_create(&hasty.thread, NULL, hasty_main, t), 0);
	/* It has done its work, and waits. */
	while (yields < 100 && !hasty.returned)
		usleep(100);
	assert_string_equal(ran, "1");
	assert_false(hasty.returned);
}

static void
test_a_thread_that_is_faster_than_its_signal(void **state)
{
	struct client	*a;

	(void)state;
	on_run = run_hastily;
	a = begin(1, NETWORK_ONE);
	assert_int_equal(pthread_join(hasty.thread, NULL), 0);
	assert_true(hasty.returned);
	given[0]->state = KORE_TASK_STATE_FINISHED;
	report(0);
	coro_run();
	assert_ended(a, "ok");
}

static void *
do_four(void *arg)
{
	unsigned	 i;

	*(pid_t *)arg = gettid();
	for (i = 0; i < 4; i++) {
		priority.fails = i < 2;
		work_on(i);
	}
	return (NULL);
}

/* Once for each thread, and again only after a failure. */
static void
test_the_loop_goes_first(void **state)
{
	pthread_t	 thread;
	pid_t		 id;
	int		 i;

	(void)state;
	kore_task_threads = 4;
	for (i = 1; i <= 4; i++)
		begin(i, NETWORK_ONE);
	assert_int_equal(pthread_create(&thread, NULL, do_four, &id), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(priority.times, 3);
	assert_int_equal(priority.which, PRIO_PROCESS);
	assert_int_equal(priority.who, id);
	assert_int_equal(priority.nice, 10);
	while (ngiven > 0)
		report(0);
	coro_run();
}

static void
test_metric_and_memory(void **state)
{
	(void)state;
	ntrims = 0;
	offload_tick();
	assert_int_equal(ntrims, 0);
	begin(1, NETWORK_ONE);
	begin(2, NETWORK_ONE);
	begin_known(3, NETWORK_ONE);
	offload_tick();
	assert_int_equal(gauges.now.tasks, 3);
	finish(0);
	offload_tick();
	assert_int_equal(gauges.now.tasks, 2);
	finish(0);
	offload_tick();
	assert_int_equal(gauges.now.tasks, 1);
	assert_int_equal(ntrims, 0);
	finish(0);
	assert_int_equal(gauges.now.tasks, 1);
	offload_tick();
	assert_int_equal(gauges.now.tasks, 0);
	assert_int_equal(ntrims, 1);
	offload_tick();
	assert_int_equal(ntrims, 1);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_the_result_comes_back),
		TEST(test_a_message_is_not_the_end),
		TEST(test_threads_run_side_by_side),
		TEST(test_a_wake_for_another_reason),
		TEST(test_data_up_to_its_limit),
		TEST(test_as_much_data_as_may_be),
		TEST(test_no_memory),
		TEST(test_ten_seconds),
		TEST(test_work_outlives_its_request),
		TEST(test_work_that_nobody_waits_for),
		TEST(test_a_result_at_the_last_moment),
		TEST(test_a_client_that_has_hung_up_before),
		TEST(test_clients_that_hang_up_in_the_queue),
		TEST(test_a_client_that_hangs_up_during_its_work),
		TEST(test_a_thread_that_is_faster_than_its_signal),
		TEST(test_the_loop_goes_first),
		TEST(test_metric_and_memory),
	};

	return (cmocka_run_group_tests_name("offload", tests, NULL, NULL));
}
