/* SPDX-License-Identifier: ISC */
/*
 * Finds files of sql/ that no module names: kodev compiles in every file, and
 * an unregistered one would be ignored without a word.
 */

#include <ctype.h>
#include <string.h>

#include "base/assets.h"
#include "base/register.h"
#include "database/database.h"
#include "database/migrations.h"
#include "utils/start_error.h"

#define ENDING	"_sql"

REGISTERED(const struct migration, migrations);
REGISTERED(const struct query_file, query_files);

/* The name as a file: "0001_users_sql" is 0001_users.sql. */
struct file {
	const char	*name;
	size_t		 len;
	const char	*text;
};

static bool
is_called(const struct file *f, const char *name)
{
	return (strlen(name) == f->len && memcmp(name, f->name, f->len) == 0);
}

static bool
is_registered(const struct file *f)
{
	const struct migration	*const *m;
	const struct query_file	*const *q;

	EACH_REGISTERED(m, migrations) {
		if (is_called(f, (*m)->name))
			return (true);
	}
	EACH_REGISTERED(q, query_files) {
		if (is_called(f, (*q)->name))
			return (true);
	}
	return (false);
}

static const char *
file_problem(const struct file *f)
{
	int	 n = (int)f->len;

	if (isdigit((unsigned char)*f->name))
		return (start_error("sql/migrations/%.*s.sql is not "
		    "registered: write MIGRATION(%.*s); in a module's "
		    "_models.c", n, f->name, n, f->name));
	if (strstr(f->text, "-- name: ") != NULL ||
	    strstr(f->text, "-- list: ") != NULL)
		return (start_error("sql/queries/%.*s.sql is not registered: "
		    "write QUERIES(%.*s); in a module's _repository.c", n,
		    f->name, n, f->name));
	return (start_error("%.*s.sql is not registered: a migration's name "
	    "begins with its number (1001_%.*s.sql), and a query file has "
	    "sections (-- name: %.*s.find)", n, f->name, n, f->name, n,
	    f->name));
}

static bool
check_file(void *arg, const char *asset, const char *text)
{
	const char	**problem = arg;
	struct file	 f = { asset, strlen(asset), text };

	if (f.len <= strlen(ENDING) ||
	    strcmp(asset + f.len - strlen(ENDING), ENDING) != 0)
		return (true);
	f.len -= strlen(ENDING);
	if (!is_registered(&f))
		*problem = file_problem(&f);
	return (*problem == NULL);
}

const char *
database_files(void)
{
	const char	*problem;

	if ((problem = migrations_names()) != NULL)
		return (problem);
	assets_each(check_file, &problem);
	return (problem);
}
