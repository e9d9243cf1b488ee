/* SPDX-License-Identifier: ISC */
/*
 * Allocation: every byte that is not jansson's or a library's own is asked for
 * here.
 */

#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * All our own allocations: one door for all, so that a test can make each of
 * them fail in turn (runtime/faults.h). They return NULL when memory is short.
 */
void	*mem_alloc(size_t);
void	*mem_calloc(size_t, size_t);
void	 mem_free(void *);

/*
 * For jansson, which loses text or aborts when an allocation fails: this one
 * does not. What malloc() refuses comes from a reserve; mem_failures() then
 * tells that it did, and whoever called jansson raises ERR_UNAVAILABLE. What
 * is freed is wiped: it may have held a password.
 */
void	*mem_reserve_alloc(size_t);
void	 mem_reserve_free(void *);

/* How many allocations have failed so far. */
unsigned mem_failures(void);

#endif
