/* SPDX-License-Identifier: ISC */
/*
 * Writes the pid file. Kore would write its own before it calls us, would
 * follow a link, and would overwrite the file of a running server. This one is
 * written when nothing can fail any more, and never through a link. It is
 * locked while the server runs, so that the next one can tell which files were
 * left by servers that were killed.
 */

#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <kore/kore.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pidfile.h"
#include "product.h"
#include "utils/own_folder.h"

#define NOWHERE		"/dev/null"
#define LOCK_TRIES	100		/* a second */

/* A copy: if kore.conf has a pidfile, Kore frees this and writes that. */
void
pidfile_divert(void)
{
	kore_pidfile = kore_strdup(NOWHERE);
}

/*
 * An existing file is a link, or is left over from a killed process. The lock
 * ends with the last process that inherits it, so the descriptor stays open.
 */
static bool
write_anew(int folder, const char *name)
{
	int	 fd;

	unlinkat(folder, name, 0);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0644);
	if (fd == -1)
		return (false);
	flock(fd, LOCK_EX | LOCK_NB);
	return (dprintf(fd, "%d\n", (int)getpid()) > 0);
}

static bool
is_pidfile(const char *name)
{
	int	 end = 0;

	sscanf(name, "kore.%*[0-9].pid%n", &end);
	return (end > 0 && name[end] == '\0');
}

static void
remove_unlocked(int folder, const char *name)
{
	struct stat	 st;
	int		 fd;

	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	close(fd);
}

/* Removes the files of servers that were killed. */
static void
remove_left_over(int folder)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 fd;

	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (is_pidfile(entry->d_name))
			remove_unlocked(folder, entry->d_name);
	}
	closedir(dir);
}

/*
 * Locks the folder while a file in it is not locked yet, or another server that
 * starts would remove that. Another user can hold the lock as long as they
 * like, so without it, nothing is removed.
 */
static bool
lock_folder(int folder)
{
	int	 tries;

	for (tries = 0; flock(folder, LOCK_EX | LOCK_NB) == -1; tries++) {
		if (tries == LOCK_TRIES)
			return (false);
		usleep(10000);
	}
	return (true);
}

const char *
pidfile_write(void)
{
	static char	 path[PATH_MAX + 32];
	const char	*state = getenv(ENV("STATE_DIR")), *problem;
	int		 folder = AT_FDCWD;
	char		 name[32] = "kore.pid";

	if (strcmp(kore_pidfile, NOWHERE) != 0)
		return (NULL);		/* kore.conf has one */
	if (state == NULL || *state == '\0')
		state = ".";		/* as Kore does */
	else if ((problem = own_folder_open(state, 0, &folder)) != NULL)
		return (problem);
	else
		snprintf(name, sizeof(name), "kore.%d.pid", (int)getpid());
	snprintf(path, sizeof(path), "%s/%s", state, name);
	if (folder != AT_FDCWD && lock_folder(folder))
		remove_left_over(folder);
	if (!write_anew(folder, name))
		fprintf(stderr, PRODUCT ": cannot write %s: %m\n", path);
	if (folder != AT_FDCWD)
		close(folder);
	kore_pidfile = path;
	return (NULL);
}

void
pidfile_remove(void)
{
	if (strcmp(kore_pidfile, NOWHERE) != 0)
		unlink(kore_pidfile);
}
