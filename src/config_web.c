/* SPDX-License-Identifier: ISC */
/* The settings for browsers and for proxies in front. */

#include <stdio.h>

#include "config.h"
#include "product.h"
#include "utils/web_url.h"
#include "wire/wire.h"

static unsigned		 hsts_seconds;

static const char	*use_hsts(void);

SETTINGS(web,
    {
	ENV("HSTS_SECONDS"), NUMBER(0, 63072000), .number = &hsts_seconds,
	.then = use_hsts,
	.fallback = "31536000",
	.meaning = "How long browsers must use HTTPS for this host "
	    "(Strict-Transport-Security). Not sent if it is 0, or if `"
	    ENV("PUBLIC_URL") "` names this machine, like localhost.",
    },
    {
	ENV("KEEPALIVE_SECONDS"), NUMBER(1, 3600),
	.number = &wire_settings.keepalive,
	.unset = "unset: kore.conf's `http_keepalive_time`",
	.meaning = "How long a connection may be idle between two requests: "
	    "longer than a proxy in front keeps it.",
    });

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
