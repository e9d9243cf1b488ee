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

static const char *
read_null(const struct member *m, void *place)
{
	if ((m->flags & (OR_NULL | OPTIONAL)) == 0)
		return ("is null");
	member_put_null(m, place);
	return (NULL);
}

/* The lowest bigint, which stands for null in C, is read as the next one. */
static const char *
read_int(const struct member *m, const char *text, void *place)
{
	if (sscanf(text, "%" SCNd64, (int64_t *)place) != 1)
		return ("is no integer");
	if (member_is_int_null(m, place))
		*(int64_t *)place = INT_NULL + 1;
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
		member_put_bool(m, place, *text == 't');
		break;
	case T_INT:
		return (read_int(m, text, place));
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
