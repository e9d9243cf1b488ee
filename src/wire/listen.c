/* SPDX-License-Identifier: ISC */
/* Binds the servers of kore.conf: their addresses are settings. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <kore/kore.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "product.h"
#include "utils/start_error.h"
#include "wire/given.h"
#include "wire/listen.h"
#include "wire/wire.h"

#define SOCKET_MODE	0660
#define UNSENT_MAX	131072	/* bytes of a response in the kernel */

static const char	*bound;		/* the socket's path */
static struct stat	 bound_file;

static const char *
setting_of(const char *server)
{
	if (strcmp(server, wire_settings.runner) == 0)
		return (ENV("JOBS_ADMIN_PORT"));
	return (strcmp(server, wire_settings.admin) == 0 ?
	    ENV("ADMIN_PORT") : ENV("PORT"));
}

/* Binds before Kore does, whose error message lacks the address. */
static const char *
try_bind(const char *server, const char *host, const char *port)
{
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr		*sa = (struct sockaddr *)&in;
	socklen_t		 len = sizeof(in);
	int			 fd, on = 1;

	in.sin_port = in6.sin6_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		sa = (struct sockaddr *)&in6;
		len = sizeof(in6);
	} else if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return (start_error("cannot listen on '%s'", host));

	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == -1 || bind(fd, sa, len) == -1 ||
	    listen(fd, 1) == -1)
		return (start_error("cannot listen on %s port %s: %m: set %s "
		    "to another one", host, port,
		    setting_of(server)));
	close(fd);
	return (NULL);
}

/* A server that was killed leaves its socket behind. */
static const char *
remove_stale(const char *path)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct stat		 st;
	int			 fd;

	if (lstat(path, &st) == -1)
		return (NULL);
	if (!S_ISSOCK(st.st_mode))
		return (start_error("cannot listen on %s: it is no socket",
		    path));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	/* Where too many clients wait, a connect() would wait, too. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == 0 || errno != ECONNREFUSED)
		return (start_error("cannot listen on %s: a server has it",
		    path));
	close(fd);
	if (unlink(path) == -1)
		return (start_error("cannot remove %s: %m", path));
	return (NULL);
}

static const char *
bind_socket(struct kore_server *srv, const char *path)
{
	const char	*problem;
	mode_t		 mask;
	int		 done;

	if ((problem = remove_stale(path)) != NULL)
		return (problem);
	/* A chmod() would come too late, and perhaps to another file. */
	mask = umask(0777 & ~SOCKET_MODE);
	done = kore_server_bind_unix(srv, path, "wire_connect");
	umask(mask);
	if (!done)
		return (start_error("cannot listen on %s: %m", path));
	if (lstat(path, &bound_file) == -1)
		return (start_error("cannot look at %s: %m", path));
	bound = path;
	return (NULL);
}

/*
 * The listener's connections get it, too. By default, the kernel takes up to
 * 4 MB for a client that does not read (tcp(7): tcp_wmem).
 */
static const char *
limit_unsent(const struct kore_server *srv)
{
	int	 most = UNSENT_MAX;

	if (setsockopt(LIST_FIRST(&srv->listeners)->fd, IPPROTO_TCP,
	    TCP_NOTSENT_LOWAT, &most, sizeof(most)) == -1)
		return (start_error("cannot limit what is not sent: %m"));
	return (NULL);
}

/* As kore_listener_init() does with a socket of its own. */
static const char *
use_given(struct kore_server *srv, const struct given *g)
{
	struct listener	*l = kore_listener_create(srv);

	l->fd = g->fd;
	l->family = g->family;
	l->host = kore_strdup(g->host);
	l->port = kore_strdup(g->port);
	if (fcntl(g->fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    !kore_connection_nonblock(g->fd, g->family != AF_UNIX) ||
	    (l->connect = kore_runtime_getcall("wire_connect")) == NULL)
		return (start_error("cannot listen on descriptor %d: %m",
		    g->fd));
	return (g->family == AF_UNIX ? NULL : limit_unsent(srv));
}

const char *
listen_on(const char *server, const char *host, const char *port)
{
	struct kore_server	*srv;
	const struct given	*g;
	const char		*problem;

	if ((srv = kore_server_lookup(server)) == NULL)
		return (start_error("kore.conf has no server %s", server));
	if ((g = given_for(strcmp(server, wire_settings.admin) == 0 ?
	    GIVEN_ADMIN : GIVEN_API)) != NULL)
		return (use_given(srv, g));
	if (*host == '/')
		return (bind_socket(srv, host));
	if ((problem = try_bind(server, host, port)) != NULL)
		return (problem);
	if (!kore_server_bind(srv, host, port, "wire_connect"))
		return (start_error("cannot listen on %s port %s", host,
		    port));
	return (limit_unsent(srv));
}

bool
listen_was_given(const struct listener *l)
{
	const struct given	*g;
	int			 use;

	for (use = 0; use < GIVEN_USES; use++) {
		if ((g = given_for((enum given_use)use)) != NULL &&
		    g->fd == l->fd)
			return (true);
	}
	return (false);
}

/* While this server drains, the next one may have made its own. */
void
listen_end(void)
{
	struct stat	 st;

	if (bound != NULL && lstat(bound, &st) == 0 &&
	    st.st_dev == bound_file.st_dev && st.st_ino == bound_file.st_ino)
		unlink(bound);
}
