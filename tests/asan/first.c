/* SPDX-License-Identifier: ISC */
/*
 * Is preloaded with the address sanitizer, to start it early. The sanitizer
 * starts at the process's first malloc(), which one of Kore's libraries makes
 * inside newlocale(), with the locale lock held. The sanitizer's start would
 * unlock it a second time, and the process would hang at its end. Linked with
 * -z initfirst, this file allocates before any library does.
 */

#include <stdlib.h>

__attribute__((constructor)) static void
wake_sanitizer(void)
{
	free(malloc(1));
}
