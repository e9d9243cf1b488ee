/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_WIRE_CAPS_H
#define KEEL_WIRE_CAPS_H

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
