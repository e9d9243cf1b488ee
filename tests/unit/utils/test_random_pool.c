/* SPDX-License-Identifier: ISC */
/* Random bytes by the kilobyte: how often OpenSSL is asked, and for whom. */

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/rand.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utils/random_pool.h"

#define LEN	10	/* of a UUID's random bytes */

static unsigned		 asked;		/* how often OpenSSL was */
static int		 last_len;
static unsigned		 next;		/* what it gives; never 0 */
static bool		 fails;

/* Instead of OpenSSL's. */
int
RAND_bytes(unsigned char *out, int len)
{
	int	 i;

	asked++;
	last_len = len;
	if (fails) {
		memset(out, 0xee, (size_t)len);
		return (0);
	}
	for (i = 0; i < len; i++)
		out[i] = (unsigned char)(1 + next++ % 250);
	return (1);
}

static void
test_without_a_pool(void **state)
{
	unsigned char	 a[LEN];

	(void)state;
	asked = 0;
	assert_true(random_pool_take(a, sizeof(a)));
	assert_true(random_pool_take(a, sizeof(a)));
	assert_int_equal(asked, 2);
	assert_int_equal(last_len, LEN);
}

/* Begins a new pool, and takes one byte of it. */
static void
drain(void)
{
	unsigned char	 a;
	unsigned	 before = asked, i;

	for (i = 0; asked < before + 2 && i < 10000; i++)
		assert_true(random_pool_take(&a, 1));
	assert_int_equal(asked, before + 2);
}

static void
test_once_a_kilobyte(void **state)
{
	unsigned char	 a[LEN], before[LEN] = { 0 };
	int		 i;

	(void)state;
	random_pool_init();
	asked = 0;
	for (i = 0; i < 300; i++) {
		assert_true(random_pool_take(a, sizeof(a)));
		assert_memory_not_equal(a, before, sizeof(a));
		memcpy(before, a, sizeof(a));
	}
	assert_int_equal(asked, 3);
	assert_true(last_len >= 1000);
	random_pool_init();		/* changes nothing */
	assert_true(random_pool_take(a, sizeof(a)));
	assert_int_equal(asked, 4);
}

/* Each byte of OpenSSL's is given once, in order. */
static void
test_no_byte_twice(void **state)
{
	unsigned char	 a[7], expected;
	size_t		 i, n;

	(void)state;
	drain();
	assert_true(random_pool_take(a, 1));
	expected = a[0];
	for (n = 0; n < 100; n++) {
		assert_true(random_pool_take(a, sizeof(a)));
		for (i = 0; i < sizeof(a); i++) {
			expected = (unsigned char)(1 + expected % 250);
			assert_int_equal(a[i], expected);
		}
	}
}

static void
test_more_than_the_pool_has(void **state)
{
	static unsigned char	 a[5000];

	(void)state;
	assert_true(random_pool_take(a, sizeof(a)));
	assert_int_equal(last_len, sizeof(a));
}

/* Counts, in the pages that a fork empties, the bytes that are not zero. */
static size_t
count_waiting(void)
{
	unsigned long	 start = 0, end = 0, from, to, i;
	size_t		 n = 0;
	char		 line[512];
	FILE		*f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			start = from;
			end = to;
		}
		if (strncmp(line, "VmFlags:", 8) != 0 ||
		    strstr(line, " wf") == NULL)
			continue;
		for (i = start + sizeof(size_t); i < end; i++)
			n += *(unsigned char *)i != 0;
	}
	fclose(f);
	return (n);
}

static void
test_what_is_taken_is_wiped(void **state)
{
	unsigned char	 a[LEN];
	size_t		 before;

	(void)state;
	drain();
	before = count_waiting();
	assert_int_equal(before, 999);
	assert_true(random_pool_take(a, sizeof(a)));
	assert_int_equal(count_waiting(), before - LEN);
}

static void
test_a_child_has_nothing_of_it(void **state)
{
	unsigned char	 ours[LEN], theirs[LEN];
	int		 ends[2], status;
	pid_t		 pid;

	(void)state;
	drain();
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		if (count_waiting() != 0)
			_exit(2);
		asked = 0;
		next = 100;	/* OpenSSL gives each process other bytes */
		if (!random_pool_take(theirs, sizeof(theirs)) || asked != 1 ||
		    write(ends[1], theirs, sizeof(theirs)) != sizeof(theirs))
			_exit(3);
		_exit(42);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	asked = 0;
	assert_true(random_pool_take(ours, sizeof(ours)));
	assert_int_equal(asked, 0);
	assert_int_equal(read(ends[0], theirs, sizeof(theirs)),
	    sizeof(theirs));
	assert_memory_not_equal(ours, theirs, sizeof(ours));
	close(ends[0]);
	close(ends[1]);
}

static void *
take_elsewhere(void *a)
{
	return (random_pool_take(a, LEN) ? a : NULL);
}

static void
test_another_thread_asks_for_itself(void **state)
{
	unsigned char	 a[LEN];
	size_t		 before;
	pthread_t	 thread;
	void		*result;

	(void)state;
	drain();
	before = count_waiting();
	asked = 0;
	assert_int_equal(pthread_create(&thread, NULL, take_elsewhere, a), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, a);
	assert_int_equal(asked, 1);
	assert_int_equal(last_len, LEN);
	assert_int_equal(count_waiting(), before);
}

static void
test_openssl_fails(void **state)
{
	static const unsigned char	 zeros[LEN];
	unsigned char			 a[LEN];
	int				 i;

	(void)state;
	drain();
	fails = true;
	for (i = 0; i < 99; i++)
		assert_true(random_pool_take(a, sizeof(a)));
	for (i = 0; i < 2; i++) {
		memset(a, 7, sizeof(a));
		assert_false(random_pool_take(a, sizeof(a)));
		assert_memory_equal(a, zeros, sizeof(a));
	}
	fails = false;
	asked = 0;
	assert_true(random_pool_take(a, sizeof(a)));
	assert_int_equal(asked, 1);
	assert_memory_not_equal(a, zeros, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_without_a_pool),
		cmocka_unit_test(test_once_a_kilobyte),
		cmocka_unit_test(test_no_byte_twice),
		cmocka_unit_test(test_more_than_the_pool_has),
		cmocka_unit_test(test_what_is_taken_is_wiped),
		cmocka_unit_test(test_a_child_has_nothing_of_it),
		cmocka_unit_test(test_another_thread_asks_for_itself),
		cmocka_unit_test(test_openssl_fails),
	};

	return (cmocka_run_group_tests_name("random_pool", tests, NULL, NULL));
}
