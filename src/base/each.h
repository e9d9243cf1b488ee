/* SPDX-License-Identifier: ISC */
/* EACH(): applies a macro to each of its arguments. */

#ifndef BASE_EACH_H
#define BASE_EACH_H

/*
 * EACH(macro, a, b) is macro(a) macro(b), for up to 80 arguments, or none. A
 * macro cannot call itself, so EACH_AGAIN is expanded once per EACH_RESCAN.
 */
#define EACH(macro, ...)						\
	__VA_OPT__(EACH_RESCAN(EACH_STEP(macro, __VA_ARGS__)))
#define EACH_STEP(macro, first, ...)					\
	macro(first)							\
	__VA_OPT__(EACH_AGAIN EACH_PARENTHESES (macro, __VA_ARGS__))
#define EACH_AGAIN()		EACH_STEP
#define EACH_PARENTHESES	()
#define EACH_RESCAN(...)	EACH_3(EACH_3(EACH_3(__VA_ARGS__)))
#define EACH_3(...)		EACH_2(EACH_2(EACH_2(__VA_ARGS__)))
#define EACH_2(...)		EACH_1(EACH_1(EACH_1(__VA_ARGS__)))
#define EACH_1(...)		__VA_ARGS__

#endif
