/* SPDX-License-Identifier: ISC */
/* The settings of database URLs that one command alone uses. */

#include "config.h"
#include "database/database.h"
#include "product.h"

static const char	*check_listen_url(void);
static const char	*check_migrate_url(void);

SETTINGS(database,
    {
	ENV("DATABASE_LISTEN_URL"), TEXT, .text = &config.database_listen_url,
	.then = check_listen_url, .secret = true,
	.unset = "unset: the connections of `" ENV("DATABASE_URL") "`",
	.values = "as `" ENV("DATABASE_URL") "`",
	.meaning = "Where `./keel jobs` listens for new jobs: PostgreSQL "
	    "itself, if a [pooler](pgbouncer.md) is in between.",
    },
    {
	ENV("MIGRATE_URL"), TEXT, .text = &config.migrate_url,
	.then = check_migrate_url, .secret = true,
	.unset = "unset: `" ENV("DATABASE_URL") "`",
	.values = "as `" ENV("DATABASE_URL") "`",
	.meaning = "The database for `migrate` alone, with a "
	    "[role](migrations.md#roles) that owns the tables.",
    },
    {
	ENV("MIGRATE_LOCK_SECONDS"), NUMBER(1, 86400),
	.number = &config.migrate_lock_seconds,
	.fallback = "60",
	.meaning = "How long `migrate` tries to get the "
	    "[locks](migrations.md#locks) of a migration.",
    });

static const char *
check_listen_url(void)
{
	return (database_check_url(config.database_listen_url,
	    ENV("DATABASE_LISTEN_URL")));
}

static const char *
check_migrate_url(void)
{
	return (database_check_url(config.migrate_url, ENV("MIGRATE_URL")));
}
