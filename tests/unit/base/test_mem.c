/* SPDX-License-Identifier: ISC */
/* The reserve for jansson, that what it frees is wiped, and the ticks. */

/* sources: src/base/mem.c src/base/faults.c */
/* defines: -DFAULTS -Wl,--wrap=free,--wrap=malloc_trim */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/mem.h"

void		 __real_free(void *);
void		 __wrap_free(void *);

static const char	*watched;	/* until it is freed */
static size_t		 left;		/* bytes that are not zero by then */

static unsigned		 ntrims;

int		 __wrap_malloc_trim(size_t);

int
__wrap_malloc_trim(size_t pad)
{
	assert_int_equal(pad, 0);
	ntrims++;
	return (1);
}

void
__wrap_free(void *p)
{
	size_t	 i;

	for (i = 0; p != NULL && p == watched && i < malloc_usable_size(p);
	    i++)
		left += watched[i] != 0;
	if (p == watched)
		watched = NULL;
	__real_free(p);
}

static size_t
left_after(void (*release)(void *), size_t len)
{
	char	*p = mem_alloc(len);

	assert_non_null(p);
	memset(p, 's', len);
	watched = p;
	left = 0;
	release(p);
	assert_null(watched);
	return (left);
}

static void
test_what_jansson_frees_is_wiped(void **state)
{
	static const size_t	 sizes[] = { 1, 15, 16, 100, 5000, 300000 };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(left_after(mem_reserve_free, sizes[i]), 0);
		/* This one does not, so the test would notice. */
		assert_int_equal(left_after(mem_free, sizes[i]), sizes[i]);
	}
	mem_reserve_free(NULL);
}

static void *
allocate_from_reserve(size_t len)
{
	struct faults	 faults;
	void		*p;

	faults_parse(&faults, "alloc=1");
	faults_select(&faults);
	p = mem_reserve_alloc(len);
	faults_select(NULL);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
	return (p);
}

/* It counts as a failure, and its memory is used again when all is free. */
static void
test_the_reserve(void **state)
{
	unsigned	 before = mem_failures();
	char		*a, *b, *c;

	(void)state;
	a = allocate_from_reserve(1);
	b = allocate_from_reserve(17);
	c = allocate_from_reserve(16);
	assert_int_equal(mem_failures(), before + 3);
	assert_int_equal(b - a, 16);
	assert_int_equal(c - b, 32);
	mem_reserve_free(a);
	mem_reserve_free(c);
	assert_ptr_equal(allocate_from_reserve(16), c + 16);
	mem_reserve_free(b);
	mem_reserve_free(c + 16);
	assert_ptr_equal(allocate_from_reserve(1024 * 1024), a);
	mem_reserve_free(a);
}

/* In the second tick after the last large memory, and once. */
static void
test_large_memory_is_given_back(void **state)
{
	(void)state;
	mem_tick();
	mem_tick();
	ntrims = 0;
	mem_free(mem_alloc(100000));
	mem_free(NULL);
	mem_tick();
	mem_tick();
	mem_tick();
	assert_int_equal(ntrims, 0);
	mem_free(mem_alloc(128 * 1024));
	mem_tick();
	mem_free(mem_alloc(128 * 1024));
	mem_tick();
	assert_int_equal(ntrims, 0);
	mem_tick();
	assert_int_equal(ntrims, 1);
	mem_tick();
	assert_int_equal(ntrims, 1);
}

static void
test_only_failures_count(void **state)
{
	unsigned	 before = mem_failures();
	struct faults	 faults;

	(void)state;
	mem_free(mem_alloc(1));
	mem_free(mem_calloc(1, 1));
	mem_reserve_free(mem_reserve_alloc(1));
	mem_free(NULL);
	assert_int_equal(mem_failures(), before);
	faults_parse(&faults, "alloc=1");
	faults_select(&faults);
	assert_null(mem_alloc(1));
	faults_parse(&faults, "alloc=1");
	faults_select(&faults);
	assert_null(mem_calloc(1, 1));
	faults_select(NULL);
	assert_int_equal(mem_failures(), before + 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_what_jansson_frees_is_wiped),
		cmocka_unit_test(test_the_reserve),
		cmocka_unit_test(test_only_failures_count),
		cmocka_unit_test(test_large_memory_is_given_back),
	};

	return (cmocka_run_group_tests_name("mem", tests, NULL, NULL));
}
