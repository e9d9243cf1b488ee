/* SPDX-License-Identifier: ISC */
/* Buckets of rate limits: what is taken, given back, and left. */

/* sources: src/middleware/buckets.c */

#include "buckets_fixture.h"

/* Ten at once, then one every six seconds. */
static const struct bucket_rule	ten = { 10, 60 * SECOND };

static void
assert_left(bool taken, uint64_t now, uint64_t remaining, uint64_t next,
    uint64_t full)
{
	struct bucket_state	 left;

	memset(&left, 0xff, sizeof(left));
	assert_int_equal(buckets_take(key, &ten, now, &left), taken);
	assert_int_equal(left.remaining, remaining);
	assert_int_equal(left.next, next);
	assert_int_equal(left.full, full);
}

static void
test_a_quota_at_once_then_one_each_share(void **state)
{
	uint64_t	 now = NOW, i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_true(take(&ten, now));
	assert_false(take(&ten, now));
	assert_false(take(&ten, now));
	for (i = 0; i < 20; i++) {
		now += 6 * SECOND;
		assert_false(take(&ten, now - 1));
		assert_true(take(&ten, now));
		assert_false(take(&ten, now));
	}
	/* It is full again, and not more than full. */
	assert_int_equal(drain(&ten, now + 60 * SECOND, 100), 10);
	assert_int_equal(drain(&ten, now + 6000 * SECOND, 100), 10);
}

static void
test_it_refills_over_time(void **state)
{
	(void)state;
	assert_int_equal(drain(&ten, NOW, 100), 10);
	assert_int_equal(drain(&ten, NOW + 18 * SECOND, 100), 3);
	assert_int_equal(drain(&ten, NOW + 42 * SECOND - 1, 100), 3);
	assert_int_equal(drain(&ten, NOW + 42 * SECOND, 100), 1);
}

static void
test_what_is_left(void **state)
{
	uint64_t	 i;

	(void)state;
	for (i = 1; i < 10; i++)
		assert_left(true, NOW, 10 - i, 0, 6 * i * SECOND);
	assert_left(true, NOW, 0, 6 * SECOND, 60 * SECOND);
	/* A refusal changes nothing. */
	assert_left(false, NOW, 0, 6 * SECOND, 60 * SECOND);
	assert_left(false, NOW, 0, 6 * SECOND, 60 * SECOND);
	assert_left(false, NOW + 1, 0, 6 * SECOND - 1, 60 * SECOND - 1);
	assert_left(false, NOW + 6 * SECOND - 1, 0, 1, 54 * SECOND + 1);
	assert_left(true, NOW + 6 * SECOND, 0, 6 * SECOND, 60 * SECOND);
	/* A part of the next one has come. */
	assert_left(true, NOW + 15 * SECOND, 0, 3 * SECOND, 57 * SECOND);
	/* Of one and a half, one is left. */
	assert_left(true, NOW + 27 * SECOND, 1, 0, 51 * SECOND);
	/* Long after that. */
	assert_left(true, NOW + 600 * SECOND, 9, 0, 6 * SECOND);
}

/* After `next` one can be taken, and not before. */
static void
test_next_is_when_there_is_one(void **state)
{
	struct bucket_state	 left;
	uint64_t		 now = NOW;
	unsigned		 seed = 1, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		now += (uint64_t)rand_r(&seed) % (4 * SECOND);
		while (buckets_take(key, &ten, now, &left))
			;
		assert_int_equal(left.remaining, 0);
		assert_in_range(left.next, 1, 6 * SECOND);
		assert_false(take(&ten, now + left.next - 1));
		now += left.next;
		assert_true(buckets_take(key, &ten, now, &left));
	}
}

/* After `full` all can be taken, and not before. */
static void
test_full_is_when_all_are_there(void **state)
{
	struct bucket_state	 left;
	uint64_t		 early, n, i;

	(void)state;
	for (n = 1; n <= 10; n++) {
		for (early = 0; early <= 1; early++) {
			fresh_key(NULL);
			for (i = 0; i < n; i++)
				buckets_take(key, &ten, NOW, &left);
			assert_int_equal(drain(&ten, NOW + left.full - early,
			    100), 10 - early);
		}
	}
}

static void
test_a_quota_of_one(void **state)
{
	static const struct bucket_rule	 one = { 1, 5 * SECOND };
	struct bucket_state		 left;

	(void)state;
	assert_true(buckets_take(key, &one, NOW, &left));
	assert_int_equal(left.remaining, 0);
	assert_int_equal(left.next, 5 * SECOND);
	assert_int_equal(left.full, 5 * SECOND);
	assert_false(take(&one, NOW));
	assert_false(buckets_take(key, &one, NOW + 5 * SECOND - 1, &left));
	assert_int_equal(left.next, 1);
	assert_true(take(&one, NOW + 5 * SECOND));
	assert_false(take(&one, NOW + 5 * SECOND));
	buckets_give(key, &one, NOW + 5 * SECOND);
	assert_true(take(&one, NOW + 5 * SECOND));
	assert_false(take(&one, NOW + 5 * SECOND));
}

