/* SPDX-License-Identifier: ISC */
/* The SQL of missing migrations, for psql: ./keel migrate --dry-run. */

#include <stdio.h>
#include <string.h>

#include "database/migrate.h"
#include "database/migrations.h"
#include "database/sql_split.h"
#include "product.h"

/* As in our own sessions. psql stops at the first error. */
void
migrate_print_head(bool has_table)
{
	puts("\\set ON_ERROR_STOP on\n"
	    "SET client_encoding = 'UTF8';\n"
	    "SET timezone = 'UTC';\n"
	    "SET datestyle = 'ISO';\n"
	    "SET client_min_messages = warning;\n"
	    "SET statement_timeout = 0;");
	if (!has_table)
		puts("\n" MIGRATIONS_CREATE ";");
}

/* Its last statement may lack the semicolon, and the file its last newline. */
static void
print_file(const char *sql)
{
	struct sql_split	 s = sql_split(sql);
	size_t			 len = strlen(sql);
	bool			 open = false;

	while (sql_split_next(&s))
		open = !s.ended;
	fwrite(sql, 1, len, stdout);
	if (len > 0 && sql[len - 1] != '\n')
		puts("");
	if (open)
		puts(";");
}

static void
print_record(const struct migration *m)
{
	char	 sum[MIGRATIONS_CHECKSUM];

	migrations_checksum(m, sum);
	printf("INSERT INTO " MIGRATIONS_TABLE " (version, name, checksum)\n"
	    "VALUES (%d, '%s', '%s');\n", migrations_version_of(m), m->name,
	    sum);
}

void
migrate_print(const struct migration *m)
{
	printf("\n-- " PRODUCT ": would apply %s%s\n", m->name,
	    m->no_transaction ? ", outside of a transaction" : "");
	if (!m->no_transaction)
		puts("BEGIN;\nSET LOCAL lock_timeout = '1s';");
	print_file(m->sql);
	if (m->step != NULL)
		printf("-- Here runs its step, in C: ./keel migrate does "
		    "that, and psql cannot.\n"
		    "DO $step$ BEGIN IF %s THEN RAISE EXCEPTION '%s has a "
		    "step in C: run ./keel migrate'; END IF; END $step$;\n",
		    m->step_if != NULL ? m->step_if : "true", m->name);
	print_record(m);
	if (!m->no_transaction)
		puts("COMMIT;");
}
