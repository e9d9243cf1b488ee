/* SPDX-License-Identifier: ISC */
/*
 * Kore writes its pid file before it calls us, through any link that is there,
 * and over the file of a server that runs. This one is written when nothing can
 * fail any more, and never through a link.
 */

#include <sys/types.h>

#include <kore/kore.h>

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pidfile.h"
#include "product.h"
#include "utils/own_folder.h"

#define NOWHERE	"/dev/null"

/* A copy: should kore.conf have a pidfile, Kore frees this and writes that. */
void
pidfile_divert(void)
{
	kore_pidfile = kore_strdup(NOWHERE);
}

/* What is there is a link, or from a process that was killed. */
static bool
write_anew(int folder, const char *name)
{
	int	 fd, n;

	unlinkat(folder, name, 0);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0644);
	if (fd == -1)
		return (false);
	n = dprintf(fd, "%d\n", (int)getpid());
	return (close(fd) == 0 && n > 0);
}

const char *
pidfile_write(void)
{
	static char	 path[PATH_MAX + 32];
	const char	*state = getenv(ENV("STATE_DIR")), *what;
	int		 folder = AT_FDCWD;
	char		 name[32] = "kore.pid";

	if (strcmp(kore_pidfile, NOWHERE) != 0)
		return (NULL);		/* kore.conf has one */
	if (state == NULL || *state == '\0')
		state = ".";		/* the program's, as it is for Kore */
	else if ((what = own_folder_open(state, 0, &folder)) != NULL)
		return (what);
	else
		snprintf(name, sizeof(name), "kore.%d.pid", (int)getpid());
	snprintf(path, sizeof(path), "%s/%s", state, name);
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
