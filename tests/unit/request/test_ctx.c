/* SPDX-License-Identifier: ISC */
/* A ctx from its begin to its end, and once more. */

/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/base/error_kinds.c */
/* sources: src/request/error_details.c */

#include "request_fixture.h"

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
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
