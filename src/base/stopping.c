/* SPDX-License-Identifier: ISC */
/* That the server is stopping, in memory that all its processes share. */

#include <sys/mman.h>

#include <stddef.h>

#include "base/stopping.h"

struct stopping	*stopping;

static unsigned	 own;		/* of this worker */

const char *
stopping_init(void)
{
	void	*memory;

	memory = mmap(NULL, sizeof(*stopping), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return ("cannot map shared memory");
	stopping = memory;
	return (NULL);
}

bool
stopping_begun(void)
{
	return (stopping != NULL && stopping->begun != 0);
}

void
stopping_worker_init(unsigned number)
{
	own = number;
}

void
stopping_finished(unsigned open)
{
	stopping->finished++;
	stopping->open[own] = open;
}

bool
stopping_all(const _Atomic bool flags[METRICS_WORKERS_MAX], unsigned workers)
{
	unsigned	 i;

	for (i = 0; i < workers; i++) {
		if (!flags[i])
			return (false);
	}
	return (true);
}
