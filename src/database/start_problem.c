/* SPDX-License-Identifier: ISC */
/* The lines that say what is wrong with a query. */

#include <stdlib.h>
#include <string.h>

#include "database/start_checks.h"
#include "utils/start_error.h"
#include "utils/text.h"

const char *
query_problem(const struct query *q, const char *fmt, ...)
{
	const char	*problem;
	va_list		 ap;

	va_start(ap, fmt);
	problem = start_error_va(fmt, ap);
	va_end(ap);
	return (start_error("sql/queries/%.*s.sql: %s: %s",
	    (int)strcspn(q->name, "."), q->name, q->name, problem));
}

/* The line of a position in characters, from 1 on, as PostgreSQL gives it. */
static unsigned
line_of(const char *sql, int position)
{
	unsigned	 line = 1;

	for (; *sql != '\0'; sql++) {
		if (((unsigned char)*sql & 0xc0) != 0x80 && --position == 0)
			break;		/* not inside of a character */
		line += *sql == '\n';
	}
	return (line);
}

const char *
query_error(const struct query *q, const PGresult *r, bool with_line)
{
	const char	*text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char	*at = PQresultErrorField(r,
			    PG_DIAG_STATEMENT_POSITION);
	const char	*more = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
	char		 buffer[768];
	struct text	 line = text_in(buffer, sizeof(buffer));

	if (text == NULL)		/* the connection was lost, say */
		return (query_problem(q, "%s", PQresultErrorMessage(r)));
	if (with_line && at != NULL)
		text_printf(&line, "line %u: ", line_of(q->sql, atoi(at)));
	text_puts(&line, text);
	if (more == NULL)
		more = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
	if (more != NULL)
		text_printf(&line, " (%s)", more);
	return (query_problem(q, "%s", line.data));
}
