/* SPDX-License-Identifier: ISC */
/* Limits on connections, per address and per worker. For src/wire only. */

#ifndef WIRE_WIRE_CAPS_H
#define WIRE_WIRE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counts the connections of an address on all workers. Each worker writes the
 * addresses of its connections (netaddr_key()) into its own row of shared
 * memory, and counts in all rows. So no lock is left behind when a worker dies,
 * and its successor clears the row.
 */

/*
 * In the parent: maps a row of `columns` slots for each worker. Returns NULL or
 * an error message.
 */
const char	*caps_init(unsigned workers, unsigned columns);

/* In worker `id`, from 0: clears its row. */
void		 caps_worker_init(unsigned id);

/*
 * Adds a connection of the address `key`; *slot is for caps_leave(). False if
 * the address has `most` connections already, or if the worker's row is full.
 */
bool		 caps_enter(uint64_t key, unsigned most, size_t *slot);
void		 caps_leave(size_t slot);

#endif
