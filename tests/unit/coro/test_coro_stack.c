/* SPDX-License-Identifier: ISC */
/* The stacks: dropped, reused, measured, and guarded. */

/* sources: src/coro/coro.c src/base/mem.c src/base/faults.c */

#include "coro_fixture.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE	4096
#define DEEP	(96 * 1024)

static uintptr_t	top;	/* of the last used stack */

static void
schedule(void)
{
}

static int
setup(void **state)
{
	(void)state;
	coro_init(1000, schedule);
	heard();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 ? 0 : -1);
}

/* The first frame is in the stack's uppermost page. */
static void
note_top(void)
{
	top = ((uintptr_t)__builtin_frame_address(0) | (PAGE - 1)) + 1;
}

static void
run(struct job *job, void (*fn)(void *))
{
	job->co = coro_new(fn, job_done, job);
	assert_non_null(job->co);
	coro_resume(job->co);
}

/* Writes to every page of `bytes` of stack, then calls fn at the bottom. */
static unsigned __attribute__((noinline))
descend(size_t bytes, void (*fn)(void))
{
	volatile char	 frame[1024];
	unsigned	 sum;

	memset((char *)(uintptr_t)frame, 1, sizeof(frame));
	if (bytes <= sizeof(frame)) {
		if (fn != NULL)
			fn();
		return (frame[0]);
	}
	sum = descend(bytes - sizeof(frame), fn);
	return (sum + (unsigned)frame[sizeof(frame) - 1]);
}

static void
exit_deep_down(void *arg)
{
	struct job	*job = arg;

	say(job->name, "");
	descend(DEEP, coro_exit);
	say("not reached", "");
}

static void
suspend_deep_down(void)
{
	say("down", "");
	coro_suspend(1000);
	say("up", "");
	coro_exit();
}

static void
waits_and_exits_deep_down(void *arg)
{
	(void)arg;
	descend(DEEP, suspend_deep_down);
	say("not reached", "");
}

static void
test_exit_drops_the_stack(void **state)
{
	struct job	 a = { .name = "a" }, b;
	int		 i;

	(void)state;
	for (i = 0; i < 100; i++) {
		run(&a, exit_deep_down);
		assert_string_equal(heard(), "a /a");
		assert_int_equal(coro_count(), 0);
	}
	/* Other coroutines are not affected. */
	job_new(&b, "b", 1, 1000);
	coro_resume(b.co);
	run(&a, waits_and_exits_deep_down);
	assert_string_equal(heard(), "b down");
	coro_wake(a.co);
	coro_wake(b.co);
	coro_run();
	assert_string_equal(heard(), "up /a b+ /b");
}

/* Counts the stacks that are mapped. */
static unsigned
stacks_mapped(void)
{
	unsigned long	 start, end;
	char		 line[512], mode[8];
	unsigned	 n = 0;
	FILE		*f;

	f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 &&
		    strcmp(mode, "rw-p") == 0 && end - start == CORO_STACK_SIZE)
			n++;
	}
	fclose(f);
	return (n);
}

static void
notes_top(void *arg)
{
	(void)arg;
	note_top();
}

static void
silent_done(void *arg)
{
	struct job	*job = arg;

	coro_free(job->co);
}

static void
test_pool(void **state)
{
	static struct job	 jobs[500];
	uintptr_t		 first = 0;
	unsigned		 before;
	int			 i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		jobs[0].co = coro_new(notes_top, silent_done, &jobs[0]);
		assert_non_null(jobs[0].co);
		coro_resume(jobs[0].co);
		if (i == 0)
			first = top;
		assert_int_equal(top, first);
	}

	/* Of many stacks some are kept, the rest are unmapped. */
	before = stacks_mapped();
	for (i = 0; i < 500; i++) {
		jobs[i].co = coro_new(notes_top, silent_done, &jobs[i]);
		assert_non_null(jobs[i].co);
	}
	assert_true(stacks_mapped() > 400);
	for (i = 0; i < 500; i++)
		coro_resume(jobs[i].co);
	assert_in_range(stacks_mapped(), before + 32, before + 64);
}

static void
goes_deep(void *arg)
{
	descend(*(const size_t *)arg, NULL);
}

static void
leave_to_caller(void *arg)
{
	(void)arg;
}

/* Runs on a new stack, even when some are in the pool. */
static size_t
high_water_after(size_t bytes)
{
	struct coro	*co;

	co = coro_new(goes_deep, leave_to_caller, &bytes);
	assert_non_null(co);
	coro_resume(co);
	coro_free(co);
	return (coro_high_water());
}

