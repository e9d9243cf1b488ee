/* SPDX-License-Identifier: ISC */
/* Faults that tests ask for; empty without -DFAULTS. */

#include "base/faults.h"

#if defined(FAULTS)
#include <stdlib.h>
#include <string.h>

static struct faults	*selected;

bool
fault_hit(enum fault kind)
{
	if (selected == NULL || selected->countdown[kind] == 0)
		return (false);
	return (--selected->countdown[kind] == 0);
}

void
faults_parse(struct faults *f, const char *header)
{
	static const char	*names[FAULT_KINDS] = {
		[FAULT_ALLOC] = "alloc=",
		[FAULT_QUERY] = "query=",
		[FAULT_STALL] = "stall=",
	};
	size_t			 len;
	int			 i;

	memset(f, 0, sizeof(*f));
	for (i = 0; header != NULL && i < FAULT_KINDS; i++) {
		len = strlen(names[i]);
		if (strncmp(header, names[i], len) == 0)
			f->countdown[i] = (unsigned)atoi(header + len);
	}
}

void
faults_select(struct faults *f)
{
	selected = f;
}
#endif
