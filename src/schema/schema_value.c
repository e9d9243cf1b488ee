/* SPDX-License-Identifier: ISC */
/* Single members of a struct: as texts, and compared. */

#include <inttypes.h>
#include <string.h>

#include "request/ctx.h"
#include "schema/schema.h"
#include "utils/timefmt.h"

const char *
schema_text(struct ctx *c, const struct member *m, const void *in)
{
	const char	*place = (const char *)in + m->offset;
	char		 text[TIMEFMT_SQL];

	switch (m->type) {
	case T_BOOL:
		if (member_bool(m, place) == BOOL_NULL)
			return (NULL);
		return (member_bool(m, place) == BOOL_TRUE ? "true" : "false");
	case T_INT:
		if (member_is_int_null(m, place))
			return (NULL);
		return (ctx_printf(c, "%" PRId64, *(const int64_t *)place));
	case T_TIME:
		if (*(const int64_t *)place == TIME_NULL)
			return (NULL);
		timefmt_sql(*(const int64_t *)place, text);
		return (ctx_strdup(c, text));
	case T_STR:
	case T_UUID:
	case T_JSON:
	/* These have no text: database_load(), for one, refuses them. */
	case T_LIST:
	case T_OBJECT:
		break;
	}
	return (*(const char *const *)place);
}

static bool
is_same(const struct member *m, const char *a, const char *b)
{
	const char	*one, *other;

	if (m->type == T_BOOL)
		return (member_bool(m, a) == member_bool(m, b));
	if (m->type == T_INT || m->type == T_TIME)
		return (*(const int64_t *)a == *(const int64_t *)b);
	one = *(const char *const *)a;
	other = *(const char *const *)b;
	if (one == NULL || other == NULL)
		return (one == other);
	return (strcmp(one, other) == 0);
}

void
schema_unset_same(struct ctx *c, const struct schema *s, void *in,
    const void *row, const char *const *names)
{
	struct member_set	*set = (void *)((char *)in + s->set);
	const struct member	*m;

	for (; *names != NULL; names++) {
		if ((m = schema_member(s, *names)) == NULL)
			raise_error(c, &ERR_INTERNAL, "%s has no member %s",
			    s->name, *names);
		if (member_is_set(set, m->offset) && is_same(m,
		    (const char *)in + m->offset,
		    (const char *)row + m->offset))
			member_set_mark(set, m->offset, false);
	}
}
