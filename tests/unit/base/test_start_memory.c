/* SPDX-License-Identifier: ISC */
/* Which pages start_memory_free() gives back, and that nothing is lost. */

/* sources: src/base/start_memory.c */

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/start_memory.h"

#define PAGE	4096
#define PAGES	4

static char	path[] = "/tmp/test_start_memory_XXXXXX";

/* How many bytes of the mapping that begins there are in memory. */
static unsigned
resident(const void *data)
{
	FILE		*smaps = fopen("/proc/self/smaps", "re");
	char		 line[512];
	uintptr_t	 start;
	unsigned	 kb = 0;
	bool		 here = false;

	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-", &start) == 1 &&
		    strchr(line, '-') != NULL && strstr(line, "kB") == NULL)
			here = start == (uintptr_t)data;
		else if (here && sscanf(line, "Rss: %u kB", &kb) == 1)
			break;
	}
	fclose(smaps);
	return (kb * 1024);
}

/* A mapping of a file with four pages of these letters, and all touched. */
static char *
map(int protection, int flags)
{
	char		 text[PAGES * PAGE];
	volatile char	 sum = 0;
	char		*data;
	size_t		 i;
	int		 fd;

	memset(text, 'f', sizeof(text));
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	unlink(path);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	data = mmap(NULL, sizeof(text), protection, flags, fd, 0);
	assert_ptr_not_equal(data, MAP_FAILED);
	close(fd);
	for (i = 0; i < sizeof(text); i += PAGE)
		sum += data[i];
	assert_int_equal(resident(data), sizeof(text));
	return (data);
}

static void
test_pages_as_in_the_file_go(void **state)
{
	char	*data = map(PROT_READ, MAP_PRIVATE);

	(void)state;
	start_memory_free();
	assert_int_equal(resident(data), 0);
	assert_int_equal(data[PAGE], 'f');	/* they come back */
	munmap(data, PAGES * PAGE);
}

/* As the tables of a library are once it is relocated. */
static void
test_changed_pages_stay(void **state)
{
	char	*next = map(PROT_READ, MAP_SHARED);	/* has no such pages */
	char	*data = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)state;
	assert_true(next > data);
	data[PAGE] = 'c';
	assert_int_equal(mprotect(data, PAGES * PAGE, PROT_READ), 0);
	start_memory_free();
	assert_int_equal(data[PAGE], 'c');
	assert_int_equal(resident(data), PAGES * PAGE);
	munmap(data, PAGES * PAGE);
	munmap(next, PAGES * PAGE);
}

static void
check_all_stay(int protection, int flags)
{
	char	*data = map(protection, flags);

	start_memory_free();
	assert_int_equal(resident(data), PAGES * PAGE);
	munmap(data, PAGES * PAGE);
}

static void
test_pages_to_write_to_stay(void **state)
{
	(void)state;
	check_all_stay(PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static void
test_shared_pages_stay(void **state)
{
	(void)state;
	check_all_stay(PROT_READ, MAP_SHARED);
}

/* Pages without a file: a heap that is read-only, a stack's guard. */
static void
test_memory_stays(void **state)
{
	char	*data = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(data, MAP_FAILED);
	memset(data, 'm', PAGES * PAGE);
	assert_int_equal(mprotect(data, PAGES * PAGE, PROT_READ), 0);
	start_memory_free();
	assert_int_equal(data[PAGE], 'm');
	munmap(data, PAGES * PAGE);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_pages_as_in_the_file_go),
		cmocka_unit_test(test_changed_pages_stay),
		cmocka_unit_test(test_pages_to_write_to_stay),
		cmocka_unit_test(test_shared_pages_stay),
		cmocka_unit_test(test_memory_stays),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