/* In its own process, because other tests have used more stack. */
static void
measure(void)
{
	size_t	 shallow, deep;

	if (coro_high_water() != 0)
		_exit(2);
	shallow = high_water_after(1024);
	if (shallow < 1024 || shallow > 16 * 1024)
		_exit(3);
	deep = high_water_after(DEEP);
	if (deep < DEEP || deep < shallow || deep >= CORO_STACK_SIZE)
		_exit(4);
	if (high_water_after(1024) != deep || coro_high_water() != deep)
		_exit(5);
	if (high_water_after(DEEP + 16 * 1024) < deep + 16 * 1024 ||
	    coro_high_water() >= CORO_STACK_SIZE)
		_exit(6);
	_exit(42);
}

/* More stacks than the pool keeps: the last one is measured all the same. */
static void
measure_without_pool(void)
{
	static struct coro	*many[200];
	size_t			 shallow = 1024, deep = DEEP, i;

	for (i = 0; i < 200; i++) {
		many[i] = coro_new(goes_deep, leave_to_caller,
		    i == 199 ? &deep : &shallow);
		if (many[i] == NULL)
			_exit(2);
		coro_resume(many[i]);
	}
	for (i = 0; i < 200; i++)
		coro_free(many[i]);
	_exit(coro_high_water() >= DEEP ? 42 : 3);
}

/* How many pages of the last used stack the kernel has given memory to. */
static unsigned
pages_given(void)
{
	unsigned char	 given[CORO_STACK_SIZE / PAGE];
	unsigned	 n = 0;
	size_t		 i;

	if (mincore((void *)(top - CORO_STACK_SIZE), CORO_STACK_SIZE,
	    given) == -1)
		_exit(2);
	for (i = 0; i < sizeof(given); i++)
		n += given[i] & 1;
	return (n);
}

static void
only_notes_top(void *arg)
{
	(void)arg;
	note_top();
}

/* A page that is read gets memory, too, from some kernels. */
static void
measure_untouched(void)
{
	struct coro	*co = coro_new(only_notes_top, leave_to_caller, NULL);
	unsigned	 before;

	if (co == NULL)
		_exit(3);
	coro_resume(co);
	coro_free(co);
	before = pages_given();
	if (before == 0 || before > 8)
		_exit(4);
	if (coro_high_water() == 0 || pages_given() != before)
		_exit(5);
	_exit(42);
}

/* Handles SIGSEGV: was it the guard page, right below the stack? */
static void
on_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t	 at = (uintptr_t)info->si_addr;
	uintptr_t	 bottom = top - CORO_STACK_SIZE;

	(void)number;
	(void)context;
	_exit(at < bottom && at >= bottom - PAGE ? 42 : 1);
}

static void
overflows(void *arg)
{
	(void)arg;
	note_top();
	descend(SIZE_MAX, NULL);
}

static void
overflow_seen(void)
{
	static char	 alternate[64 * 1024];
	stack_t		 ss = { .ss_sp = alternate,
			    .ss_size = sizeof(alternate) };
	struct sigaction sa = { .sa_sigaction = on_fault,
			    .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct coro	*co;

	if (sigaltstack(&ss, NULL) == -1 ||
	    sigaction(SIGSEGV, &sa, NULL) == -1)
		_exit(2);
	co = coro_new(overflows, leave_to_caller, NULL);
	coro_resume(co);
	_exit(3);
}

static void
overflow(void)
{
	struct rlimit	 none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	coro_resume(coro_new(overflows, leave_to_caller, NULL));
	_exit(3);
}

static void
resumes_another(void *arg)
{
	coro_resume(arg);
}

static void
resume_in_a_coroutine(void)
{
	struct rlimit	 none = { 0, 0 };
	struct job	 a;

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	job_new(&a, "a", 0, 0);
	coro_resume(coro_new(resumes_another, leave_to_caller, a.co));
	_exit(3);
}

/* Runs fn in a child process, and returns its wait status. */
static int
in_a_child(void (*fn)(void))
{
	int	 status;
	pid_t	 pid;

	fflush(NULL);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		fn();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (status);
}

/* Runs first, because the children must start with an empty pool. */
static void
test_high_water(void **state)
{
	int	 status = in_a_child(measure);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);

	status = in_a_child(measure_without_pool);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);

	status = in_a_child(measure_untouched);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void
test_guard_page(void **state)
{
	int	 status = in_a_child(overflow_seen);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);

	status = in_a_child(overflow);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void
test_no_coroutine_in_a_coroutine(void **state)
{
	int	 status = in_a_child(resume_in_a_coroutine);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_high_water),
		TEST(test_exit_drops_the_stack),
		TEST(test_pool),
		TEST(test_guard_page),
		TEST(test_no_coroutine_in_a_coroutine),
	};

	return (cmocka_run_group_tests_name("coro_stack", tests, NULL, NULL));
}
