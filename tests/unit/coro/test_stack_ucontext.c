/* SPDX-License-Identifier: ISC */
/* Stacks are switched by libc, as on machines that we have no code for. */

/* sources: src/coro/stack_switch.c */
/* defines: -DSTACK_UCONTEXT */

#include "stack_switch_tests.h"

int
main(void)
{
	return (run_stack_tests("stack_ucontext"));
}