/* Quotas are exact, even when they do not divide the window. */
static void
assert_exact(uint64_t quota, uint64_t seconds)
{
	struct bucket_rule	 rule = { quota, seconds * SECOND };
	struct bucket_state	 left;
	uint64_t		 n;

	fresh_key(NULL);
	assert_true(buckets_take(key, &rule, NOW, &left));
	n = drain(&rule, NOW, 2 * quota) + 1;
	if (n != quota || left.remaining != quota - 1)
		fail_msg("%llu of %llu in %llu s at once, %llu after one",
		    (unsigned long long)n, (unsigned long long)quota,
		    (unsigned long long)seconds,
		    (unsigned long long)left.remaining);
}

static void
test_uneven_shares(void **state)
{
	(void)state;
	assert_exact(3, 1);
	assert_exact(3, 10);
	assert_exact(7, 60);
	assert_exact(11, 60);
	assert_exact(30, 60);
	assert_exact(77, 3600);
	assert_exact(999, 1);
	assert_exact(1000, 1);
}

/* rate_limit.c allows up to 1,000,000 in a second. */
static void
test_uneven_shares_of_large_quotas(void **state)
{
	(void)state;
	assert_exact(1000000, 1);
	assert_exact(500000, 1);
	assert_exact(1415, 1);
	assert_exact(90000, 60);
	assert_exact(600000, 1);
}

static void
test_given_back(void **state)
{
	(void)state;
	assert_left(true, NOW, 9, 0, 6 * SECOND);
	buckets_give(key, &ten, NOW);
	/* As if it had never been taken. */
	assert_left(true, NOW, 9, 0, 6 * SECOND);
	assert_left(true, NOW, 8, 0, 12 * SECOND);
	buckets_give(key, &ten, NOW + SECOND);
	assert_left(true, NOW + SECOND, 8, 0, 11 * SECOND);

	assert_int_equal(drain(&ten, NOW + SECOND, 100), 8);
	buckets_give(key, &ten, NOW + SECOND);
	buckets_give(key, &ten, NOW + SECOND);
	assert_int_equal(drain(&ten, NOW + SECOND, 100), 2);
}

/* A full bucket stays full: nothing exceeds the quota. */
static void
test_given_back_to_a_full_one(void **state)
{
	(void)state;
	buckets_give(key, &ten, NOW);
	buckets_give(key, &ten, NOW);
	assert_int_equal(drain(&ten, NOW, 100), 10);
	buckets_give(key, &ten, NOW + 60 * SECOND);
	assert_int_equal(drain(&ten, NOW + 60 * SECOND, 100), 10);
	/* Half of one is missing. */
	buckets_give(key, &ten, NOW + 117 * SECOND);
	assert_int_equal(drain(&ten, NOW + 117 * SECOND, 100), 10);
	assert_left(false, NOW + 117 * SECOND, 0, 6 * SECOND, 60 * SECOND);
}

static void
test_keys_have_buckets_of_their_own(void **state)
{
	unsigned char	 other[BUCKET_KEY];
	unsigned	 i;

	(void)state;
	assert_int_equal(drain(&ten, NOW, 100), 10);
	for (i = 0; i < BUCKET_KEY * 8; i++) {
		memcpy(other, key, sizeof(other));
		other[i / 8] ^= (unsigned char)(1 << i % 8);
		assert_true(take_key(other, &ten, NOW));
		/* Nor does it change another bucket. */
		buckets_give(other, &ten, NOW);
		buckets_give(other, &ten, NOW);
		if (i % 8 == 7)
			assert_false(take(&ten, NOW));
	}
}

/* Two workers read their clocks in one order and use them in the other. */
static void
test_a_clock_that_is_behind(void **state)
{
	(void)state;
	assert_left(true, NOW, 9, 0, 6 * SECOND);
	assert_left(true, NOW - 3 * SECOND, 7, 0, 15 * SECOND);
	assert_int_equal(drain(&ten, NOW, 100), 8);
	assert_left(false, NOW - 3 * SECOND, 0, 9 * SECOND, 63 * SECOND);
	assert_left(false, NOW, 0, 6 * SECOND, 60 * SECOND);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, fresh_key)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_quota_at_once_then_one_each_share),
		TEST(test_it_refills_over_time),
		TEST(test_what_is_left),
		TEST(test_next_is_when_there_is_one),
		TEST(test_full_is_when_all_are_there),
		TEST(test_a_quota_of_one),
		TEST(test_uneven_shares),
		TEST(test_uneven_shares_of_large_quotas),
		TEST(test_given_back),
		TEST(test_given_back_to_a_full_one),
		TEST(test_keys_have_buckets_of_their_own),
		TEST(test_a_clock_that_is_behind),
	};

	return (cmocka_run_group_tests_name("buckets", tests, buckets_setup,
	    NULL));
}
