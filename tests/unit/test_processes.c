/* SPDX-License-Identifier: ISC */
/*
 * What is left when Kore's parent dies: no process, whenever that is after the
 * fork, and no shared memory. The parent here is a child of the test.
 */

/* sources: src/processes.c */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "processes.h"

int		 prctl(int, ...);

static int	 pdeath;	/* set by prctl() */
static int	 alive[2];	/* ends when all others have ended */
static int	 until[2];	/* prctl() waits for its end, if it is open */

/* In a child of the parent; late, if the test says so. */
int
prctl(int option, ...)
{
	va_list	 args;
	char	 byte;

	va_start(args, option);
	if (option == PR_SET_PDEATHSIG)
		pdeath = va_arg(args, int);
	va_end(args);
	if (until[0] != -1 && read(until[0], &byte, 1) != 0)
		abort();
	return (0);
}

static int
setup(void **state)
{
	(void)state;
	until[0] = until[1] = -1;
	pdeath = 0;
	return (pipe(alive));
}

/* Waits for the end of all that the test has started. */
static int
teardown(void **state)
{
	char	 byte;

	(void)state;
	close(alive[1]);
	alarm(30);		/* before child_waits() ends by itself */
	assert_int_equal(read(alive[0], &byte, 1), 0);
	alarm(0);
	close(alive[0]);
	return (0);
}

/* Runs this in a process that stands for Kore's parent; its exit status. */
static int
run_parent(int (*run)(void))
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		close(until[1]);	/* this process has the other end */
		if (processes_bind() != NULL)
			_exit(100);
		_exit(run());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (WEXITSTATUS(status));
}

static int
child_looks(void)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0)
		_exit(pdeath);
	waitpid(pid, &status, 0);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 101);
}

static void
test_a_child_asks_for_sigkill(void **state)
{
	(void)state;
	assert_int_equal(run_parent(child_looks), SIGKILL);
}

static int
child_waits(void)
{
	if (fork() == 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		alarm(60);
		for (;;)
			pause();
	}
	return (0);
}

/* The kernel tells a child only of a death after prctl(). */
static void
test_a_parent_that_dies_before_its_child_asks(void **state)
{
	(void)state;
	assert_int_equal(pipe(until), 0);
	assert_int_equal(run_parent(child_waits), 0);
	close(until[1]);
	close(until[0]);
	/* teardown() waits for the child. */
}

/* As Kore: shmget() and shmat() before the first fork. */
static int
make_memory(void)
{
	struct shmid_ds	 info;
	int		 id, i, status;
	char		*memory;

	id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | IPC_EXCL | 0700);
	if (id == -1 || (memory = shmat(id, NULL, 0)) == (void *)-1)
		return (1);
	for (i = 0; i < 2; i++) {
		if (fork() == 0) {
			memory[i] = 'x';
			_exit(0);
		}
		wait(&status);
	}
	if (memcmp(memory, "xx", 2) != 0)
		return (2);
	if (shmctl(id, IPC_STAT, &info) == -1 ||
	    (info.shm_perm.mode & SHM_DEST) == 0)
		return (3);
	/* Kore does this at the end. */
	if (shmctl(id, IPC_RMID, NULL) == -1)
		return (4);
	if (shmdt(memory) == -1)
		return (5);
	return (shmctl(id, IPC_STAT, &info) == -1 && errno == EINVAL ? 0 : 6);
}

static void
test_shared_memory_is_freed_with_its_last_process(void **state)
{
	(void)state;
	assert_int_equal(run_parent(make_memory), 0);
}

/* Later memory is not Kore's. */
static int
make_later_memory(void)
{
	struct shmid_ds	 info;
	int		 id, marked;

	child_looks();
	id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | IPC_EXCL | 0700);
	if (id == -1 || shmat(id, NULL, 0) == (void *)-1)
		return (1);
	child_looks();
	if (shmctl(id, IPC_STAT, &info) == -1)
		return (2);
	marked = (info.shm_perm.mode & SHM_DEST) != 0;
	shmctl(id, IPC_RMID, NULL);
	return (marked ? 3 : 0);
}

static void
test_only_the_first_fork_looks_for_it(void **state)
{
	(void)state;
	assert_int_equal(run_parent(make_later_memory), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_a_child_asks_for_sigkill),
		TEST(test_a_parent_that_dies_before_its_child_asks),
		TEST(test_shared_memory_is_freed_with_its_last_process),
		TEST(test_only_the_first_fork_looks_for_it),
	};

	return (cmocka_run_group_tests_name("processes", tests, NULL, NULL));
}
