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

#include <stdlib.h>

#include "runtime/faults.h"
#include "runtime/mem.h"

static unsigned	failures;

static void *
count(void *p)
{
	failures += p == NULL;
	return (p);
}

void *
mem_alloc(size_t len)
{
	return (count(fault_hit(FAULT_ALLOC) ? NULL : malloc(len)));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (count(fault_hit(FAULT_ALLOC) ? NULL : calloc(n, len)));
}

unsigned
mem_failures(void)
{
	return (failures);
}

void
mem_free(void *p)
{
	free(p);
}
