/* SPDX-License-Identifier: ISC */
/* What each way to switch stacks must do: test_stack_*.c. */

#ifndef TESTS_CORO_STACK_SWITCH_TESTS_H
#define TESTS_CORO_STACK_SWITCH_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <unwind.h>

#include "coro/stack_switch.h"
#include "registers.h"

#define SIZE	65536
#define STACKS	2

/* The sanitizer does not know of these stacks. */
#define UNCHECKED	__attribute__((no_sanitize("address")))

static char	 stacks[STACKS][SIZE] __attribute__((aligned(4096)));
static void	*places[STACKS], *home;
static int	 running;		/* the stack */
static uint64_t	 changed;		/* bits of registers */
static unsigned	 frames, turns;
static int	 rounding[STACKS];
static uintptr_t alignment;

static UNCHECKED void
leave(void)
{
	stack_switch(&places[running], home);
}

static UNCHECKED void
enter(int n)
{
	running = n;
	stack_switch(&home, places[n]);
}

/* A stack that nobody goes back to leaves marks of its frames. */
static UNCHECKED void
begin(int n, void (*entry)(void))
{
	ASAN_UNPOISON_MEMORY_REGION(stacks[n], SIZE);
	places[n] = stack_begin(stacks[n], SIZE, entry);
}

static UNCHECKED void
enter_both(void)
{
	enter(0);
	enter(1);
	enter(0);
	enter(1);
}

/* Each function that calls must keep registers, so that each stack differs. */
static UNCHECKED void
keep_registers(void)
{
	uint64_t	 seed = running == 0 ? 0x1111111111111111 :
			    0x2222222222222222;

	for (;;) {
		changed |= registers_kept(leave, seed);
		turns++;
	}
}

static void
test_registers_are_kept(void **state)
{
	(void)state;
	begin(0, keep_registers);
	begin(1, keep_registers);
	turns = 0;
	changed = registers_kept(enter_both, 0x3333333333333333);
	assert_int_equal(changed, 0);
	assert_int_equal(turns, 2);
}

/* On x86-64, the two units have a rounding each: 0 if they differ. */
static UNCHECKED int
rounding_now(void)
{
#if defined(__x86_64__)
	if ((__builtin_ia32_stmxcsr() >> 3 & FE_TOWARDZERO) !=
	    (unsigned)fegetround())
		return (-1);
#endif
	return (fegetround());
}

static UNCHECKED void
round_otherwise(void)
{
	int	 n = running;

	rounding[n] = rounding_now();
	fesetround(n == 0 ? FE_UPWARD : FE_DOWNWARD);
	leave();
	rounding[n] = rounding_now();
	leave();
}

static void
test_rounding_is_of_each_stack(void **state)
{
	volatile double	 one = 1, three = 3;
	double		 third = one / three;

	(void)state;
	fesetround(FE_TOWARDZERO);
	begin(0, round_otherwise);
	fesetround(FE_TONEAREST);
	begin(1, round_otherwise);
	enter(0);
	assert_int_equal(rounding_now(), FE_TONEAREST);
	enter(1);
	assert_int_equal(rounding[0], FE_TOWARDZERO);
	assert_int_equal(rounding[1], FE_TONEAREST);
	assert_int_equal(rounding_now(), FE_TONEAREST);
	assert_true(one / three == third);
	enter(0);
	enter(1);
	assert_int_equal(rounding[0], FE_UPWARD);
	assert_int_equal(rounding[1], FE_DOWNWARD);
	assert_int_equal(rounding_now(), FE_TONEAREST);
}

static UNCHECKED _Unwind_Reason_Code
count_frame(struct _Unwind_Context *frame, void *arg)
{
	uintptr_t	 sp = _Unwind_GetCFA(frame);

	(void)arg;
	frames++;
	if (sp < (uintptr_t)stacks[0] || sp > (uintptr_t)(stacks[0] + SIZE))
		changed++;
	return (frames < 64 ? _URC_NO_REASON : _URC_END_OF_STACK);
}

static UNCHECKED void
unwind(void)
{
	for (;;) {
		if (_Unwind_Backtrace(count_frame, NULL) != _URC_END_OF_STACK)
			changed++;
		leave();
	}
}

/* A crash is followed to the stack's first frame, and no further. */
static void
test_frames_end_where_the_stack_begins(void **state)
{
	(void)state;
	begin(0, unwind);
	changed = frames = 0;
	enter(0);
	assert_in_range(frames, 2, 4);
	assert_int_equal(changed, 0);
	frames = 0;
	enter(0);
	assert_in_range(frames, 2, 4);
	assert_int_equal(changed, 0);
}

/* The compiler relies on it for what it keeps in vector registers. */
static UNCHECKED void
note_alignment(void)
{
	alignment = (uintptr_t)__builtin_frame_address(0) % 16;
	leave();
}

static void
test_the_stack_is_aligned(void **state)
{
	size_t	 cut;

	(void)state;
	for (cut = 0; cut < 32; cut++) {
		ASAN_UNPOISON_MEMORY_REGION(stacks[0], SIZE);
		alignment = 1;
		places[0] = stack_begin(stacks[0], SIZE - cut, note_alignment);
		enter(0);
		assert_int_equal(alignment, 0);
	}
}

static UNCHECKED void
fill_stack(void)
{
	volatile char	 here[1024];

	memset((char *)(uintptr_t)here, 7, sizeof(here));
	leave();
	changed = here[0] != 7 || here[sizeof(here) - 1] != 7;
	leave();
}

/* Nothing outside of the given memory is written. */
static void
test_only_the_stack_is_used(void **state)
{
	size_t	 i;

	(void)state;
	ASAN_UNPOISON_MEMORY_REGION(stacks, sizeof(stacks));
	memset(stacks, 5, sizeof(stacks));
	places[0] = stack_begin(stacks[0] + 4096, SIZE - 8192, fill_stack);
	enter(0);
	changed = 1;
	enter(0);
	assert_int_equal(changed, 0);
	for (i = 0; i < 4096; i++) {
		assert_int_equal(stacks[0][i], 5);
		assert_int_equal(stacks[0][SIZE - 4096 + i], 5);
	}
}

static int
run_stack_tests(const char *name)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_registers_are_kept),
		cmocka_unit_test(test_rounding_is_of_each_stack),
		cmocka_unit_test(test_frames_end_where_the_stack_begins),
		cmocka_unit_test(test_the_stack_is_aligned),
		cmocka_unit_test(test_only_the_stack_is_used),
	};

	return (cmocka_run_group_tests_name(name, tests, NULL, NULL));
}

#endif
