/* SPDX-License-Identifier: ISC */
/* Failures on demand, for tests. */

#ifndef BASE_FAULTS_H
#define BASE_FAULTS_H

#include <stdbool.h>

#include "product.h"

/*
 * Faults, for tests: in builds with -DFAULTS (the asan flavour) a request
 * may carry `X-PRODUCT-Fault: alloc=N`, `query=N` or `stall=N`: its N-th
 * allocation fails, its N-th query is answered by an error, or its N-th await
 * takes FAULT_STALL_MS more, in which the client can hang up. No other build
 * contains any of this.
 */
enum fault { FAULT_ALLOC, FAULT_QUERY, FAULT_STALL, FAULT_KINDS };

#define FAULT_HEADER	"x-" PRODUCT "-fault"
#define FAULT_STALL_MS	300

struct faults {
	unsigned	countdown[FAULT_KINDS];
};

#if defined(FAULTS)
/* True when the fault falls due here. */
bool	fault_hit(enum fault);

/* Reads the header's value; NULL or anything else arms nothing. */
void	faults_parse(struct faults *, const char *header);

/* Whose faults count from here on; NULL for nobody's. */
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
