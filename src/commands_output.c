/* SPDX-License-Identifier: ISC */
/*
 * The standard output of a command. stdio tells that a write has failed, but
 * not why, so its writes come through here.
 */

#include <sys/types.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands_output.h"
#include "utils/start_error.h"

static int	failed;		/* errno of the first write that failed */

/* The descriptor is the caller's, who may have made it non-blocking. */
static void
wait_for_room(void)
{
	struct pollfd	 out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	poll(&out, 1, -1);
}

/* For fopencookie(3): returns what was written, 0 for an error. */
static ssize_t
write_out(void *cookie, const char *bytes, size_t len)
{
	size_t	 done = 0;
	ssize_t	 n;

	(void)cookie;
	while (failed == 0 && done < len) {
		n = write(STDOUT_FILENO, bytes + done, len - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			wait_for_room();
		else if (errno != EINTR)
			failed = errno;
	}
	return (failed == 0 ? (ssize_t)done : 0);
}

void
commands_output_begin(void)
{
	static const cookie_io_functions_t	 functions = {
		.write = write_out };
	FILE					*out;

	fflush(stdout);
	if ((out = fopencookie(NULL, "w", functions)) == NULL)
		return;
	setvbuf(out, NULL, _IOLBF, 0);
	stdout = out;
}

/* A network's file system may tell at the close that a disk is full. */
const char *
commands_output_end(void)
{
	if (fflush(stdout) != 0 && failed == 0)
		failed = errno;
	if (close(STDOUT_FILENO) == -1 && failed == 0)
		failed = errno;
	return (failed == 0 ? NULL : start_error("cannot write to standard "
	    "output: %s", strerror(failed)));
}
