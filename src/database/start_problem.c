/* SPDX-License-Identifier: ISC */
/* The lines that say what is wrong with a query. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/register.h"
#include "database/migrations.h"
#include "database/start_checks.h"
#include "utils/text.h"

REGISTERED(const struct query_file, query_files);

/* Past :email, @user or @user(...), which the loader has replaced. */
static const char *
skip_name(const char *p)
{
	unsigned	 depth = 0;

	for (p++; isalnum((unsigned char)*p) || *p == '_' || *p == '.'; p++)
		;
	if (*p != '(')
		return (p);
	do {
		depth += *p == '(';
		depth -= *p == ')';
		p++;
	} while (depth > 0 && *p != '\0');
	return (p);
}

/* Where sql goes on behind what stands for a name: as the section does. */
static const char *
skip_value(const char *sql, const char *section)
{
	char	 next[16];

	snprintf(next, sizeof(next), "%.*s", (int)strcspn(section, ":@$"),
	    section);
	return (*next == '\0' ? NULL : strstr(sql, next));
}

/*
 * The place in the section that became this place of its statement; NULL if
 * that cannot be told.
 */
static const char *
place_in_section(const struct query *q, const char *place)
{
	const char	*p = q->section, *sql = q->sql;

	while (p != NULL && sql != NULL && sql < place && *p != '\0') {
		if (*p == *sql) {
			p++;
			sql++;
		} else if (*p == ':' || *p == '@') {
			if ((sql = skip_value(sql, skip_name(p))) == NULL ||
			    sql > place)
				return (p);
			p = skip_name(p);
		} else {
			return (NULL);
		}
	}
	return (p);
}

/* A position in characters, from 1 on, as PostgreSQL gives it. */
static const char *
place_of(const char *sql, int position)
{
	for (; *sql != '\0'; sql++) {
		if (((unsigned char)*sql & 0xc0) != 0x80 && --position == 0)
			break;		/* not inside of a character */
	}
	return (sql);
}

/* The line in the file of the query; 0 if that cannot be told. */
static unsigned
line_of(const struct query *q, int position)
{
	const struct query_file	*const *f;
	const char		*place, *p;
	unsigned		 line = 1;

	place = place_in_section(q, place_of(q->sql, position));
	EACH_REGISTERED(f, query_files) {
		if (place == NULL || place < (*f)->text ||
		    place > (*f)->text + strlen((*f)->text))
			continue;
		for (p = (*f)->text; p < place; p++)
			line += *p == '\n';
		return (line);
	}
	return (0);
}

const char *
query_error(const struct query *q, const PGresult *r, bool with_line)
{
	const char	*text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char	*at = PQresultErrorField(r,
			    PG_DIAG_STATEMENT_POSITION);
	const char	*more = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
	const char	*state;
	char		 buffer[768];
	struct text	 message = text_in(buffer, sizeof(buffer));
	unsigned	 line;

	if (text == NULL)		/* the connection was lost, say */
		return (query_problem(q, "%s", PQresultErrorMessage(r)));
	if (with_line && at != NULL && (line = line_of(q, atoi(at))) != 0)
		text_printf(&message, "line %u: ", line);
	text_puts(&message, text);
	if (more == NULL)
		more = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
	if (more != NULL)
		text_printf(&message, " (%s)", more);
	state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	if (state != NULL && strcmp(state, "42501") == 0)
		text_puts(&message, MIGRATIONS_RIGHTS);
	return (query_problem(q, "%s", message.data));
}
