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

#ifndef KEEL_RUNTIME_MEM_H
#define KEEL_RUNTIME_MEM_H

#include <stddef.h>

/*
 * Keel's own allocations, one door for all, so that a test can make each of
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
