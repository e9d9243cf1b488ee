/* SPDX-License-Identifier: ISC */
/* Opens folders in which no other user can have put anything. */

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "product.h"
#include "utils/own_folder.h"
#include "utils/start_error.h"

static const char *
check(const char *path, const struct stat *st)
{
	if (st->st_uid != geteuid())
		return (start_error("%s belongs to the user %u, not to %u, who "
		    "runs this: set " ENV("STATE_DIR") " to a folder of your "
		    "own", path, st->st_uid, geteuid()));
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return (start_error("%s is open to others (mode %o): chmod "
		    "go-w, or set " ENV("STATE_DIR") " to a folder of your own",
		    path,
		    st->st_mode & 07777));
	return (NULL);
}

const char *
own_folder_open(const char *path, int flags, int *fd)
{
	struct stat	 st;
	const char	*problem;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		problem = start_error("cannot open %s: %m", path);
	else
		problem = check(path, &st);
	if (problem != NULL && *fd != -1)
		close(*fd);
	return (problem);
}
