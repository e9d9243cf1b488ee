/* SPDX-License-Identifier: ISC */
/*
 * How many connections one client and all of them may have. For src/wire only.
 */

#ifndef WIRE_WIRE_CAPS_H
#define WIRE_WIRE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How many connections one address may have, on all workers together. Each
 * worker writes down its connections' addresses (netaddr_key()) in a row of
 * its own in shared memory, and counts in everyone's: no lock that a dying
 * worker could keep, and nothing of it left when its row is wiped.
 */

/* In the parent: a row of `columns` for each worker. NULL, or what failed. */
const char	*caps_init(unsigned workers, unsigned columns);

/* In worker `id`: its row is empty again. */
void		 caps_worker_init(unsigned id);

/*
 * Notes a connection of that address; *slot is for caps_leave(). False when
 * `most` are there already, or when the row is full.
 */
bool		 caps_enter(uint64_t key, unsigned most, size_t *slot);
void		 caps_leave(size_t slot);

#endif
