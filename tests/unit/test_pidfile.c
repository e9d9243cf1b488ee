/* SPDX-License-Identifier: ISC */
/*
 * The pid file: where it is, its content, and what is removed: it, and those of
 * servers that were killed.
 */

/* sources: src/pidfile.c */

#include <sys/file.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pidfile.h"

char		*kore_pidfile;
char		*kore_strdup(const char *);
int		 unlink(const char *);
int		 usleep(useconds_t);

static char	 folder[] = "/tmp/keel-pid-XXXXXX";
static char	*copy;		/* the last one */
static char	 path[128], removed[PATH_MAX + 32];
static int	 pauses;

char *
kore_strdup(const char *text)
{
	free(copy);
	copy = strdup(text);
	return (copy);
}

/* Notes what is removed. A wrong pidfile.c must not remove /dev/null. */
int
unlink(const char *name)
{
	snprintf(removed, sizeof(removed), "%s", name);
	if (strcmp(name, path) != 0 && strcmp(name, "./kore.pid") != 0)
		return (-1);
	return (unlinkat(AT_FDCWD, name, 0));
}

int
usleep(useconds_t time)
{
	pauses += time == 10000;
	return (0);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	setenv("KEEL_STATE_DIR", folder, 1);
	snprintf(path, sizeof(path), "%s/kore.%d.pid", folder, (int)getpid());
	*removed = '\0';
	pauses = 0;
	umask(022);
	pidfile_divert();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(AT_FDCWD, path, 0);
	unlinkat(AT_FDCWD, "kore.pid", 0);
	unlinkat(AT_FDCWD, "victim", 0);
	free(copy);
	copy = NULL;
	return (rmdir(folder));
}

/* Its content is this process's id. */
static void
check_file(const char *name)
{
	struct stat	 info;
	char		 text[32] = "", pid[32];
	int		 fd = open(name, O_RDONLY | O_NOFOLLOW);

	assert_int_not_equal(fd, -1);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	assert_string_equal(text, pid);
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0644);
	close(fd);
}

static void
test_it_exists_while_the_server_runs(void **state)
{
	(void)state;
	assert_string_equal(kore_pidfile, "/dev/null");
	assert_ptr_equal(kore_pidfile, copy);	/* which Kore may free */
	assert_int_not_equal(access(path, F_OK), 0);
	assert_null(pidfile_write());
	check_file(path);
	assert_string_equal(kore_pidfile, path);
	assert_int_not_equal(access("kore.pid", F_OK), 0);
	assert_string_equal(removed, "");
	pidfile_remove();
	assert_string_equal(removed, path);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
test_a_link_is_replaced(void **state)
{
	struct stat	 info;
	int		 fd;

	(void)state;
	fd = open("victim", O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(symlink("victim", path), 0);
	assert_null(pidfile_write());
	check_file(path);
	assert_int_equal(stat("victim", &info), 0);
	assert_int_equal(info.st_size, 0);
}

static void
test_a_longer_file_of_a_killed_server(void **state)
{
	int	 fd;

	(void)state;
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "1234567890\n123\n", 15), 15);
	close(fd);
	assert_null(pidfile_write());
	check_file(path);
}

/* As plain kodev run: in the working folder. */
static void
test_without_a_state_folder(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i == 0)
			unsetenv("KEEL_STATE_DIR");
		else
			setenv("KEEL_STATE_DIR", "", 1);
		assert_null(pidfile_write());
		check_file("kore.pid");
		assert_int_not_equal(access(path, F_OK), 0);
		assert_string_equal(kore_pidfile, "./kore.pid");
		pidfile_remove();
		assert_string_equal(removed, "./kore.pid");
		pidfile_divert();
	}
}

static void
test_a_folder_that_others_can_write(void **state)
{
	const char	*problem;

	(void)state;
	assert_int_equal(chmod(folder, 0777), 0);
	problem = pidfile_write();
	assert_non_null(problem);
	assert_non_null(strstr(problem, "is open to others"));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_string_equal(kore_pidfile, "/dev/null");
}

