/* SPDX-License-Identifier: ISC */
/* Folders in which no other user can have put anything. */

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utils/own_folder.h"

#define SOMEBODY	65534

static char	 folder[] = "/tmp/keel-own-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (rmdir(folder));
}

static bool
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1);
}

static void
check_refused(const char *path, int flags, const char *phrase)
{
	const char	*what;
	int		 fd;

	what = own_folder_open(path, flags, &fd);
	assert_non_null(what);
	assert_non_null(strstr(what, path));
	assert_non_null(strstr(what, phrase));
	assert_false(is_open(fd));
}

static void
test_modes(void **state)
{
	static const mode_t	 good[] = { 0700, 0711, 0755, 0500 };
	static const mode_t	 bad[] = { 0720, 0702, 0775, 01777 };
	size_t			 i;
	int			 fd;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(chmod(folder, good[i]), 0);
		assert_null(own_folder_open(folder, 0, &fd));
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(close(fd), 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(folder, bad[i]), 0);
		check_refused(folder, 0, "open to others");
	}
	assert_int_equal(chmod(folder, 0700), 0);
}

static void
test_links(void **state)
{
	char	 path[64];
	int	 fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink(folder, path), 0);
	assert_null(own_folder_open(path, 0, &fd));
	assert_int_equal(close(fd), 0);
	check_refused(path, O_NOFOLLOW, "cannot open");
	assert_int_equal(unlink(path), 0);
}

static void
test_not_a_folder(void **state)
{
	(void)state;
	check_refused("/dev/null", 0, "Not a directory");
	check_refused("/nonexistent", 0, "No such file");
}

static void
test_another_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();		/* only root can change the owner */
	assert_int_equal(chown(folder, SOMEBODY, (gid_t)-1), 0);
	check_refused(folder, 0, "belongs to the user 65534");
	assert_int_equal(chown(folder, 0, (gid_t)-1), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_not_a_folder),
		cmocka_unit_test(test_another_owner),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
