/* SPDX-License-Identifier: ISC */
/* What the tests of the checks at the start share: described statements. */

#ifndef TESTS_DATABASE_START_FIXTURE_H
#define TESTS_DATABASE_START_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/start_checks.h"
#include "database/sync.h"

#define TEXT	25
#define VARCHAR	1043
#define UUID	2950
#define BOOL	16
#define BIGINT	20
#define TIME	1184
#define JSON	3802

/* Of the table things: 7. An expression: of the table 0. */
#define THINGS	7

struct described {
	const char	*name;
	Oid		 type;
	Oid		 table;
	int		 number;
};

static int	connection;

#define DB	((PGconn *)(void *)&connection)

static inline PGresult *
describe(const struct described *columns, int n)
{
	PGresAttDesc	 all[16];
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	int		 i;

	memset(all, 0, sizeof(all));
	for (i = 0; i < n; i++) {
		all[i].name = (char *)(uintptr_t)columns[i].name;
		all[i].typid = columns[i].type;
		all[i].tableid = columns[i].table;
		all[i].columnid = columns[i].number;
		all[i].typlen = all[i].atttypmod = -1;
	}
	assert_true(PQsetResultAttrs(r, n, all));
	return (r);
}

/* Rows of texts, which end with a NULL; NULL as a cell is "NULL". */
static inline PGresult *
rows(int ncolumns, const char *const *cells)
{
	static const struct described	 any[16];
	PGresult			*r = describe(any, ncolumns);
	int				 i;

	for (i = 0; cells[i] != NULL; i++) {
		if (strcmp(cells[i], "NULL") == 0)
			assert_true(PQsetvalue(r, i / ncolumns, i % ncolumns,
			    NULL, -1));
		else
			assert_true(PQsetvalue(r, i / ncolumns, i % ncolumns,
			    (char *)(uintptr_t)cells[i],
			    (int)strlen(cells[i])));
	}
	return (r);
}

#define ROWS(n, ...)	rows(n, (const char *const[]){ __VA_ARGS__, NULL })

#endif
