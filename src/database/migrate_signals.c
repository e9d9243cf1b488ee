/* SPDX-License-Identifier: ISC */
/*
 * The signals that end ./keel migrate. Kore has handlers of its own when a
 * command runs: they only note a signal that nobody reads.
 */

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "database/migrate_signals.h"
#include "product.h"
#include "utils/start_error.h"

static const struct {
	int		 number;
	const char	*name;
} signals[] = {
	{ SIGHUP, "SIGHUP" },
	{ SIGINT, "SIGINT" },
	{ SIGQUIT, "SIGQUIT" },
	{ SIGTERM, "SIGTERM" },
};

#define NSIGNALS	(sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t	held, first;
static volatile unsigned	count;
static int			pipe_fds[2] = { -1, -1 };
static bool			ignored[NSIGNALS];

/* Before main.c and Kore set what becomes of them. */
__attribute__((constructor(101))) static void
note_ignored(void)
{
	struct sigaction	 sa;
	size_t			 i;

	for (i = 0; i < NSIGNALS; i++)
		ignored[i] = sigaction(signals[i].number, NULL, &sa) == 0 &&
		    sa.sa_handler == SIG_IGN;
}

const char *
migrate_signals_name(int number)
{
	size_t	 i;

	for (i = 0; i < NSIGNALS; i++) {
		if (signals[i].number == number)
			return (signals[i].name);
	}
	return ("a signal");
}

/* Nothing has to be rolled back by a statement. */
static void
die(int number)
{
	static const char	 said[] = PRODUCT ": ended by ";
	const char		*name = migrate_signals_name(number);
	struct pollfd		 err = { .fd = STDERR_FILENO,
				    .events = POLLOUT };
	const struct rlimit	 no_core = { 0, 0 };
	sigset_t		 set;

	setrlimit(RLIMIT_CORE, &no_core);
	if (poll(&err, 1, 0) == 1 &&
	    write(STDERR_FILENO, said, sizeof(said) - 1) > 0 &&
	    write(STDERR_FILENO, name, strlen(name)) > 0 &&
	    write(STDERR_FILENO, "\n", 1) > 0)
		errno = 0;
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	_exit(128 + number);
}

static void
take(int number)
{
	int	 saved = errno;

	if (!held)
		die(number);
	if (first == 0)
		first = number;
	count++;
	if (write(pipe_fds[1], "", 1) == -1)
		errno = 0;	/* it is full: that wakes, too */
	errno = saved;
}

const char *
migrate_signals_take(void)
{
	struct sigaction	 sa;
	size_t			 i;

	if (pipe_fds[0] == -1 &&
	    pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return (start_error("pipe: %m"));
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = take;
	sigfillset(&sa.sa_mask);
	for (i = 0; i < NSIGNALS; i++) {
		sa.sa_handler = ignored[i] ? SIG_IGN : take;
		if (sigaction(signals[i].number, &sa, NULL) == -1)
			return (start_error("sigaction: %m"));
	}
	return (NULL);
}

void
migrate_signals_hold(void)
{
	held = 1;
}

int
migrate_signals_noted(void)
{
	return (first);
}

unsigned
migrate_signals_count(void)
{
	return (count);
}

/*
 * Between a look at the count and poll(), only the pipe tells of a signal. What
 * it holds may be of one that is known.
 */
bool
migrate_signals_wait(int fd, short events, int64_t ms, unsigned known)
{
	struct pollfd	 fds[2] = {
		{ .fd = fd, .events = events },
		{ .fd = pipe_fds[0], .events = POLLIN },
	};
	char		 bytes[16];

	if (count != known)
		return (false);
	if (poll(fds, 2, ms < 0 ? -1 : ms > 3600000 ? 3600000 : (int)ms) <= 0)
		return (false);
	if (fds[1].revents != 0)
		while (read(pipe_fds[0], bytes, sizeof(bytes)) > 0)
			;
	return (fds[0].revents != 0);
}
