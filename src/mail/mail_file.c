/* SPDX-License-Identifier: ISC */
/*
 * Mail without a mail server, for development and tests: one file per message,
 * complete or not there. A second attempt writes the same file again.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mail/smtp.h"
#include "product.h"
#include "utils/own_folder.h"
#include "utils/start_error.h"

static int	folder = -1;

const char *
mail_file_init(void)
{
	char		 path[1024];
	const char	*problem;
	int		 state;

	if ((problem = own_folder_open(mail_settings.state_dir, 0,
	    &state)) != NULL)
		return (problem);
	close(state);
	if ((size_t)snprintf(path, sizeof(path), "%s/mail",
	    mail_settings.state_dir) >= sizeof(path))
		return (start_error(ENV("STATE_DIR") " is too long"));
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return (start_error("cannot make %s: %m", path));
	if ((problem = own_folder_open(path, O_NOFOLLOW, &folder)) != NULL)
		return (problem);
	if (faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) == -1)
		return (start_error("cannot write mails to %s: %m", path));
	return (NULL);
}

static bool
write_all(int fd, const char *data, size_t len)
{
	ssize_t	 n;

	for (; len > 0; data += n, len -= (size_t)n) {
		if ((n = write(fd, data, len)) == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return (false);
	}
	return (true);
}

/* Returns false and sets errno on failure. */
static bool
write_file(const char *name, const struct message *m)
{
	int	 fd, error;
	bool	 done;

	fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return (false);
	done = write_all(fd, m->data, m->len) && fsync(fd) == 0;
	error = errno;
	if (close(fd) == -1 && done) {
		done = false;
		error = errno;
	}
	if (!done)
		unlinkat(folder, name, 0);
	errno = error;
	return (done);
}

void
mail_file_write(struct ctx *c, const struct message *m)
{
	const char	*name = ctx_printf(c, "%s.eml", m->id);
	const char	*beside = ctx_printf(c, ".%s.new", m->id);

	if (!write_file(beside, m) ||
	    renameat(folder, beside, folder, name) == -1 ||
	    fsync(folder) == -1)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot write mail/%s: %s",
		    name, strerror(errno));
}
