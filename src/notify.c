/* SPDX-License-Identifier: ISC */
/* Tells the service manager how the server is doing: sd_notify(3). */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

/* A path, or an abstract socket, whose name follows an @. False: neither. */
static bool
set_address(const char *name, struct sockaddr_un *sun, socklen_t *len)
{
	size_t	 n = strlen(name);

	memset(sun, 0, sizeof(*sun));
	if ((*name != '/' && *name != '@') || n >= sizeof(sun->sun_path))
		return (false);
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, name, n);
	if (*name == '@')
		sun->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
	    (*name == '/'));
	return (true);
}

void
notify(const char *state)
{
	const char		*name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un	 sun;
	socklen_t		 len;
	int			 fd;

	if (name == NULL || !set_address(name, &sun, &len) ||
	    (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&sun, len);
	close(fd);
}
