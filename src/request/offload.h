/* SPDX-License-Identifier: ISC */
/* Slow work on threads: the coroutine waits, the worker does not. */

#ifndef REQUEST_OFFLOAD_H
#define REQUEST_OFFLOAD_H

#include <stddef.h>

#include "request/ctx.h"

#define OFFLOAD_DATA_MAX	2048

/*
 * Runs fn(data) on one of the worker's task threads, for work that would block
 * the loop (a password hash). `size` bytes of data, at most OFFLOAD_DATA_MAX,
 * are copied for the thread and back afterwards; the copy is wiped. So the
 * request may end before the thread does. fn must not use the ctx, the arena or
 * the database.
 *
 * Networks take turns (fair_queue.h), by the address of the ctx. A network is
 * an IPv4 /24 or an IPv6 /48; a site is one IPv4 address or an IPv6 /56. Users
 * who are signed in, or known in their network (ctx.is_known), have a queue of
 * their own, which takes turns with the queue of strangers. So strangers from
 * many networks cannot keep them out.
 *
 * Raises ERR_UNAVAILABLE if the queue, or this network's share of it, is full;
 * if the work is dropped to make room for another network, or because the
 * client has hung up before its turn; and if it takes longer than ten seconds.
 */
void		offload(struct ctx *, void (*fn)(void *), void *data,
		    size_t size) AWAITS;

/*
 * At every tick: updates the metric, and returns free memory to the system when
 * no work is left.
 */
void		offload_tick(void);

/* How many pieces of work run or wait. */
unsigned	offload_count(void);

#endif
