/* SPDX-License-Identifier: ISC */
/* The answer of a request, until it is sent. */

#include <string.h>

#include "runtime/conditional.h"
#include "runtime/endpoint.h"
#include "runtime/respond.h"

void
respond_header(struct ctx *c, const char *name, const char *value)
{
	struct header	*h;

	if (strpbrk(value, "\r\n") != NULL)
		raise_error(c, &ERR_INTERNAL, "Line break in header %s", name);
	h = ctx_alloc(c, sizeof(*h));
	h->name = name;
	h->value = ctx_strdup(c, value);
	h->next = c->response.headers;
	c->response.headers = h;
}

void
respond_empty(struct ctx *c, int status)
{
	c->response.status = status;
	c->response.body = NULL;
	c->response.len = 0;
	c->response.is_static = false;
}

void
respond_body(struct ctx *c, int status, const char *type, const char *body,
    size_t len)
{
	respond_header(c, "content-type", type);
	c->response.status = status;
	c->response.body = body;
	c->response.len = len;
	c->response.is_static = false;
}

void
respond_json(struct ctx *c, int status, const struct jsonw *j)
{
	if (j->failed)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	respond_body(c, status, "application/json", j->text, j->len);
}

void
respond_text(struct ctx *c, int status, const char *type, const char *text)
{
	respond_body(c, status, type, ctx_strdup(c, text), strlen(text));
}

static void	write_object(struct jsonw *, const char *,
		    const struct schema *, const char *);

static void
write_list(struct jsonw *j, const struct field *f, const char *in)
{
	const char	*item = *(const char *const *)(in + f->offset);
	size_t		 n = *(const size_t *)(in + f->count), i;

	jsonw_array(j, f->name);
	for (i = 0; i < n; i++)
		write_object(j, NULL, f->of, item + i * f->of->size);
	jsonw_array_end(j);
}

static void
write_field(struct jsonw *j, const struct field *f, const char *in)
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

static void
write_object(struct jsonw *j, const char *key, const struct schema *s,
    const char *in)
{
	const struct field	*f;

	jsonw_object(j, key);
	for (f = s->fields; f < s->fields + s->nfields; f++) {
		if ((f->flags & ETAG) == 0)
			write_field(j, f, in);
	}
	jsonw_object_end(j);
}

const char *
schema_write(struct ctx *c, const struct schema *s, const void *in)
{
	struct jsonw	 j;

	jsonw_init(&j, &c->arena);
	write_object(&j, NULL, s, in);
	if (j.failed)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (ctx_strndup(c, j.text, j.len));
}

void
schema_respond(struct ctx *c, const struct schema *s, const void *answer)
{
	struct jsonw	 j;

	if (c->endpoint->out != s && c->endpoint->out_cursor != s)
		raise_error(c, &ERR_INTERNAL, "%s answers with %s",
		    c->endpoint->name, s->name);
	/* Another user's answer is another (RFC 9111, 4.1). */
	if (c->endpoint->auth != NULL)
		respond_header(c, "vary", "Authorization");
	/* It may be kept to be asked for again; all else is no-store. */
	if (s->version != NULL) {
		respond_header(c, "cache-control", c->endpoint->auth != NULL ?
		    "private, no-cache" : "no-cache");
		if (respond_etag(c, s, answer)) {
			respond_empty(c, 304);
			return;
		}
	}

	jsonw_init(&j, &c->arena);
	write_object(&j, NULL, s, answer);
	respond_json(c, c->endpoint->status != 0 ? c->endpoint->status : 200,
	    &j);
}
