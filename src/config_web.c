/* SPDX-License-Identifier: ISC */
/* The settings for browsers and for proxies in front. */

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "middleware/cors.h"
#include "product.h"
#include "utils/netaddr.h"
#include "utils/start_error.h"
#include "utils/web_url.h"
#include "wire/wire.h"

#define PROXIES_MAX	32

static const char	*cors_origins, *trusted_proxies;
static unsigned		 hsts_seconds;

static const char	*use_cors(void);
static const char	*use_hsts(void);
static const char	*use_proxies(void);

SETTINGS(web,
    {
	ENV("CORS_ORIGINS"), TEXT, .text = &cors_origins, .then = use_cors,
	.serving = true,
	.unset = "unset: none",
	.values = "up to 32 origins, as browsers send them: "
	    "`https://app.example.org,http://localhost:5173`",
	.meaning = "The web sites whose pages may use the API from a browser.",
    },
    {
	ENV("HSTS_SECONDS"), NUMBER(0, 63072000), .number = &hsts_seconds,
	.then = use_hsts, .serving = true,
	.fallback = "31536000",
	.meaning = "How long browsers must use HTTPS for this host "
	    "(Strict-Transport-Security). Not sent if it is 0, or if `"
	    ENV("PUBLIC_URL") "` names this machine, like localhost.",
    },
    {
	ENV("KEEPALIVE_SECONDS"), NUMBER(1, 3600),
	.number = &wire_settings.keepalive, .serving = true,
	.unset = "unset: kore.conf's `http_keepalive_time`",
	.meaning = "How long a connection may be idle between two requests: "
	    "longer than a proxy in front keeps it.",
    },
    {
	ENV("TRUSTED_PROXIES"), TEXT, .text = &trusted_proxies,
	.then = use_proxies, .serving = true,
	.unset = "unset: none",
	.values = "up to 32 addresses or networks: `10.0.0.0/8,::1`",
	.meaning = "The proxies whose X-Forwarded-For and PROXY headers "
	    "count; see [behind a proxy](proxies.md).",
    });

static const char *
use_cors(void)
{
	return (cors_configure(cors_origins));
}

/* Browsers would use HTTPS for all of a developer's other servers, too. */
static const char *
use_hsts(void)
{
	static char	 value[32];
	struct web_url	 url;

	wire_settings.hsts = NULL;
	if (hsts_seconds == 0 || (web_url_parse(config.public_url, &url) &&
	    web_url_is_loopback(&url)))
		return (NULL);
	snprintf(value, sizeof(value), "max-age=%u", hsts_seconds);
	wire_settings.hsts = value;
	return (NULL);
}

/*
 * Without TLS, everybody on the way can read passwords and tokens. So only this
 * machine may connect, or proxies.
 */
static const char *
limit_plain_http(unsigned nproxies)
{
	struct netaddr	 host;

	wire_settings.proxies_only = config.tls_off &&
	    netaddr_parse(config.host, &host) && !netaddr_is_loopback(&host);
	if (wire_settings.proxies_only && nproxies == 0)
		return (start_error(ENV("TLS") " is off and %s is %s, no "
		    "loopback address: set " ENV("TRUSTED_PROXIES") " to the "
		    "proxies that end TLS, or %s to 127.0.0.1",
		    config.host_name, config.host, config.host_name));
	return (NULL);
}

static const char *
use_proxies(void)
{
	static struct netblock	 proxies[PROXIES_MAX + 1];
	const char		*list = trusted_proxies != NULL ?
				    trusted_proxies : "", *problem;
	unsigned		 n = 0;
	char			 item[64];
	size_t			 len;

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (n == PROXIES_MAX)
			return (start_error(ENV("TRUSTED_PROXIES") " has more "
			    "than %u entries", PROXIES_MAX));
		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		problem = netblock_parse(item, &proxies[n++]);
		if (problem != NULL)
			return (start_error(ENV("TRUSTED_PROXIES") ": '%s' %s "
			    "(it is a list like 10.0.0.0/8,192.0.2.1)", item,
			    problem));
	}
	/*
	 * A connection to a socket counts as one from here (wire_peer.c). All
	 * users of this machine may use one that has no path.
	 */
	if (config_host_is_socket() && *config.host != '@')
		netblock_parse("127.0.0.1", &proxies[n++]);
	if ((problem = limit_plain_http(n)) != NULL)
		return (problem);
	wire_settings.proxies = proxies;
	wire_settings.nproxies = n;
	return (NULL);
}
