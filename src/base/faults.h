/* SPDX-License-Identifier: ISC */
/* Faults that tests ask for. */

#ifndef BASE_FAULTS_H
#define BASE_FAULTS_H

#include <stdbool.h>

#include "product.h"

/*
 * In builds with -DFAULTS (the asan flavour), a request may have the header
 * `X-Fault: alloc=N`, `query=N` or `stall=N`. Then its N-th allocation
 * fails, its N-th query gives an error, or its N-th await takes FAULT_STALL_MS
 * longer, time for the client to disconnect. Other builds have none of this.
 */
enum fault { FAULT_ALLOC, FAULT_QUERY, FAULT_STALL, FAULT_KINDS };

#define FAULT_HEADER	"x-fault"
#define FAULT_STALL_MS	300

struct faults {
	unsigned	countdown[FAULT_KINDS];
};

#if defined(FAULTS)
/* Counts one call of that kind; true when this is the one that must fail. */
bool	fault_hit(enum fault);

/* Reads the header's value; NULL and unknown values set no fault. */
void	faults_parse(struct faults *, const char *header);

/* Sets the faults that fault_hit() counts from now on; NULL for none. */
void	faults_select(struct faults *);
#else
static inline bool
fault_hit(enum fault kind)
{
	(void)kind;
	return (false);
}

static inline void
faults_select(struct faults *f)
{
	(void)f;
}
#endif

#endif
