/* SPDX-License-Identifier: ISC */
/* For whom a process works, and the page below a stack: what a crash tells. */

/* sources: src/coro/coro.c src/base/mem.c src/base/faults.c */

#include "coro_fixture.h"

#define PAGE	4096

static char	*stack_low;

static void
schedule(void)
{
}

static int
setup(void **state)
{
	(void)state;
	coro_init(8, schedule);
	return (0);
}

static void
say_owner(const char *when)
{
	char	 text[32];

	snprintf(text, sizeof(text), "=%s",
	    coro_owner() != NULL ? (const char *)coro_owner() : "nobody");
	say(when, text);
}

static void
run_for_owner(void *arg)
{
	(void)arg;
	say_owner("run");
	coro_suspend(1000);
	say_owner("again");
}

static void
done_for_owner(void *arg)
{
	struct job	*job = arg;

	say_owner("done");
	coro_free(job->co);
}

static void
begin(struct job *job, void *owner)
{
	job->co = coro_new(run_for_owner, done_for_owner, job);
	assert_non_null(job->co);
	coro_own(job->co, owner);
}

static void
test_the_owner_is_that_of_what_runs(void **state)
{
	static char	 ada[] = "ada", bob[] = "bob";
	struct job	 a, b;

	(void)state;
	assert_null(coro_owner());
	begin(&a, ada);
	begin(&b, bob);
	assert_null(coro_owner());
	coro_resume(a.co);
	coro_resume(b.co);
	assert_null(coro_owner());
	assert_string_equal(heard(), "run=ada run=bob");
	coro_wake(a.co);
	coro_wake(b.co);
	coro_run();
	assert_string_equal(heard(), "again=ada done=ada again=bob done=bob");
	assert_null(coro_owner());
}

static void
test_work_beside_a_coroutine(void **state)
{
	static char	 ada[] = "ada", bob[] = "bob";
	struct job	 a;

	(void)state;
	coro_beside(bob);
	assert_ptr_equal(coro_owner(), bob);
	begin(&a, ada);
	coro_resume(a.co);
	assert_string_equal(heard(), "run=ada");
	assert_ptr_equal(coro_owner(), bob);
	coro_beside(NULL);
	assert_null(coro_owner());
	coro_wake(a.co);
	coro_run();
	heard();
}

static void
note_borders(void *arg)
{
	char	*here = (char *)__builtin_frame_address(0);

	(void)arg;
	/* A stack begins and ends at a page. */
	stack_low = (char *)(((uintptr_t)here | (PAGE - 1)) + 1) -
	    CORO_STACK_SIZE;
	say(coro_overflows(stack_low) ? "low" : "", "");
	say(coro_overflows(stack_low - 1) ? "guard" : "", "");
	say(coro_overflows(stack_low - PAGE) ? "end" : "", "");
	say(coro_overflows(stack_low - PAGE - 1) ? "below" : "", "");
	say(coro_overflows(NULL) ? "null" : "", "");
}

static void
done_quietly(void *arg)
{
	struct job	*job = arg;

	coro_free(job->co);
}

static void
test_the_page_below_the_stack(void **state)
{
	struct job	 a;

	(void)state;
	a.co = coro_new(note_borders, done_quietly, &a);
	assert_non_null(a.co);
	coro_resume(a.co);
	assert_string_equal(heard(), "guard end  ");
	/* It is of no other stack. */
	assert_false(coro_overflows(stack_low - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_owner_is_that_of_what_runs,
		    setup),
		cmocka_unit_test_setup(test_work_beside_a_coroutine, setup),
		cmocka_unit_test_setup(test_the_page_below_the_stack, setup),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
