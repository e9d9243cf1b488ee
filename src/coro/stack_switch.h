/* SPDX-License-Identifier: ISC */
/* Leaves one stack, and goes on with another. For src/coro/coro.c only. */

#ifndef CORO_STACK_SWITCH_H
#define CORO_STACK_SWITCH_H

#include <stddef.h>

/*
 * A stack that does not run is known by its place: where its registers are
 * saved, on the stack itself. It is valid until somebody goes on there.
 *
 * What a function must keep for its caller belongs to each stack: registers,
 * and how floating point rounds. The mask of signals, errno and all else belong
 * to the thread.
 */

/*
 * Returns the place of a new stack, which will call entry(). That must never
 * return. The stack begins with the rounding of the caller.
 */
void	*stack_begin(void *low, size_t size, void (*entry)(void));

/*
 * Writes the place of the running stack to *from, and goes on at `to`. Returns
 * when somebody goes on at *from.
 */
void	 stack_switch(void **from, void *to);

#endif
