/* SPDX-License-Identifier: ISC */
/*
 * What a start leaves in memory: pages of some forty libraries, of which most
 * are used once, to relocate and set them up.
 */

#include <sys/mman.h>

#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/start_memory.h"

/* A mapping of /proc/self/smaps; data is NULL: none whose pages may go. */
struct mapping {
	void		*data;
	size_t		 len;
	unsigned	 own;		/* KB that are not as in the file */
};

/* Is it the first line of a mapping? A file's that nobody writes to counts. */
static bool
read_mapping(const char *line, struct mapping *m)
{
	uintptr_t	 start, end;
	char		 rights[5], name;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end,
	    rights) != 3)
		return (false);
	m->data = NULL;
	if (sscanf(line, "%*s %*s %*s %*s %*s %c", &name) == 1 &&
	    name == '/' && rights[1] == '-' && rights[3] == 'p') {
		m->data = (void *)start;
		m->len = end - start;
	}
	return (true);
}

/*
 * Pages that differ from the file, such as relocated tables, are anonymous, in
 * memory or swapped out: they would be lost.
 */
static void
free_files(FILE *smaps)
{
	struct mapping	 m = { NULL, 0, 0 };
	char		 line[512];
	unsigned	 kb;

	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (read_mapping(line, &m) || m.data == NULL)
			continue;
		if (sscanf(line, "Anonymous: %u kB", &kb) == 1)
			m.own = kb;
		else if (sscanf(line, "Swap: %u kB", &kb) == 1 &&
		    m.own + kb == 0)
			madvise(m.data, m.len, MADV_DONTNEED);
	}
}

void
start_memory_free(void)
{
	FILE	*smaps;

	malloc_trim(0);
	if ((smaps = fopen("/proc/self/smaps", "re")) == NULL)
		return;
	free_files(smaps);
	fclose(smaps);
}
