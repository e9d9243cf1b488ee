/* SPDX-License-Identifier: ISC */
/* The guard's settings, set at start. */

#include <string.h>

#include "utils/netaddr.h"
#include "wire/wire.h"

struct wire_settings	wire_settings = {
	.admin = "admin", .runner = "runner"
};

bool
wire_is_for_operators(const char *server)
{
	return (strcmp(server, wire_settings.admin) == 0 ||
	    strcmp(server, wire_settings.runner) == 0);
}

bool
wire_trusts(const struct netaddr *a)
{
	unsigned	 i;

	for (i = 0; i < wire_settings.nproxies; i++) {
		if (netblock_has(&wire_settings.proxies[i], a))
			return (true);
	}
	return (false);
}
