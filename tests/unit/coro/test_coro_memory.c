/* SPDX-License-Identifier: ISC */
/* How many stacks are mapped, which are kept, and what if none can be. */

/* sources: src/coro/coro.c src/base/mem.c src/base/faults.c */
/* defines: -Dmmap=fake_mmap -Dmunmap=fake_munmap -Dmprotect=fake_mprotect */

#include "coro_fixture.h"

#include <sys/mman.h>

#define STACKS	200
#define KEPT	64		/* for the next coroutines */

#undef mmap
#undef munmap
#undef mprotect
void	*mmap(void *, size_t, int, int, int, off_t);
int	 munmap(void *, size_t);
int	 mprotect(void *, size_t, int);

static unsigned	mapped;		/* now */
static unsigned	maps, guards;	/* in all */
static size_t	length;		/* of each */
static bool	no_map, no_guard;

void *
fake_mmap(void *at, size_t n, int mode, int flags, int fd, off_t offset)
{
	if (no_map)
		return (MAP_FAILED);
	length = n;
	mapped++;
	maps++;
	return (mmap(at, n, mode, flags, fd, offset));
}

int
fake_munmap(void *at, size_t n)
{
	assert_int_equal(n, length);
	mapped--;
	return (munmap(at, n));
}

/* The lowest page, below the stack. */
int
fake_mprotect(void *at, size_t n, int mode)
{
	if (no_guard)
		return (-1);
	assert_int_equal(n, length - CORO_STACK_SIZE);
	assert_int_equal(mode, PROT_NONE);
	guards++;
	return (mprotect(at, n, mode));
}

static void
schedule(void)
{
}

static int
setup(void **state)
{
	(void)state;
	coro_init(STACKS, schedule);
	no_map = no_guard = false;
	heard();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 ? 0 : -1);
}

/* Runs first: no stack is kept yet. */
static void
test_no_stack_can_be_mapped(void **state)
{
	struct job	 a;

	(void)state;
	no_map = true;
	assert_null(coro_new(job_run, job_done, &a));
	no_map = false;
	no_guard = true;		/* without a guard it is none */
	assert_null(coro_new(job_run, job_done, &a));
	assert_int_equal(maps, 1);
	assert_int_equal(mapped, 0);
	assert_int_equal(coro_count(), 0);

	no_guard = false;
	job_new(&a, "a", 0, 0);
	coro_resume(a.co);
	assert_string_equal(heard(), "a /a");
	assert_int_equal(guards, 1);
}

static void
test_a_stack_is_used_again(void **state)
{
	struct job	 a;
	unsigned	 before, i;

	(void)state;
	before = maps;
	for (i = 0; i < 3; i++) {
		job_new(&a, "a", 0, 0);
		coro_resume(a.co);
	}
	assert_int_equal(maps, before);
	assert_int_equal(mapped, 1);
}

static void
test_so_many_are_kept(void **state)
{
	static struct job	 jobs[STACKS];
	unsigned		 i;

	(void)state;
	for (i = 0; i < STACKS; i++)
		job_new(&jobs[i], "", 0, 0);
	assert_int_equal(mapped, STACKS);
	for (i = 0; i < STACKS; i++) {
		coro_resume(jobs[i].co);
		heard();
	}
	assert_int_equal(mapped, KEPT);
	assert_int_equal(guards, STACKS);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_no_stack_can_be_mapped),
		TEST(test_a_stack_is_used_again),
		TEST(test_so_many_are_kept),
	};

	return (cmocka_run_group_tests_name("coro_memory", tests, NULL, NULL));
}
