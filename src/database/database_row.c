/* SPDX-License-Identifier: ISC */
/* Converts the values of a result, which are texts, to those of C. */

#include <inttypes.h>
#include <stdio.h>

#include "database/row.h"
#include "utils/timefmt.h"

bool
column_is_text(const struct member *col)
{
	return (col->type == T_STR || col->type == T_UUID ||
	    col->type == T_JSON);
}

/* A bool and a number have no value for it: see start_columns.c. */
static const char *
read_null(const struct member *col, void *place)
{
	if ((col->flags & (OR_NULL | OPTIONAL)) == 0 ||
	    col->type == T_BOOL || col->type == T_INT)
		return ("is null");
	if (col->type == T_TIME)
		*(int64_t *)place = TIME_NULL;
	else
		*(const char **)place = NULL;
	return (NULL);
}

const char *
row_read_column(const PGresult *r, int row, int column,
    const struct member *col, void *place)
{
	const char	*text = PQgetvalue(r, row, column);

	if (PQgetisnull(r, row, column))
		return (read_null(col, place));
	switch (col->type) {
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
		break;		/* database_start.c rejects it */
	}
	return (NULL);
}
