/* SPDX-License-Identifier: ISC */
/* Stacks are switched by code of our own, on the machines that have it. */

/* sources: src/coro/stack_switch.c */

#include "stack_switch_tests.h"

int
main(void)
{
	return (run_stack_tests("stack_switch"));
}
