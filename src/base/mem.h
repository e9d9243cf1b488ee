/* SPDX-License-Identifier: ISC */
/* Memory allocation, except for what libraries allocate themselves. */

#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * All of our own allocations, so that a test can make each of them fail in turn
 * (base/faults.h). They return NULL when memory is short.
 */
void	*mem_alloc(size_t);
void	*mem_calloc(size_t, size_t);
void	 mem_free(void *);

/*
 * Call it every second or so. malloc() keeps what is freed, such as a large
 * body; when no more large memory has been freed since the last tick, this
 * gives it back to the system.
 */
void	 mem_tick(void);

/* Much that is small was freed: it is given back like large memory. */
void	 mem_freed_much(void);

/*
 * For jansson, which loses text or aborts when an allocation fails. When
 * malloc() fails, this takes memory from a reserve of 16 MiB, and aborts when
 * that is used up. A caller of jansson compares mem_failures() before and
 * after, and raises ERR_UNAVAILABLE when it has grown. Freed memory is wiped,
 * because it may have held a password.
 */
void	*mem_reserve_alloc(size_t);
void	 mem_reserve_free(void *);

/* The number of allocations that have failed so far. */
unsigned mem_failures(void);

#endif
