/* SPDX-License-Identifier: ISC */
/* Fills the registers that a function must keep, and looks at them again. */

#ifndef TESTS_CORO_REGISTERS_H
#define TESTS_CORO_REGISTERS_H

#include <stdint.h>

/*
 * Calls fn() while these registers hold the seed and the numbers after it. That
 * leaves zero if they still do, and otherwise the bits that have changed.
 */
uint64_t	registers_kept(void (*fn)(void), uint64_t seed);

#if defined(__x86_64__)
#define CHECK(reg)							\
	"	xorq	(%rsp), %" #reg "\n"				\
	"	orq	%" #reg ", %rax\n"				\
	"	incq	(%rsp)\n"

__asm__(
"	.text\n"
"	.globl	registers_kept\n"
"	.type	registers_kept, @function\n"
"registers_kept:\n"
"	pushq	%rbp\n"
"	pushq	%rbx\n"
"	pushq	%r12\n"
"	pushq	%r13\n"
"	pushq	%r14\n"
"	pushq	%r15\n"
"	pushq	%rsi\n"
"	leaq	0(%rsi), %rbp\n"
"	leaq	1(%rsi), %rbx\n"
"	leaq	2(%rsi), %r12\n"
"	leaq	3(%rsi), %r13\n"
"	leaq	4(%rsi), %r14\n"
"	leaq	5(%rsi), %r15\n"
"	call	*%rdi\n"
"	xorl	%eax, %eax\n"
	CHECK(rbp)
	CHECK(rbx)
	CHECK(r12)
	CHECK(r13)
	CHECK(r14)
	CHECK(r15)
"	popq	%rsi\n"
"	popq	%r15\n"
"	popq	%r14\n"
"	popq	%r13\n"
"	popq	%r12\n"
"	popq	%rbx\n"
"	popq	%rbp\n"
"	ret\n"
"	.size	registers_kept, . - registers_kept\n"
);
#elif defined(__aarch64__)
#define PAIR(how, one, next, at)					\
	"	" #how "	" #one ", " #next ", [sp, #" #at "]\n"
#define PAIRS(how)							\
	PAIR(how, x19, x20, 0)						\
	PAIR(how, x21, x22, 16)						\
	PAIR(how, x23, x24, 32)						\
	PAIR(how, x25, x26, 48)						\
	PAIR(how, x27, x28, 64)						\
	PAIR(how, x29, x30, 80)						\
	PAIR(how, d8, d9, 96)						\
	PAIR(how, d10, d11, 112)					\
	PAIR(how, d12, d13, 128)					\
	PAIR(how, d14, d15, 144)
#define EACH(what)							\
	what(x19) what(x20) what(x21) what(x22) what(x23) what(x24)	\
	what(x25) what(x26) what(x27) what(x28) what(x29)
#define EACH_FLOAT(what)						\
	what(d8) what(d9) what(d10) what(d11) what(d12) what(d13)	\
	what(d14) what(d15)
#define FILL(reg)							\
	"	mov	" #reg ", x1\n"					\
	"	add	x1, x1, #1\n"
#define FILL_FLOAT(reg)							\
	"	fmov	" #reg ", x1\n"					\
	"	add	x1, x1, #1\n"
#define CHECK(reg)							\
	"	eor	x2, x1, " #reg "\n"				\
	"	orr	x0, x0, x2\n"					\
	"	add	x1, x1, #1\n"
#define CHECK_FLOAT(reg)						\
	"	fmov	x3, " #reg "\n"					\
	CHECK(x3)

__asm__(
"	.text\n"
"	.globl	registers_kept\n"
"	.type	registers_kept, %function\n"
"registers_kept:\n"
"	sub	sp, sp, #176\n"
	PAIRS(stp)
"	str	x1, [sp, #160]\n"
	EACH(FILL)
	EACH_FLOAT(FILL_FLOAT)
"	blr	x0\n"
"	ldr	x1, [sp, #160]\n"
"	mov	x0, #0\n"
	EACH(CHECK)
	EACH_FLOAT(CHECK_FLOAT)
	PAIRS(ldp)
"	add	sp, sp, #176\n"
"	ret\n"
"	.size	registers_kept, . - registers_kept\n"
);
#else
uint64_t
registers_kept(void (*fn)(void), uint64_t seed)
{
	(void)seed;
	fn();
	return (0);
}
#endif

#endif
