/* SPDX-License-Identifier: ISC */
/*
 * Writes lines on standard output. In a server, whose loop everybody waits for,
 * a line that cannot be written now is dropped and counted.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_write.h"

#define LAST_WAIT_MS	1000	/* for the line of a crash */
#define NEWS_MAX	512
#define GATHERED_MAX	4096	/* bytes: a pipe takes all or nothing */

static bool			 never_waits;
static bool			 must_ask;	/* the descriptor may wait */
static _Atomic uint64_t		*total;		/* of all processes */
static uint64_t			 dropped;	/* since the last news of it */
static size_t			(*say_dropped)(char *, size_t, uint64_t);
/* What is missing of a line that was cut, which the next line must not join. */
static char			 rest[LOG_LINE_MAX];
static size_t			 rest_len;
/* Lines that wait for others, and for one system call. */
static char			 gathered[GATHERED_MAX];
static size_t			 gathered_len;
static unsigned			 ngathered;
static bool			(*more_come)(void);

static bool
has_room(int wait_ms)
{
	struct pollfd	 p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return (poll(&p, 1, wait_ms) > 0);
}

/* Returns how many bytes were written; 0 after an error. */
static size_t
put(const char *text, size_t len)
{
	ssize_t	 n;

	if (must_ask && !has_room(0))
		return (0);
	do
		n = write(STDOUT_FILENO, text, len);
	while (n == -1 && errno == EINTR);
	return (n == -1 ? 0 : (size_t)n);
}

/* text may be within rest. Returns whether anything of it was written. */
static bool
put_or_keep(const char *text, size_t len)
{
	size_t	 n = put(text, len);

	if (n == 0)
		return (false);
	rest_len = len - n;
	memmove(rest, text + n, rest_len);
	return (true);
}

static bool
put_rest(void)
{
	if (rest_len > 0)
		put_or_keep(rest, rest_len);
	return (rest_len == 0);
}

/* Writes what must come before the next line. */
static bool
catch_up(void)
{
	char	 news[NEWS_MAX];
	size_t	 len;

	if (!put_rest())
		return (false);
	if (dropped == 0)
		return (true);
	len = say_dropped(news, sizeof(news), dropped);
	if (len > 0 && !put_or_keep(news, len))
		return (false);
	dropped = 0;
	return (rest_len == 0);
}

void
log_drop(void)
{
	if (!never_waits)
		return;
	dropped++;
	(*total)++;
}

void
log_gather(bool (*fn)(void))
{
	more_come = fn;
}

/* Leaves none, whether it was written or not. Returns false if it was not. */
static bool
put_gathered(void)
{
	if (gathered_len > 0 && !put_or_keep(gathered, gathered_len))
		return (false);
	gathered_len = 0;
	ngathered = 0;
	return (true);
}

void
log_flush(void)
{
	unsigned	 n = ngathered;

	if (n == 0 || (catch_up() && put_gathered()))
		return;
	while (n-- > 0)
		log_drop();
	gathered_len = 0;
	ngathered = 0;
}

void
log_write_later(const char *line, size_t len)
{
	if (more_come == NULL || len > sizeof(gathered)) {
		log_write(line, len);
		return;
	}
	if (len > sizeof(gathered) - gathered_len)
		log_flush();
	memcpy(gathered + gathered_len, line, len);
	gathered_len += len;
	ngathered++;
	if (!more_come())
		log_flush();
}

/* One write, so that the lines of two processes do not mix. */
void
log_write(const char *line, size_t len)
{
	log_flush();
	if (!never_waits)
		put(line, len);		/* no other place to report it */
	else if (len > sizeof(rest) || !catch_up() || !put_or_keep(line, len))
		log_drop();
}

void
log_write_last(const char *line, size_t len)
{
	if (put_rest() && put_gathered() && put_rest() && put(line, len) > 0)
		return;
	if (has_room(LAST_WAIT_MS) && put_rest() && put_gathered() &&
	    put_rest() && put(line, len) > 0)
		return;
	log_drop();
}

void
log_tick(void)
{
	log_flush();
	if (rest_len > 0 || dropped > 0)
		catch_up();
}

/* What Kore prints comes from stdio, a line at a time. */
static ssize_t
take_print(void *cookie, const char *text, size_t len)
{
	(void)cookie;
	log_write(text, len);
	return ((ssize_t)len);
}

/*
 * Others may have the same pipe or terminal open, and must not see that it does
 * not wait. So it is opened once more, which makes a second open file. A socket
 * cannot be; a file never waits.
 */
static bool
open_anew(int fd)
{
	struct stat	 st;
	char		 path[32];
	int		 anew;

	if (fstat(fd, &st) == -1 || S_ISREG(st.st_mode))
		return (true);
	if (S_ISSOCK(st.st_mode))
		return (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) !=
		    -1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	anew = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (anew == -1)
		return (false);
	dup2(anew, fd);
	close(anew);
	return (true);
}

/* In a child of the fork: what the parent has to say is not ours. */
static void
forget(void)
{
	gathered_len = 0;
	ngathered = 0;
	rest_len = 0;
	dropped = 0;
}

void
log_write_init(_Atomic uint64_t *counter,
    size_t (*fn)(char *, size_t, uint64_t))
{
	static char			 buffer[BUFSIZ];
	static cookie_io_functions_t	 functions = { .write = take_print };
	FILE				*prints;

	total = counter;
	say_dropped = fn;
	fflush(stdout);
	must_ask = !open_anew(STDOUT_FILENO);
	open_anew(STDERR_FILENO);
	pthread_atfork(NULL, NULL, forget);
	never_waits = true;
	if ((prints = fopencookie(NULL, "w", functions)) == NULL)
		return;		/* stdio drops its lines without us */
	setvbuf(prints, buffer, _IOLBF, sizeof(buffer));
	stdout = prints;
}
