/* SPDX-License-Identifier: ISC */
/* Converts the values of a result, which are texts, to those of C. */

#include <inttypes.h>
#include <stdio.h>

#include "database/row.h"
#include "utils/timefmt.h"

bool
member_is_text(const struct member *m)
{
	return (m->type == T_STR || m->type == T_UUID ||
	    m->type == T_JSON);
}

/* A bool and a number have no value for it: see start_columns.c. */
static const char *
read_null(const struct member *m, void *place)
{
	if ((m->flags & (OR_NULL | OPTIONAL)) == 0 ||
	    m->type == T_BOOL || m->type == T_INT)
		return ("is null");
	if (m->type == T_TIME)
		*(int64_t *)place = TIME_NULL;
	else
		*(const char **)place = NULL;
	return (NULL);
}

const char *
row_read_column(const PGresult *r, int row, int column,
    const struct member *m, void *place)
{
	const char	*text = PQgetvalue(r, row, column);

	if (PQgetisnull(r, row, column))
		return (read_null(m, place));
	switch (m->type) {
	case T_STR:
	case T_UUID:
	case T_JSON:
		*(const char **)place = text;
		break;
	case T_BOOL:
		*(bool *)place = *text == 't';
		break;
	case T_INT:
		if (sscanf(text, "%" SCNd64, (int64_t *)place) != 1)
			return ("is no integer");
		break;
	case T_TIME:
		if (!timefmt_parse_pg(text, (int64_t *)place))
			return ("is no time");
		break;
	case T_LIST:
	case T_OBJECT:
		break;		/* database_start.c rejects them */
	}
	return (NULL);
}
