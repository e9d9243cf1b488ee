/* SPDX-License-Identifier: ISC */
/* Arenas: alignment, reserve, wiping, and memory that runs out. */

/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* defines: -DFAULTS -Wl,--wrap=free */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/faults.h"
#include "base/mem.h"

#define PIECES	400
#define BIG	(1024 * 1024)

const char	*__asan_default_options(void);
void		 __real_free(void *);
void		 __wrap_free(void *);

/* Allocations that are too large return NULL, as without the sanitizer. */
const char *
__asan_default_options(void)
{
	return ("allocator_may_return_null=1");
}

/* Regions whose bytes are checked when their block is freed. */
static struct {
	const unsigned char	*data;
	size_t			 len;
	unsigned		 freed;
	size_t			 left;		/* bytes that are not zero */
} watched[8];
static unsigned	nwatched;

void
__wrap_free(void *p)
{
	const unsigned char	*start = p, *at;
	unsigned		 i;

	for (i = 0; p != NULL && i < nwatched; i++) {
		at = watched[i].data;
		if (at < start || at >= start + malloc_usable_size(p))
			continue;
		watched[i].freed++;
		for (; at < watched[i].data + watched[i].len; at++)
			watched[i].left += *at != 0;
	}
	__real_free(p);
}

static void
watch(const void *data, size_t len)
{
	memset(&watched[nwatched], 0, sizeof(watched[0]));
	watched[nwatched].data = data;
	watched[nwatched++].len = len;
}

static void
assert_aligned(const void *p)
{
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
}

/* Pieces of every small size are aligned and do not overlap. */
static void
test_pieces(void **state)
{
	struct arena	 a = { 0 };
	unsigned char	*pieces[PIECES];
	size_t		 i, j;

	(void)state;
	for (i = 0; i < PIECES; i++) {
		assert_aligned(pieces[i] = arena_alloc(&a, i));
		memset(pieces[i], (int)(i % 251 + 1), i);
	}
	for (i = 0; i < PIECES; i++) {
		for (j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i % 251 + 1);
	}
	arena_free(&a, false);
	assert_null(a.chunks);
}

static void
test_large_blocks(void **state)
{
	static const size_t	 sizes[] = { 4063, 4064, 4065, 4079, 4080,
				    4081, 4096, 8192, BIG, BIG + 1 };
	struct arena		 a = { 0 };
	unsigned char		*small, *large;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_aligned(small = arena_alloc(&a, 24));
		memset(small, 0x11, 24);
		assert_aligned(large = arena_alloc(&a, sizes[i]));
		memset(large, 0x22, sizes[i]);
		assert_int_equal(small[0], 0x11);
		assert_int_equal(small[23], 0x11);
		assert_aligned(small = arena_alloc(&a, 1));
		*small = 0x33;
		assert_int_equal(large[0], 0x22);
		assert_int_equal(large[sizes[i] - 1], 0x22);
	}
	arena_free(&a, true);
}

static void
test_count(void **state)
{
	struct arena	 a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(arena_count(), 0);
	arena_free(&a, false);
	assert_int_equal(arena_count(), 0);
	assert_non_null(arena_alloc(&a, 1));
	assert_int_equal(arena_count(), 1);
	assert_non_null(arena_alloc(&a, BIG));
	assert_int_equal(arena_count(), 1);
	assert_non_null(arena_alloc(&b, 0));
	assert_int_equal(arena_count(), 2);
	arena_free(&a, true);
	assert_int_equal(arena_count(), 1);
	arena_free(&a, true);
	assert_int_equal(arena_count(), 1);
	arena_free(&b, false);
	assert_int_equal(arena_count(), 0);

	/* It can be used again. */
	assert_non_null(arena_alloc(&a, 1));
	assert_int_equal(arena_count(), 1);
	arena_free(&a, false);
	assert_int_equal(arena_count(), 0);
}

/* Fills an arena of several chunks, frees it, counts the bytes not wiped. */
static size_t
left_over(bool wipe)
{
	static const size_t	 sizes[] = { 1, 15, 100, 3000, 3000, BIG, 64 };
	struct arena		 a = { 0 };
	unsigned char		*p;
	size_t			 i, left = 0;

	nwatched = 0;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_non_null(p = arena_alloc(&a, sizes[i]));
		memset(p, 's', sizes[i]);
		watch(p, sizes[i]);
	}
	arena_free(&a, wipe);
	for (i = 0; i < nwatched; i++) {
		assert_int_equal(watched[i].freed, 1);
		left += watched[i].left;
	}
	nwatched = 0;
	return (left);
}

static void
test_wipe(void **state)
{
	(void)state;
	assert_int_equal(left_over(true), 0);
	/* Without wipe they are left, so this test would notice them. */
	assert_int_equal(left_over(false), 1 + 15 + 100 + 6000 + BIG + 64);
}

static void
test_huge(void **state)
{
	static const size_t	 sizes[] = { SIZE_MAX, SIZE_MAX - 1,
				    SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 32,
				    SIZE_MAX - 4096, SIZE_MAX / 2 + 1,
				    SIZE_MAX / 2, SIZE_MAX / 2 - 15 };
	struct arena		 a = { 0 };
	char			*p;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_null(arena_alloc(&a, sizes[i]));
	assert_null(a.chunks);
	assert_int_equal(arena_count(), 0);

	assert_non_null(p = arena_alloc(&a, 10));
	strcpy(p, "unharmed!");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_null(arena_alloc(&a, sizes[i]));
	assert_ptr_equal(arena_alloc(&a, 1), p + 16);
	assert_string_equal(p, "unharmed!");
	assert_int_equal(arena_count(), 1);
	arena_free(&a, false);
}

