/* SPDX-License-Identifier: ISC */
/* A ctx from its begin to its end, and once more. */

/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/base/error_kinds.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "request_fixture.h"

#include <unistd.h>

static char	notes[100];

static void
note(void *what)
{
	assert_true(request.no_unwind);
	strcat(notes, what);
}

static void
defer_three(struct ctx *c)
{
	defer(c, note, "a");
	defer(c, note, "b");
	defer(c, note, "c");
}

static void
raise_after_two(struct ctx *c)
{
	defer(c, note, "d");
	defer(c, note, "e");
	raise_error(c, &ERR_NOT_FOUND, "Not found");
}

static void
test_end_runs_the_defers_backwards(void **state)
{
	(void)state;
	request_begin();
	notes[0] = '\0';
	assert_string_equal(request_run(defer_three), "ok");
	assert_string_equal(notes, "cba");
	assert_int_equal(coro_count(), 0);
	assert_int_equal(arena_count(), 1);
}

static void
test_the_memory_stays_for_another_run(void **state)
{
	(void)state;
	request_begin();
	notes[0] = '\0';
	request_run(raise_after_two);
	assert_string_equal(notes, "ed");
	memset(&request.error, 0, sizeof(request.error));
	assert_string_equal(request_run(defer_three), "ok");
	assert_string_equal(notes, "edcba");
	ctx_release(&request);
	assert_int_equal(arena_count(), 0);
}

static void
test_no_coroutine_to_begin_with(void **state)
{
	struct ctx	 other = { .coro = NULL };

	(void)state;
	request_begin();
	assert_true(ctx_begin(&other, request_main, request_done, &other));
	assert_false(ctx_begin(&request, request_main, request_done,
	    &request));
	assert_null(request.coro);
	ctx_end(&other);
	assert_null(other.coro);
	assert_string_equal(request_run(defer_three), "ok");
}

/* There is no memory to remember it: it is called at once. */
static void
note_at_once(void *what)
{
	assert_false(request.no_unwind);
	strcat(notes, what);
}

static void
defer_without_memory(struct ctx *c)
{
	defer(c, note_at_once, "now");
}

static void
test_what_cannot_be_deferred_is_done_at_once(void **state)
{
	(void)state;
	request_begin();
	notes[0] = '\0';
	request.faults.countdown[FAULT_ALLOC] = 1;
	assert_string_equal(request_run(defer_without_memory),
	    "503 SERVICE_UNAVAILABLE");
	assert_string_equal(notes, "now");
}

#define SECRET_SIZE	4000

static const volatile char	*kept;

static void
keep_secret(struct ctx *c)
{
	char	*p = ctx_alloc(c, SECRET_SIZE);

	memset(p, 's', SECRET_SIZE);
	kept = p;
}

/* In freed memory, which nobody has got since. */
__attribute__((no_sanitize_address)) static size_t
left_of_secret(bool secret)
{
	size_t	 i, n = 0;

	request_begin();
	request_run(keep_secret);
	request.secret = secret;
	ctx_release(&request);
	for (i = SECRET_SIZE / 2; i < SECRET_SIZE - 64; i++)
		n += kept[i] == 's';
	return (n);
}

static void
test_a_secret_is_wiped_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(left_of_secret(true), 0);
	assert_int_equal(left_of_secret(false), SECRET_SIZE / 2 - 64);
}

/* Waits. */

static int	woken;		/* -1: it still waits */

static void
wait_for_a_minute(struct ctx *c)
{
	woken = -1;
	woken = ctx_wait(c, 60000);
}

static void
begin_to_wait(uint64_t deadline)
{
	request_begin();
	request.deadline = deadline;
	request_fn = wait_for_a_minute;
	assert_true(ctx_begin(&request, request_main, request_done,
	    &request));
	coro_resume(request.coro);
}

static void
tick(uint64_t later)
{
	coro_tick(coro_now_ms() + later);
	coro_run();
}

static void
test_a_wait_ends_when_it_is_woken(void **state)
{
	(void)state;
	begin_to_wait(0);
	tick(59000);
	assert_int_equal(woken, -1);
	coro_wake(request.coro);
	coro_run();
	assert_int_equal(woken, true);
}

static void
test_a_wait_ends_at_the_deadline(void **state)
{
	int	 i;

	(void)state;
	/* Again if the deadline has passed before the wait begins. */
	woken = false;
	for (i = 0; i < 100 && woken != -1; i++)
		begin_to_wait(coro_now_ms() + 20);
	assert_int_equal(woken, -1);
	usleep(21000);
	assert_true(ctx_expired(&request));
	tick(0);
	assert_int_equal(woken, false);

	/* Before the deadline, a late tick does not end it. */
	begin_to_wait(coro_now_ms() + 30000);
	tick(31000);
	assert_int_equal(woken, -1);
	/* A lease was extended meanwhile. */
	request.deadline += 20000;
	tick(45000);
	assert_int_equal(woken, -1);
	request.deadline = 1;
	tick(60000);
	assert_int_equal(woken, false);

	begin_to_wait(1);
	assert_int_equal(woken, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_end_runs_the_defers_backwards,
		    request_teardown),
		cmocka_unit_test_teardown(
		    test_the_memory_stays_for_another_run, request_teardown),
		cmocka_unit_test_teardown(test_no_coroutine_to_begin_with,
		    request_teardown),
		cmocka_unit_test_teardown(
		    test_what_cannot_be_deferred_is_done_at_once,
		    request_teardown),
		cmocka_unit_test_teardown(test_a_secret_is_wiped_at_the_end,
		    request_teardown),
		cmocka_unit_test_teardown(test_a_wait_ends_when_it_is_woken,
		    request_teardown),
		cmocka_unit_test_teardown(test_a_wait_ends_at_the_deadline,
		    request_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
