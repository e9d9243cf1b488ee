/* SPDX-License-Identifier: ISC */
/*
 * Preloaded with the address sanitizer. It wakes up at the process's first
 * malloc, and one of Kore's libraries makes that from inside newlocale(),
 * with the locale lock held: the sanitizer's own start unlocks it a second
 * time, and the process hangs at its end. Linked with -z initfirst, this
 * allocates before any library does.
 */

#include <stdlib.h>

__attribute__((constructor)) static void
wake_sanitizer(void)
{
	free(malloc(1));
}
