/* SPDX-License-Identifier: ISC */
/* The settings of ./keel migrate. */

#include "config.h"
#include "database/database.h"
#include "product.h"

static const char	*check_migrate_url(void);

SETTINGS(migrate,
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
check_migrate_url(void)
{
	return (config.migrate_url == NULL ? NULL :
	    migrations_check_url(config.migrate_url));
}
