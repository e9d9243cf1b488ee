/* SPDX-License-Identifier: ISC */
/* Counts connections per address. */

#include <sys/mman.h>

#include <stdatomic.h>

#include "wire/wire_caps.h"

static _Atomic uint64_t	*table;		/* 0: no connection there */
static _Atomic uint64_t	*row;		/* this worker's */
static size_t		 nrows, ncolumns;
static size_t		 next;		/* where a free slot is likely */

const char *
caps_init(unsigned workers, unsigned columns)
{
	nrows = workers;
	ncolumns = columns;
	table = mmap(NULL, nrows * ncolumns * sizeof(*table),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return (table != MAP_FAILED ? NULL : "cannot map shared memory");
}

void
caps_worker_init(unsigned id)
{
	size_t	 i;

	row = table + id * ncolumns;
	for (i = 0; i < ncolumns; i++)
		atomic_store_explicit(&row[i], 0, memory_order_relaxed);
}

static unsigned
count(uint64_t key)
{
	unsigned	 n = 0;
	size_t		 i;

	for (i = 0; i < nrows * ncolumns; i++)
		n += atomic_load_explicit(&table[i],
		    memory_order_relaxed) == key;
	return (n);
}

bool
caps_enter(uint64_t key, unsigned most, size_t *slot)
{
	size_t	 i;

	if (count(key) >= most)
		return (false);
	for (i = 0; i < ncolumns; i++, next = (next + 1) % ncolumns) {
		if (row[next] != 0)
			continue;
		atomic_store_explicit(&row[next], key, memory_order_relaxed);
		*slot = next;
		return (true);
	}
	return (false);
}

void
caps_leave(size_t slot)
{
	atomic_store_explicit(&row[slot], 0, memory_order_relaxed);
}
