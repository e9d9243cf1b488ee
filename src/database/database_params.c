/* SPDX-License-Identifier: ISC */
/* Converts values of C, and members of structs, to the texts of parameters. */

#include <inttypes.h>

#include "database/database.h"
#include "database/params.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

const char *
db_time(struct ctx *c, int64_t us)
{
	char	 text[TIMEFMT_SQL];

	timefmt_sql(us, text);
	return (ctx_strdup(c, text));
}

const char *
db_int(struct ctx *c, int64_t n)
{
	return (ctx_printf(c, "%" PRId64, n));
}

const char *
db_uuid(struct ctx *c)
{
	char	*id = ctx_alloc(c, UUID_TEXT);

	if (!uuid_v7(id))
		raise_error(c, &ERR_UNAVAILABLE, "No randomness");
	return (id);
}

const char *
db_bool(bool value)
{
	return (value ? "true" : "false");
}

/* Does the struct of an update change the member? */
static bool
is_set(const struct query *q, const struct member *m, const char *from)
{
	return (member_is_set((const struct member_set *)(const void *)(from +
	    q->from->set), m->offset));
}

const char *const *
params_bind(struct ctx *c, const struct query *q, const void *from,
    const char *const *given)
{
	const char			**out;
	const struct query_param	*p;
	unsigned			 i;

	out = ctx_alloc(c, (q->nparams + 1) * sizeof(*out));
	for (i = 0; i < q->nparams; i++) {
		p = &q->params[i];
		if (p->member == NULL)
			out[i] = given[p->given];
		else if (p->is_set)
			out[i] = db_bool(is_set(q, p->member, from));
		else
			out[i] = schema_text(c, p->member, from);
	}
	return (out);
}
