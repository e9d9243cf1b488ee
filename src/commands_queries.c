/* SPDX-License-Identifier: ISC */
/* ./keel queries: what PostgreSQL gets, ready for psql. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands_queries.h"
#include "database/database.h"
#include "exit.h"
#include "product.h"
#include "utils/start_error.h"

/* Is it the name, or that of its list (NAME:...) or its file (NAME....)? */
static bool
is_wanted(const struct query *q, const char *wanted)
{
	size_t	 len = strlen(wanted);
	char	 next;

	if (strncmp(q->name, wanted, len) != 0)
		return (false);
	next = q->name[len];
	return (next == '\0' || next == ':' ||
	    (next == '.' && strchr(wanted, '.') == NULL));
}

static void
show_query(const struct query *q)
{
	unsigned	 i;

	for (i = 0; i < q->nparams; i++)
		printf("%s$%u %s", i == 0 ? "-- " : ", ", i + 1,
		    q->params[i].name);
	printf("%sPREPARE \"%s\" AS\n%s;\n", i > 0 ? "\n" : "", q->name,
	    q->sql);
}

void
command_queries(void)
{
	struct query	*const *all;
	const char	*wanted = getenv(ENV("QUERY"));
	size_t		 i, n, shown = 0;

	all = database_queries(&n);
	for (i = 0; i < n; i++) {
		if (wanted != NULL && !is_wanted(all[i], wanted))
			continue;
		if (shown++ > 0)
			printf("\n");
		show_query(all[i]);
	}
	if (shown == 0)
		exit_if(start_error("sql/queries has no query, list or file "
		    "'%s'", wanted != NULL ? wanted : ""));
}
