/* SPDX-License-Identifier: ISC */
/* Looks for a secret in all memory that is freed, in unit tests. */

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/freed_fake.h"

/* AddressSanitizer's (sanitizer/allocator_interface.h, which gcc lacks). */
int	__sanitizer_install_malloc_and_free_hooks(
	    void (*)(const volatile void *, size_t),
	    void (*)(const volatile void *));

static const char	*wanted;
static unsigned		 found;

static void
allocated(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
}

static void
freed(const volatile void *p)
{
	void	*block = (void *)(uintptr_t)p;

	if (p != NULL && wanted != NULL && memmem(block,
	    malloc_usable_size(block), wanted, strlen(wanted)) != NULL)
		found++;
}

unsigned
freed_watch(const char *secret)
{
	static int	 installed;
	unsigned	 last = found;

	if (!installed && __sanitizer_install_malloc_and_free_hooks(allocated,
	    freed) == 0)
		abort();
	installed = 1;
	wanted = secret;
	found = 0;
	return (last);
}
