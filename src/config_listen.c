/* SPDX-License-Identifier: ISC */
/* The setting of a server to listen to. */

#include "config.h"
#include "database/database.h"
#include "product.h"

static const char	*check_listen_url(void);

SETTINGS(listen,
    {
	ENV("DATABASE_LISTEN_URL"), TEXT, .text = &config.database_listen_url,
	.then = check_listen_url, .secret = true,
	.unset = "unset: the connections of `" ENV("DATABASE_URL") "`",
	.values = "as `" ENV("DATABASE_URL") "`",
	.meaning = "Where `./keel jobs` listens for new jobs: PostgreSQL "
	    "itself, if a [pooler](pgbouncer.md) is in between.",
    });

static const char *
check_listen_url(void)
{
	return (database_listen_check(config.database_listen_url,
	    ENV("DATABASE_LISTEN_URL")));
}
