/* SPDX-License-Identifier: ISC */
/* Tells statements that only read from others, by words in their text. */

#include <string.h>

#include "database/may_write.h"

bool
may_write(const struct query *q, const char *sql)
{
	static const char *const words[] = { "INSERT", "UPDATE", "DELETE" };
	size_t	 i;

	if (q == NULL)
		return (strcmp(sql, "BEGIN") != 0);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(q->sql, words[i]) != NULL)
			return (true);
	}
	return (false);
}
