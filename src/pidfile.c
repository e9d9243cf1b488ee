/* SPDX-License-Identifier: ISC */
/*
 * Writes the pid file. Kore would write its own before it calls us, would
 * follow a link, and would overwrite the file of a running server. This one is
 * written when nothing can fail any more, and never through a link.
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

/* A copy: if kore.conf has a pidfile, Kore frees this and writes that. */
void
pidfile_divert(void)
{
	kore_pidfile = kore_strdup(NOWHERE);
}

/* An existing file is a link, or is left over from a killed process. */
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