/* The N-th chunk fails, once; earlier allocations are unchanged. */
static void
test_memory_short(void **state)
{
	char		 header[] = "alloc=0";
	struct faults	 faults;
	struct arena	 a = { 0 };
	unsigned	 before, i, n;
	char		*p, *first = NULL;

	(void)state;
	for (n = 1; n <= 5; n++) {
		header[6] = (char)('0' + n);
		faults_parse(&faults, header);
		faults_select(&faults);
		before = mem_failures();
		for (i = 1; i <= 6; i++) {
			p = arena_alloc(&a, 3000);
			assert_int_equal(p == NULL, i == n);
			assert_int_equal(arena_count(), i > 1 || n > 1);
			if (p == NULL)
				continue;
			if (first == NULL)
				first = memset(p, (int)n, 3000);
			else
				memset(p, 0xff, 3000);
		}
		faults_select(NULL);
		assert_int_equal(mem_failures(), before + 1);
		assert_non_null(first);
		assert_int_equal(first[0], n);
		assert_int_equal(first[2999], n);
		first = NULL;
		arena_free(&a, false);
		assert_int_equal(arena_count(), 0);
	}
}

/* Reserved memory is available even when memory is short. */
static void
test_reserve(void **state)
{
	static const size_t	 sizes[] = { 1, 4000, 6144, 20000 };
	struct faults		 faults;
	struct arena		 a = { 0 };
	size_t			 i, had;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		faults_parse(&faults, "alloc=1");
		faults_select(&faults);
		assert_false(arena_reserve(&a, sizes[i]));
		faults_select(NULL);
		assert_non_null(arena_alloc(&a, 100));
		assert_true(arena_reserve(&a, sizes[i]));

		faults_parse(&faults, "alloc=1");
		faults_select(&faults);
		assert_true(arena_reserve(&a, sizes[i]));
		for (had = 0; had + 16 <= sizes[i]; had += 16)
			assert_non_null(arena_alloc(&a, 16));
		faults_select(NULL);
		arena_free(&a, false);
		assert_int_equal(arena_count(), 0);
	}
}

/* What jansson gets when malloc() fails. */
static char *
from_the_reserve(size_t len)
{
	struct faults	 faults;
	unsigned	 before = mem_failures();
	char		*p;

	faults_parse(&faults, "alloc=1");
	faults_select(&faults);
	p = mem_reserve_alloc(len);
	faults_select(NULL);
	assert_aligned(p);
	assert_int_equal(mem_failures(), before + 1);
	memset(p, 0xff, len);
	return (p);
}

/* It is used from its start again when nothing of it is in use. */
static void
test_the_reserve_of_jansson(void **state)
{
	char	*first, *second, *third;

	(void)state;
	first = from_the_reserve(1);
	second = from_the_reserve(17);
	assert_ptr_equal(second, first + 16);
	mem_reserve_free(first);
	third = from_the_reserve(1);
	assert_ptr_equal(third, second + 32);
	mem_reserve_free(NULL);
	mem_reserve_free(second);
	mem_reserve_free(third);
	assert_ptr_equal(from_the_reserve(BIG), first);
	mem_reserve_free(first);
	assert_ptr_equal(from_the_reserve(1), first);
	mem_reserve_free(first);
}

/* It may have held a password. */
static void
test_what_jansson_frees_is_wiped(void **state)
{
	unsigned char	*p = mem_reserve_alloc(100);

	(void)state;
	memset(p, 0xff, 100);
	nwatched = 0;
	watch(p, 100);
	mem_reserve_free(p);
	assert_int_equal(watched[0].freed, 1);
	assert_int_equal(watched[0].left, 0);
	nwatched = 0;
}

static void
test_faults(void **state)
{
	static const char *const nothing[] = { NULL, "", "alloc", "alloc=",
	    "alloc=0", "alloc=x", " alloc=1", "ALLOC=1", "other=1" };
	struct faults	 faults, other;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		memset(&faults, 0xff, sizeof(faults));
		faults_parse(&faults, nothing[i]);
		faults_select(&faults);
		assert_false(fault_hit(FAULT_ALLOC));
		assert_false(fault_hit(FAULT_QUERY));
		assert_false(fault_hit(FAULT_STALL));
	}

	/* Each kind and each request has its own countdown. */
	faults_parse(&faults, "query=2");
	faults_parse(&other, "stall=1");
	faults_select(&faults);
	assert_false(fault_hit(FAULT_ALLOC));
	assert_false(fault_hit(FAULT_QUERY));
	faults_select(&other);
	assert_false(fault_hit(FAULT_QUERY));
	assert_true(fault_hit(FAULT_STALL));
	assert_false(fault_hit(FAULT_STALL));
	faults_select(NULL);
	assert_false(fault_hit(FAULT_QUERY));
	faults_select(&faults);
	assert_true(fault_hit(FAULT_QUERY));
	assert_false(fault_hit(FAULT_QUERY));
	faults_select(NULL);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_large_blocks),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_memory_short),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_the_reserve_of_jansson),
		cmocka_unit_test(test_what_jansson_frees_is_wiped),
		cmocka_unit_test(test_faults),
	};

	return (cmocka_run_group_tests_name("arena", tests, NULL, NULL));
}
