/* SPDX-License-Identifier: ISC */
/*
 * Makes the kernel clean up after a parent that is killed. Kore calls none of
 * our hooks in the key manager, and none between its shmget() and its first
 * fork(): the handlers of fork() run at both places.
 */

#include <sys/types.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "processes.h"
#include "utils/start_error.h"

static pid_t	parent;

/*
 * Marks Kore's shared memory for removal. The kernel frees it when the last
 * process has detached it; without the mark it stays for ever if Kore's parent
 * is killed, and the system has room for only 4096. Kore does not say its id,
 * which is what the kernel calls the inode of such memory (proc(5)). Without
 * /proc, the memory stays.
 */
static void
mark_memory(void)
{
	FILE	*maps = fopen("/proc/self/maps", "re");
	char	 line[512];
	int	 id;

	if (maps == NULL)
		return;
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, " /SYSV00000000") != NULL &&
		    sscanf(line, "%*s %*s %*s %*s %d", &id) == 1)
			shmctl(id, IPC_RMID, NULL);
	}
	fclose(maps);
}

static void
before_fork(void)
{
	static bool	 marked;

	if (!marked)
		mark_memory();
	marked = true;
	parent = getpid();
}

/* A parent that has died before prctl() sends nothing. */
static void
in_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

const char *
processes_bind(void)
{
	if ((errno = pthread_atfork(before_fork, NULL, in_child)) != 0)
		return (start_error("pthread_atfork: %m"));
	return (NULL);
}
