/* SPDX-License-Identifier: ISC */
/* Buckets of rate limits, shared by processes, some of which are killed. */

/* sources: src/middleware/buckets.c */
/* defines: -Wl,--wrap=pthread_mutex_consistent */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "buckets_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* Several processes take from the same buckets, and from too many buckets. */

#define PROCESSES	8
#define HANG_SECONDS	60		/* then SIGALRM ends the test */

int	__real_pthread_mutex_consistent(pthread_mutex_t *);
int	__wrap_pthread_mutex_consistent(pthread_mutex_t *);

/* How often a lock was found that a killed process had held. */
static unsigned	recovered;

int
__wrap_pthread_mutex_consistent(pthread_mutex_t *mutex)
{
	recovered++;
	return (__real_pthread_mutex_consistent(mutex));
}

/* A process that waits for the start; it ends with the test. */
static pid_t
process(void (*run)(unsigned), unsigned id, const int start[2])
{
	char	 c;
	pid_t	 pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid > 0)
		return (pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(start[1]);
	while (read(start[0], &c, 1) == -1 && errno == EINTR)
		;
	run(id);
	_exit(0);
}

/* Runs it in PROCESSES processes at the same time. */
static void
together(void (*run)(unsigned))
{
	pid_t	 pids[PROCESSES];
	int	 start[2], status;
	size_t	 i;

	assert_int_equal(pipe(start), 0);
	alarm(HANG_SECONDS);
	for (i = 0; i < PROCESSES; i++)
		pids[i] = process(run, (unsigned)i, start);
	close(start[0]);
	close(start[1]);
	for (i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	alarm(0);
}

static struct bucket_rule	 rule;
static unsigned			 takes;		/* of each process */
static unsigned			*taken;		/* by each, shared */

static void
take_some(unsigned id)
{
	unsigned	 i;

	for (i = 0; i < takes; i++)
		taken[id] += take(&rule, NOW);
}

/* Returns how many of all takes succeed. */
static unsigned
all_take(uint64_t quota, unsigned each)
{
	unsigned	 i, n = 0;

	fresh_key(NULL);
	rule.quota = quota;
	rule.window = 3600 * SECOND;
	takes = each;
	memset(taken, 0, PROCESSES * sizeof(*taken));
	together(take_some);
	for (i = 0; i < PROCESSES; i++)
		n += taken[i];
	return (n);
}

static void
test_processes_share_a_quota(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 20; i++)
		assert_int_equal(all_take(50, 25), 50);
	assert_int_equal(all_take(1, 25), 1);
	assert_int_equal(all_take(200, 25), 200);
	assert_int_equal(all_take(1000, 25), 200);
	/* Long enough that the processes do meet. */
	assert_int_equal(all_take(36000, 20000), 36000);
	assert_false(take(&rule, NOW));
}

static void
take_and_give(unsigned id)
{
	unsigned	 i;

	for (i = 0; i < takes; i++) {
		if (!take(&rule, NOW))
			continue;
		taken[id]++;
		buckets_give(key, &rule, NOW);
	}
}

static void
test_processes_give_back(void **state)
{
	unsigned	 i;

	(void)state;
	rule = (struct bucket_rule){ PROCESSES, 3600 * SECOND };
	takes = 20000;
	memset(taken, 0, PROCESSES * sizeof(*taken));
	together(take_and_give);
	/* Each process always found one. */
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(taken[i], takes);
	assert_int_equal(drain(&rule, NOW, 100), PROCESSES);
}

/* Another key in the same set of the table, under the same lock. */
static void
neighbour(unsigned char k[BUCKET_KEY], uint64_t n)
{
	memcpy(k, key, BUCKET_KEY);
	memcpy(k + 2, &n, sizeof(n));
}

static const struct bucket_rule	light = { 60, 60 * SECOND };
static const struct bucket_rule	heavy = { 10, 3600 * SECOND };

/* Runs until the process is killed. */
static void
take_for_ever(unsigned id)
{
	unsigned char	 k[BUCKET_KEY];
	uint64_t	 n;

	for (n = 0;; n++) {
		neighbour(k, (uint64_t)id << 32 | n % 100);
		take_key(k, &light, NOW);
	}
}

/* Repeats until a lock was left locked often enough. */
static void
test_a_process_killed_while_it_takes(void **state)
{
	unsigned char	 k[BUCKET_KEY];
	unsigned	 i, seed = 1;
	int		 start[2], status;
	pid_t		 pid;

	(void)state;
	assert_int_equal(drain(&heavy, NOW, 100), 10);
	alarm(HANG_SECONDS);
	for (i = 1; recovered < 20; i++) {
		assert_int_equal(pipe(start), 0);
		pid = process(take_for_ever, i, start);
		close(start[0]);
		close(start[1]);
		usleep(500 + (useconds_t)rand_r(&seed) % 1000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		/* The lock can be taken; the bucket is still empty. */
		assert_false(take(&heavy, NOW));
		neighbour(k, UINT64_MAX - i);
		assert_true(take_key(k, &light, NOW));
	}
	alarm(0);
	assert_true(i > 1);
}

/* Every new key gets a bucket, however many there are. */
static void
test_more_keys_than_there_is_room_for(void **state)
{
	static const struct bucket_rule	 one = { 1, 3600 * SECOND };
	struct bucket_state		 left;
	unsigned char			 k[BUCKET_KEY];
	uint64_t			 n;

	(void)state;
	for (n = 0; n < 300000; n++) {
		make_key(k, n);
		if (!buckets_take(k, &one, NOW, &left))
			fail_msg("key %llu", (unsigned long long)n);
		assert_int_equal(left.full, 3600 * SECOND);
		/* It keeps the bucket at least until the next key comes. */
		assert_false(take_key(k, &one, NOW));
	}
	/* Giving back needs no bucket of its own. */
	for (n = 0; n < 300000; n++) {
		make_key(k, n);
		buckets_give(k, &one, NOW);
		assert_true(take_key(k, &one, NOW));
	}
}

/* All keys are in one set, whose other buckets have long been full. */
static void
test_keys_that_collide(void **state)
{
	const uint64_t	 now = NOW + 7200 * SECOND;
	unsigned char	 k[BUCKET_KEY];
	uint64_t	 n;

	(void)state;
	assert_int_equal(drain(&heavy, now, 100), 10);
	for (n = 0; n < 10000; n++) {
		neighbour(k, n);
		assert_true(take_key(k, &light, now));
		/* The bucket that needs longest to be full stays. */
		assert_false(take(&heavy, now));
	}
}

static int
setup(void **state)
{
	taken = mmap(NULL, PROCESSES * sizeof(*taken),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return (taken != MAP_FAILED ? buckets_setup(state) : -1);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, fresh_key)
	const struct CMUnitTest	tests[] = {
		TEST(test_processes_share_a_quota),
		TEST(test_processes_give_back),
		TEST(test_a_process_killed_while_it_takes),
		TEST(test_more_keys_than_there_is_room_for),
		TEST(test_keys_that_collide),
	};

	return (cmocka_run_group_tests_name("buckets_shared", tests, setup,
	    NULL));
}