/* Before it is written, nothing is: a failed start removes no file. */
static void
test_nothing_to_remove(void **state)
{
	(void)state;
	pidfile_remove();
	assert_string_equal(removed, "");
}

static void
test_kore_conf_has_one(void **state)
{
	static char	 mine[] = "/nonexistent/mine.pid";

	(void)state;
	kore_pidfile = mine;
	assert_null(pidfile_write());
	assert_int_not_equal(access(path, F_OK), 0);
	assert_ptr_equal(kore_pidfile, mine);
}

/* The server does not need the file: a warning, and it goes on. */
static void
test_it_cannot_be_written(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);		/* is not removed */
	assert_null(pidfile_write());
	assert_string_equal(kore_pidfile, path);
	assert_int_equal(rmdir(path), 0);
}

static int
make_file(const char *name)
{
	int	 fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	return (fd);
}

/* Is there something of this name? Removes it. */
static bool
take(const char *name)
{
	return (unlinkat(AT_FDCWD, name, 0) == 0 ||
	    unlinkat(AT_FDCWD, name, AT_REMOVEDIR) == 0);
}

static void
test_files_of_killed_servers(void **state)
{
	static const char	*others[] = {
		"kore.1.pid.old", "xkore.1.pid", "kore..pid", "kore.1x.pid",
		"kore.-1.pid", "kore.1.pi",
	};
	size_t	 i;
	int	 fd;

	(void)state;
	close(make_file("kore.1.pid"));
	close(make_file("kore.4194304.pid"));
	fd = make_file("kore.2.pid");
	assert_int_equal(flock(fd, LOCK_EX), 0);
	close(make_file("victim"));
	assert_int_equal(symlink("victim", "kore.3.pid"), 0);
	assert_int_equal(mkdir("kore.4.pid", 0700), 0);
	assert_int_equal(mkfifo("kore.5.pid", 0600), 0);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		close(make_file(others[i]));

	assert_null(pidfile_write());
	check_file(path);
	assert_false(take("kore.1.pid"));
	assert_false(take("kore.4194304.pid"));
	assert_true(take("kore.2.pid"));
	assert_true(take("kore.3.pid"));
	assert_true(take("kore.4.pid"));
	assert_true(take("kore.5.pid"));
	assert_true(take("victim"));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(take(others[i]));
	assert_int_equal(pauses, 0);
	close(fd);
}

static void
test_it_is_locked(void **state)
{
	int	 fd;

	(void)state;
	assert_null(pidfile_write());
	fd = open(path, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), -1);
	close(fd);
	fd = open(folder, O_RDONLY);		/* and the folder is not */
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}

/* It waits for a server that starts, but not for ever. */
static void
test_the_folder_is_locked(void **state)
{
	int	 fd = open(folder, O_RDONLY);

	(void)state;
	assert_int_equal(flock(fd, LOCK_SH), 0);
	close(make_file("kore.1.pid"));
	assert_null(pidfile_write());
	assert_int_equal(pauses, 100);
	check_file(path);
	assert_true(take("kore.1.pid"));
	close(fd);
}

/* Others may have put a file there. */
static void
test_the_working_folder_is_not_searched(void **state)
{
	(void)state;
	unsetenv("KEEL_STATE_DIR");
	close(make_file("kore.1.pid"));
	assert_null(pidfile_write());
	assert_true(take("kore.1.pid"));
	assert_int_equal(pauses, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_it_exists_while_the_server_runs),
		TEST(test_a_link_is_replaced),
		TEST(test_a_longer_file_of_a_killed_server),
		TEST(test_without_a_state_folder),
		TEST(test_a_folder_that_others_can_write),
		TEST(test_nothing_to_remove),
		TEST(test_kore_conf_has_one),
		TEST(test_it_cannot_be_written),
		TEST(test_files_of_killed_servers),
		TEST(test_it_is_locked),
		TEST(test_the_folder_is_locked),
		TEST(test_the_working_folder_is_not_searched),
	};

	return (cmocka_run_group_tests_name("pidfile", tests, NULL, NULL));
}
