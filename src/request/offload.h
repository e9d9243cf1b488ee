/* SPDX-License-Identifier: ISC */
/* Slow work on threads: the coroutine waits, the worker does not. */

#ifndef REQUEST_OFFLOAD_H
#define REQUEST_OFFLOAD_H

#include <stddef.h>

#include "request/ctx.h"

#define OFFLOAD_DATA_MAX	2048

/*
 * Runs fn(data) in one of the worker's task threads, for what would hold up
 * the loop (a password hash). `size` bytes of data are copied in before and
 * back after, and the copy is wiped, so a client that hangs up meanwhile costs
 * nothing. fn must not touch the ctx, the arena or the database.
 *
 * Networks take turns (fair_queue.h): by the address of the ctx, those of IPv4
 * are /24 and their sites single addresses, those of IPv6 /48 and their sites
 * /56. Requests of users who are signed in, or known in their network
 * (ctx.is_known), have a queue of their own, which takes turns with that of
 * strangers: many networks of strangers do not keep them out.
 *
 * Raises ERR_UNAVAILABLE when too many wait already, of all or of this network;
 * also later, for one that has to make room for another network. A client that
 * has hung up before its turn is dropped in the same way.
 */
void		offload(struct ctx *, void (*fn)(void *), void *data,
		    size_t size) AWAITS;

/*
 * At every tick: counts, and gives memory back once the threads have come to
 * rest.
 */
void		offload_tick(void);

/* How many run or wait. */
unsigned	offload_count(void);

#endif
