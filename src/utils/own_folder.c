/* SPDX-License-Identifier: ISC */
/* Folders in which nobody else can have put anything. */

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "product.h"
#include "utils/complain.h"
#include "utils/own_folder.h"

static const char *
check(const char *path, const struct stat *st)
{
	if (st->st_uid != geteuid())
		return (complain("%s belongs to the user %u, not to %u, who "
		    "runs this: set " ENV("STATE_DIR") " to a folder of your "
		    "own", path, st->st_uid, geteuid()));
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return (complain("%s is open to others (mode %o): chmod go-w, "
		    "or set " ENV("STATE_DIR") " to a folder of your own", path,
		    st->st_mode & 07777));
	return (NULL);
}

const char *
own_folder_open(const char *path, int flags, int *fd)
{
	struct stat	 st;
	const char	*what;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		what = complain("cannot open %s: %m", path);
	else
		what = check(path, &st);
	if (what != NULL && *fd != -1)
		close(*fd);
	return (what);
}
