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

#ifndef KEEL_RUNTIME_LOOP_H
#define KEEL_RUNTIME_LOOP_H

#include <stdint.h>

/*
 * Keel's part of Kore's event loop. Event callbacks only mark coroutines
 * runnable (coro_wake()); they run after the batch, from a timer of zero
 * milliseconds, because an epoll batch holds raw pointers.
 */
#define TICK_MS	500

/*
 * In a worker, once. tick(now) then runs every TICK_MS, round() in every round
 * that loop_schedule() asked for.
 */
void	loop_init(unsigned coroutines_max, void (*tick)(uint64_t now_ms),
	    void (*round)(void));

/* Makes Kore's loop come round soon, and run what is runnable. */
void	loop_schedule(void);

#endif
