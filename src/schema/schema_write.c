/* SPDX-License-Identifier: ISC */
/* Writes a struct as the JSON object of its schema. */

#include "request/ctx.h"
#include "schema/schema.h"

static void
write_list(struct jsonw *j, const struct member *m, const char *in)
{
	const char	*item = *(const char *const *)(in + m->offset);
	size_t		 n = *(const size_t *)(in + m->count), i;

	jsonw_array(j, m->name);
	for (i = 0; i < n; i++)
		schema_write_object(j, NULL, m->of, item + i * m->of->size);
	jsonw_array_end(j);
}

/* NULL is null, like a text: code has not set it. */
static void
write_inner(struct jsonw *j, const struct member *m, const void *object)
{
	if (object == NULL)
		jsonw_null(j, m->name);
	else
		schema_write_object(j, m->name, m->of, object);
}

static void
write_member(struct jsonw *j, const struct member *m, const char *in)
{
	const char	*place = in + m->offset;

	switch (m->type) {
	case T_STR:
	case T_UUID:
		jsonw_string(j, m->name, *(const char *const *)place);
		break;
	case T_BOOL:
		if (member_bool(m, place) == BOOL_NULL)
			jsonw_null(j, m->name);
		else
			jsonw_bool(j, m->name,
			    member_bool(m, place) == BOOL_TRUE);
		break;
	case T_INT:
		if (member_is_int_null(m, place))
			jsonw_null(j, m->name);
		else
			jsonw_int(j, m->name, *(const int64_t *)place);
		break;
	case T_TIME:
		if (*(const int64_t *)place == TIME_NULL)
			jsonw_null(j, m->name);
		else
			jsonw_time(j, m->name, *(const int64_t *)place);
		break;
	case T_JSON:
		jsonw_raw(j, m->name, *(const char *const *)place);
		break;
	case T_LIST:
		write_list(j, m, in);
		break;
	case T_OBJECT:
		write_inner(j, m, *(const void *const *)place);
		break;
	}
}

void
schema_write_object(struct jsonw *j, const char *key, const struct schema *s,
    const void *in)
{
	const struct member	*m;

	jsonw_object(j, key);
	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (!schema_is_left_out(m, in))
			write_member(j, m, in);
	}
	jsonw_object_end(j);
}

const struct schema *
schema_pick(struct ctx *c, const struct schema *s, const char *const *names)
{
	struct schema	*picked = ctx_alloc(c, sizeof(*picked));
	struct member	*members = ctx_alloc(c, s->nmembers *
			    sizeof(*members) + 1), *m;
	size_t		 i;

	*picked = *s;
	picked->members = members;
	picked->nmembers = 0;
	for (i = 0; i < s->nmembers; i++) {
		if (s->members[i].flags & SPARSE &&
		    !names_have(names, s->members[i].name))
			continue;
		m = &members[picked->nmembers++];
		*m = s->members[i];
		if (m->type == T_LIST)
			m->of = schema_pick(c, m->of, names);
	}
	return (picked);
}

const char *
schema_write(struct ctx *c, const struct schema *s, const void *in)
{
	struct jsonw	 j;

	jsonw_init(&j, &c->arena);
	schema_write_object(&j, NULL, s, in);
	if (j.text.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (j.text.data);
}
