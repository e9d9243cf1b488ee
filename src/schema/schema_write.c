/* SPDX-License-Identifier: ISC */
/* Writes a struct as the JSON object of its schema. */

#include "request/ctx.h"
#include "schema/schema.h"

static void
write_list(struct jsonw *j, const struct member *f, const char *in)
{
	const char	*item = *(const char *const *)(in + f->offset);
	size_t		 n = *(const size_t *)(in + f->count), i;

	jsonw_array(j, f->name);
	for (i = 0; i < n; i++)
		schema_write_object(j, NULL, f->of, item + i * f->of->size);
	jsonw_array_end(j);
}

static void
write_field(struct jsonw *j, const struct member *f, const char *in)
{
	const char	*place = in + f->offset;

	switch (f->type) {
	case T_STR:
	case T_UUID:
		jsonw_string(j, f->name, *(const char *const *)place);
		break;
	case T_BOOL:
		jsonw_bool(j, f->name, *(const bool *)place);
		break;
	case T_INT:
		jsonw_int(j, f->name, *(const int64_t *)place);
		break;
	case T_TIME:
		if (*(const int64_t *)place == TIME_NULL)
			jsonw_null(j, f->name);
		else
			jsonw_time(j, f->name, *(const int64_t *)place);
		break;
	case T_JSON:
		jsonw_raw(j, f->name, *(const char *const *)place);
		break;
	case T_LIST:
		write_list(j, f, in);
		break;
	}
}

void
schema_write_object(struct jsonw *j, const char *key, const struct schema *s,
    const void *in)
{
	const struct member	*f;

	jsonw_object(j, key);
	for (f = s->members; f < s->members + s->nmembers; f++) {
		if (!schema_is_left_out(f, in))
			write_field(j, f, in);
	}
	jsonw_object_end(j);
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
