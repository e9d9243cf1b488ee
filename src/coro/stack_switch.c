/* SPDX-License-Identifier: ISC */
/*
 * Switches stacks. swapcontext() does it, too, but saves and sets the mask of
 * signals, which no coroutine changes: two system calls a request, and more. So
 * x86-64 and aarch64 have code of their own, which a call of a function makes
 * possible: a caller expects only some registers back (System V ABI, 3.2.1;
 * AAPCS64, 6.1).
 *
 * The lines that begin with .cfi say where the caller's registers are. They
 * hold on both sides of the switch, since each stack that waits looks the same:
 * debuggers, and the line of a crash, follow the frames up to stack_start(),
 * which has no caller. tools/gdb.py knows the order of the registers.
 *
 * swapcontext() does it on other machines, and where each stack has a shadow
 * stack of return addresses, which only libc can switch.
 */

#include <stdint.h>
#include <string.h>

#include "coro/stack_switch.h"

#if defined(__CET__) && (__CET__ & 2) != 0
#define HAS_SHADOW_STACK
#endif
#if defined(__ARM_FEATURE_GCS_DEFAULT)
#define HAS_SHADOW_STACK
#endif

#if defined(__x86_64__) && defined(__LP64__) &&				\
    !defined(HAS_SHADOW_STACK) && !defined(STACK_UCONTEXT)

/* As stack_switch() leaves them, from the stack's lower end. */
struct saved {
	uint32_t	 mxcsr;
	uint32_t	 x87;		/* its control word */
	uint64_t	 r15, r14, r13, r12;
	uint64_t	 rbx, rbp;
	uint64_t	 rip;
	uint64_t	 end[2];	/* 16 bytes: a stack's alignment */
};

void	stack_start(void) __attribute__((visibility("hidden")));

/* The address of a frame's end (CFA) is counted from the stack pointer. */
#define PUSH(reg)							\
	"	pushq	%" #reg "\n"					\
	"	.cfi_adjust_cfa_offset 8\n"				\
	"	.cfi_rel_offset %" #reg ", 0\n"
#define POP(reg)							\
	"	popq	%" #reg "\n"					\
	"	.cfi_adjust_cfa_offset -8\n"				\
	"	.cfi_restore %" #reg "\n"

__asm__(
"	.text\n"
"	.p2align 4\n"
"	.globl	stack_switch\n"
"	.hidden	stack_switch\n"
"	.type	stack_switch, @function\n"
"stack_switch:\n"
"	.cfi_startproc\n"
"	endbr64\n"
	PUSH(rbp)
	PUSH(rbx)
	PUSH(r12)
	PUSH(r13)
	PUSH(r14)
	PUSH(r15)
"	subq	$8, %rsp\n"
"	.cfi_adjust_cfa_offset 8\n"
"	stmxcsr	(%rsp)\n"
"	fnstcw	4(%rsp)\n"
"	movq	%rsp, (%rdi)\n"
"	movq	%rsi, %rsp\n"
"	ldmxcsr	(%rsp)\n"
"	fldcw	4(%rsp)\n"
"	addq	$8, %rsp\n"
"	.cfi_adjust_cfa_offset -8\n"
	POP(r15)
	POP(r14)
	POP(r13)
	POP(r12)
	POP(rbx)
	POP(rbp)
"	ret\n"
"	.cfi_endproc\n"
"	.size	stack_switch, . - stack_switch\n"
"	.p2align 4\n"
"	.type	stack_start, @function\n"
"stack_start:\n"
"	.cfi_startproc\n"
"	.cfi_undefined %rip\n"
"	call	*%rbx\n"
"	ud2\n"
"	.cfi_endproc\n"
"	.size	stack_start, . - stack_start\n"
);

void *
stack_begin(void *low, size_t size, void (*entry)(void))
{
	uintptr_t	 end = ((uintptr_t)low + size) & ~(uintptr_t)15;
	struct saved	*s = (struct saved *)(end - sizeof(*s));

	memset(s, 0, sizeof(*s));
	__asm__ volatile ("stmxcsr %0" : "=m" (s->mxcsr));
	__asm__ volatile ("fnstcw %0" : "=m" (s->x87));
	s->rbx = (uintptr_t)entry;
	s->rip = (uintptr_t)stack_start;
	return (s);
}

