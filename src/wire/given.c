/* SPDX-License-Identifier: ISC */
/* Takes the sockets that a service manager gives the server. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utils/netaddr.h"
#include "utils/start_error.h"
#include "wire/given.h"
#include "wire/wire.h"

#define FDS	"LISTEN_FDS"
#define FDNAMES	"LISTEN_FDNAMES"
#define PID	"LISTEN_PID"

/* The begin of each message about a descriptor. */
#define NUMBER	FDS ": descriptor %d "

static struct given	given[GIVEN_USES] = { { .fd = -1 }, { .fd = -1 } };

const struct given *
given_for(enum given_use use)
{
	return (given[use].fd != -1 ? &given[use] : NULL);
}

/* What the n-th descriptor is for. Takes a name from *names. */
static enum given_use
use_of(const char **names, int n)
{
	const char	*name = *names;
	size_t		 len;

	if (name == NULL)
		return (n == 0 ? GIVEN_API : GIVEN_ADMIN);
	len = strcspn(name, ":");
	*names = name + len + (name[len] == ':');
	return (len == strlen(wire_settings.admin) &&
	    strncmp(name, wire_settings.admin, len) == 0 ? GIVEN_ADMIN :
	    GIVEN_API);
}

static int
count_names(const char *names)
{
	int	 n = 1;

	for (; *names != '\0'; names++)
		n += *names == ':';
	return (n);
}

const char *
given_sort(const char *count, const char *names, int fds[static GIVEN_USES])
{
	const char	*rest;
	enum given_use	 use;
	int		 i, n;

	if (strcmp(count, "1") != 0 && strcmp(count, "2") != 0)
		return (start_error(FDS " must be 1 or 2, for the API and the "
		    "admin listener, not '%s'", count));
	n = *count - '0';
	if (names != NULL && *names == '\0')
		names = NULL;
	if (names != NULL && count_names(names) != n)
		return (start_error(FDNAMES " '%s' must have as many names as "
		    FDS " has descriptors: %d", names, n));
	fds[GIVEN_API] = fds[GIVEN_ADMIN] = -1;
	for (rest = names, i = 0; i < n; i++) {
		use = use_of(&rest, i);
		if (fds[use] != -1)
			return (start_error(FDNAMES " '%s' has two sockets for "
			    "the %s: one must be named %s", names,
			    use == GIVEN_API ? "API" : "admin listener",
			    use == GIVEN_API ? wire_settings.admin : "api"));
		fds[use] = GIVEN_FIRST + i;
	}
	return (NULL);
}

static int
option(int fd, int name)
{
	socklen_t	 len = sizeof(int);
	int		 value = -1;

	return (getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value :
	    -1);
}

/*
 * Those who may use the API's socket count as a trusted proxy. The path may be
 * another file by now, or none; then nobody can use it.
 */
static bool
is_open_to_all(const char *path)
{
	struct stat	 st;

	return (stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    (st.st_mode & S_IWOTH) != 0);
}

static void
take_path(const struct sockaddr_un *sun, socklen_t len, struct given *g)
{
	size_t	 n = len - offsetof(struct sockaddr_un, sun_path);

	if (sun->sun_path[0] == '\0')
		snprintf(g->host, sizeof(g->host), "@%.*s", (int)n - 1,
		    sun->sun_path + 1);
	else
		snprintf(g->host, sizeof(g->host), "%.*s", (int)n,
		    sun->sun_path);
}

/* Sets the address. */
static const char *
take_address(int fd, enum given_use use, struct given *g)
{
	union {
		struct sockaddr		 sa;
		struct sockaddr_in	 in;
		struct sockaddr_in6	 in6;
		struct sockaddr_un	 sun;
	} addr;
	struct netaddr	 host;
	socklen_t	 len = sizeof(addr);

	if (getsockname(fd, &addr.sa, &len) == -1)
		return (start_error(NUMBER "has no address: %m", fd));
	g->family = addr.sa.sa_family;
	if (g->family == AF_UNIX) {
		take_path(&addr.sun, len, g);
		if (use == GIVEN_API && is_open_to_all(g->host))
			return (start_error(NUMBER "is the socket %s, which "
			    "everybody may use: set SocketMode=0660", fd,
			    g->host));
		return (NULL);
	}
	if (!netaddr_from(&addr.sa, &host))
		return (start_error(NUMBER "is neither an IP socket nor a Unix "
		    "socket", fd));
	netaddr_text(&host, g->host);
	if (use == GIVEN_ADMIN && !netaddr_is_loopback(&host))
		return (start_error(NUMBER "is the admin listener at %s: it "
		    "must be at a loopback address, or a Unix socket", fd,
		    g->host));
	snprintf(g->port, sizeof(g->port), "%u", ntohs(g->family == AF_INET ?
	    addr.in.sin_port : addr.in6.sin6_port));
	return (NULL);
}

const char *
given_look(int fd, enum given_use use, struct given *g)
{
	const char	*problem;

	if (fcntl(fd, F_GETFD) == -1)
		return (start_error(NUMBER "is not open", fd));
	if (option(fd, SO_TYPE) != SOCK_STREAM)
		return (start_error(NUMBER "is no stream socket", fd));
	if (option(fd, SO_ACCEPTCONN) != 1)
		return (start_error(NUMBER "does not listen: systemd needs "
		    "Accept=no", fd));
	if ((problem = take_address(fd, use, g)) != NULL)
		return (problem);
	g->fd = fd;
	return (NULL);
}

/* Is LISTEN_FDS for this process? */
static bool
is_for_us(void)
{
	const char	*pid = getenv(PID);
	char		 ours[16];

	snprintf(ours, sizeof(ours), "%d", (int)getpid());
	return (pid != NULL && strcmp(pid, ours) == 0);
}

/* Then requests of the one would be answered as those of the other. */
static bool
are_same(int a, int b)
{
	struct stat	 one, other;

	return (fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static const char *
take(const char *count, const char *names)
{
	const char	*problem;
	int		 fds[GIVEN_USES], use;

	if ((problem = given_sort(count, names, fds)) != NULL)
		return (problem);
	for (use = 0; use < GIVEN_USES; use++) {
		if (fds[use] != -1 && (problem = given_look(fds[use],
		    (enum given_use)use, &given[use])) != NULL)
			return (problem);
	}
	if (are_same(fds[GIVEN_API], fds[GIVEN_ADMIN]))
		return (start_error(FDS ": both descriptors are one socket"));
	if (given[GIVEN_API].fd != -1) {
		wire_settings.given_host = given[GIVEN_API].host;
		wire_settings.given_port = given[GIVEN_API].port;
	}
	wire_settings.given_admin = given[GIVEN_ADMIN].fd != -1;
	return (NULL);
}

/* Kore has copied the environment: to the sanitizer, this would be a leak. */
static void
forget(const char *name, const char **kept)
{
	*kept = getenv(name);
	unsetenv(name);
}

const char *
given_take(void)
{
	static const char	*kept[3] __attribute__((used));
	const char		*count = getenv(FDS), *problem = NULL;

	if (count != NULL && is_for_us())
		problem = take(count, getenv(FDNAMES));
	forget(PID, &kept[0]);
	forget(FDS, &kept[1]);
	forget(FDNAMES, &kept[2]);
	return (problem);
}
