/* SPDX-License-Identifier: ISC */
/* The hosts of a database URL. */

#include <sys/types.h>
#include <sys/socket.h>

#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "database/conninfo.h"
#include "utils/start_error.h"

static unsigned
count_items(const char *list)
{
	unsigned	 n = 1;

	for (; *list != '\0'; list++)
		n += *list == ',';
	return (n);
}

/* Copies an item; nothing of an empty list. False if it does not fit. */
static bool
copy_item(char *out, size_t size, const char *list, ptrdiff_t i)
{
	for (; i > 0 && *list != '\0'; i--)
		list += strcspn(list, ",") + 1;
	return ((size_t)snprintf(out, size, "%.*s", (int)strcspn(list, ","),
	    list) < size);
}

/* A literal address needs no lookup. libpq knows more spellings of it. */
static void
take_address(struct host *host)
{
	struct addrinfo	 hints = {
		.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM
	};
	struct addrinfo	*res;

	if (!host_is_name(host) ||
	    getaddrinfo(host->name, NULL, &hints, &res) != 0)
		return;
	if (getnameinfo(res->ai_addr, res->ai_addrlen, host->address,
	    sizeof(host->address), NULL, 0, NI_NUMERICHOST) != 0)
		host->address[0] = '\0';
	freeaddrinfo(res);
}

bool
host_is_name(const struct host *host)
{
	return (host->address[0] == '\0' && host->name[0] != '\0' &&
	    host->name[0] != '/' && host->name[0] != '@');
}

static const char *
check_counts(const struct conninfo *c, unsigned n, const char *names,
    const char *ports)
{
	if (*names != '\0' && count_items(names) != n)
		return (start_error("%s: %u names of hosts, but %u addresses "
		    "(hostaddr)", c->setting, count_items(names), n));
	if (count_items(ports) != 1 && count_items(ports) != n)
		return (start_error("%s: %u hosts, but %u ports", c->setting,
		    n, count_items(ports)));
	if (n > HOSTS_MAX)
		return (start_error("%s: more than %d hosts", c->setting,
		    HOSTS_MAX));
	return (NULL);
}

const char *
conninfo_read_hosts(struct conninfo *c, const char *names,
    const char *addresses, const char *ports)
{
	struct host	*host;
	const char	*problem;
	unsigned	 n;
	bool		 fits;

	names = names != NULL ? names : "";
	addresses = addresses != NULL ? addresses : "";
	ports = ports != NULL ? ports : "";
	n = count_items(*addresses != '\0' ? addresses : names);
	if ((problem = check_counts(c, n, names, ports)) != NULL)
		return (problem);
	/* What follows an @ in a password; it must not be shown. */
	if (*names != '\0' && strchr(names + 1, '@') != NULL &&
	    strstr(names, ",@") == NULL)
		return (start_error("%s: the name of a host has an @: write "
		    "%%40 for an @ in the password", c->setting));
	for (host = c->hosts; host < c->hosts + n; host++) {
		fits = copy_item(host->name, sizeof(host->name), names,
		    host - c->hosts) &&
		    copy_item(host->address, sizeof(host->address), addresses,
		    host - c->hosts) &&
		    copy_item(host->port, sizeof(host->port), ports,
		    count_items(ports) == n ? host - c->hosts : 0);
		if (!fits)
			return (start_error("%s: a host is too long",
			    c->setting));
		take_address(host);
	}
	c->nhosts = n;
	return (NULL);
}

void
conninfo_name(const struct host *host, const char *address,
    char out[static SERVER_NAME_SIZE])
{
	const char	*port = host->port[0] != '\0' ? host->port : "5432";
	const char	*name = host->name[0] != '\0' ? host->name :
			    *address != '\0' ? address : "the default socket";
	bool		 ipv6 = strchr(address, ':') != NULL;

	if (*address == '\0' || strcmp(name, address) == 0)
		snprintf(out, SERVER_NAME_SIZE, ipv6 ? "[%s]:%s" : "%s:%s",
		    name, port);
	else
		snprintf(out, SERVER_NAME_SIZE, ipv6 ? "%s ([%s]:%s)" :
		    "%s (%s:%s)", name, address, port);
}