#elif defined(__aarch64__) && defined(__LP64__) &&			\
    !defined(HAS_SHADOW_STACK) && !defined(STACK_UCONTEXT)

/* As stack_switch() leaves them, from the stack's lower end. */
struct saved {
	uint64_t	 x[11];		/* x19 to x28, and x29: the frame's */
	uint64_t	 pc;		/* x30 */
	uint64_t	 d[8];		/* d8 to d15 */
	uint64_t	 fpcr;
	uint64_t	 end;		/* 16 bytes: a stack's alignment */
};

void	stack_start(void) __attribute__((visibility("hidden")));

#define STORE(one, next, at)						\
	"	stp	" #one ", " #next ", [sp, #" #at "]\n"		\
	"	.cfi_rel_offset " #one ", " #at "\n"			\
	"	.cfi_rel_offset " #next ", " #at " + 8\n"
#define LOAD(one, next, at)						\
	"	ldp	" #one ", " #next ", [sp, #" #at "]\n"		\
	"	.cfi_restore " #one "\n"				\
	"	.cfi_restore " #next "\n"

__asm__(
"	.text\n"
"	.p2align 4\n"
"	.globl	stack_switch\n"
"	.hidden	stack_switch\n"
"	.type	stack_switch, %function\n"
"stack_switch:\n"
"	.cfi_startproc\n"
"	hint	#34\n"		/* bti c, which older assemblers do not know */
"	sub	sp, sp, #176\n"
"	.cfi_def_cfa_offset 176\n"
	STORE(x19, x20, 0)
	STORE(x21, x22, 16)
	STORE(x23, x24, 32)
	STORE(x25, x26, 48)
	STORE(x27, x28, 64)
	STORE(x29, x30, 80)
	STORE(d8, d9, 96)
	STORE(d10, d11, 112)
	STORE(d12, d13, 128)
	STORE(d14, d15, 144)
"	mrs	x2, fpcr\n"
"	str	x2, [sp, #160]\n"
"	mov	x2, sp\n"
"	str	x2, [x0]\n"
"	mov	sp, x1\n"
"	ldr	x2, [sp, #160]\n"
"	msr	fpcr, x2\n"
	LOAD(x19, x20, 0)
	LOAD(x21, x22, 16)
	LOAD(x23, x24, 32)
	LOAD(x25, x26, 48)
	LOAD(x27, x28, 64)
	LOAD(x29, x30, 80)
	LOAD(d8, d9, 96)
	LOAD(d10, d11, 112)
	LOAD(d12, d13, 128)
	LOAD(d14, d15, 144)
"	add	sp, sp, #176\n"
"	.cfi_def_cfa_offset 0\n"
"	ret\n"
"	.cfi_endproc\n"
"	.size	stack_switch, . - stack_switch\n"
"	.p2align 4\n"
"	.type	stack_start, %function\n"
"stack_start:\n"
"	.cfi_startproc\n"
"	.cfi_undefined x30\n"
"	blr	x19\n"
"	brk	#1\n"
"	.cfi_endproc\n"
"	.size	stack_start, . - stack_start\n"
);

void *
stack_begin(void *low, size_t size, void (*entry)(void))
{
	uintptr_t	 end = ((uintptr_t)low + size) & ~(uintptr_t)15;
	struct saved	*s = (struct saved *)(end - sizeof(*s));

	memset(s, 0, sizeof(*s));
	__asm__ volatile ("mrs %0, fpcr" : "=r" (s->fpcr));
	s->x[0] = (uintptr_t)entry;
	s->pc = (uintptr_t)stack_start;
	return (s);
}

#else

#include <stdlib.h>
#include <ucontext.h>

void *
stack_begin(void *low, size_t size, void (*entry)(void))
{
	uintptr_t	 end = ((uintptr_t)low + size - sizeof(ucontext_t)) &
			    ~(uintptr_t)15;
	ucontext_t	*place = (ucontext_t *)end;

	if (getcontext(place) == -1)
		abort();
	place->uc_stack.ss_sp = low;
	place->uc_stack.ss_size = end - (uintptr_t)low;
	place->uc_link = NULL;
	makecontext(place, entry, 0);
	return (place);
}

void
stack_switch(void **from, void *to)
{
	ucontext_t	 here;

	*from = &here;
	if (swapcontext(&here, to) == -1)
		abort();
}

#endif
