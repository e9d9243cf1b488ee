/* SPDX-License-Identifier: ISC */
/* Writes all error responses: envelope, OAuth's shape, page, or problem. */

#include <stdio.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "http/respond.h"
#include "middleware/middleware.h"
#include "middleware/problem.h"
#include "request/endpoint.h"
#include "utils/accept.h"
#include "utils/text.h"
#include "wire/wire.h"

#define OAUTH_MAX	1024	/* bytes of an error's description */
#define INSTANCE_MAX	256	/* bytes of an instance, without memory */

static const char	json[] = "application/json";
static const char	busy[] = "The server is busy";

static struct header	json_type = { "content-type", json, NULL };
static struct header	problem_type = { "content-type", PROBLEM_TYPE, NULL };

/* The instance, the title twice (as detail), the code, and the names. */
_Static_assert(INSTANCE_MAX + 2 * PROBLEM_TITLE_MAX + PROBLEM_CODE_MAX + 128 <=
    ENVELOPE_MAX, "a problem without memory fits, if need be without its "
    "message");
_Static_assert(REQUEST_ID_MAX + 2 <= INSTANCE_MAX, "the id alone fits");

static size_t
write_short_envelope(char out[static ENVELOPE_MAX],
    const struct error_kind *kind, const char *message,
    const char *request_id)
{
	return ((size_t)snprintf(out, ENVELOPE_MAX,
	    "{\"error\":{\"code\":\"%s\",\"message\":\"%s\","
	    "\"details\":null,\"request_id\":\"%s\"}}", kind->code, message,
	    request_id));
}

/* Only a 422 shows details. */
static const struct error_detail *
details_of(const struct ctx *c)
{
	return (c->error.kind == &ERR_VALIDATION ? c->error.details : NULL);
}

static void
write_envelope(struct jsonw *j, const struct ctx *c, const char *message)
{
	jsonw_object(j, NULL);
	jsonw_object(j, "error");
	jsonw_string(j, "code", c->error.kind->code);
	jsonw_string(j, "message", message);
	problem_write_details(j, "details", details_of(c));
	jsonw_string(j, "request_id", c->request_id);
	jsonw_object_end(j);
	jsonw_object_end(j);
}

/*
 * RFC 6749, 5.2 has its own codes. An endpoint raises some of them as they are
 * (invalid_grant); the other kinds of error are mapped to them.
 */
static const char *
oauth_code(const struct error_kind *kind)
{
	if (kind->code[0] >= 'a' && kind->code[0] <= 'z')
		return (kind->code);
	if (kind->status == 429 || kind->status == 503)
		return ("temporarily_unavailable");
	return (kind->status >= 500 ? "server_error" : "invalid_request");
}

/*
 * Instead of the envelope's details, the description has them: as many as fit,
 * and only characters that RFC 6749, 5.2 allows.
 */
static void
describe_oauth(char out[static OAUTH_MAX], const struct ctx *c,
    const char *message)
{
	const struct error_detail	*d = details_of(c);
	struct text			 t = text_in(out, OAUTH_MAX);
	char				*p;

	if (d == NULL)
		text_puts(&t, message);
	for (; d != NULL; d = d->next)
		text_printf(&t, "%s%s: %s", t.len > 0 ? "; " : "", d->field,
		    d->message);
	for (p = out; *p != '\0'; p++) {
		if (*p == '"')
			*p = '\'';
		else if (*p < ' ' || *p > '~' || *p == '\\')
			*p = '?';
	}
}

static void
write_oauth(struct jsonw *j, const struct ctx *c, const char *message)
{
	char	 description[OAUTH_MAX];

	describe_oauth(description, c, message);
	jsonw_object(j, NULL);
	jsonw_string(j, "error", oauth_code(c->error.kind));
	jsonw_string(j, "error_description", description);
	jsonw_object_end(j);
}

static bool
is_oauth(const struct endpoint *e)
{
	return (e != NULL && e->errors == OAUTH);
}

static bool
is_page(const struct endpoint *e)
{
	return (e != NULL && e->error_page != NULL);
}

static const struct head *
head_of(const struct ctx *c)
{
	return (c->sent != NULL ? &c->sent->head : NULL);
}

struct header *
error_handler_headers(const struct endpoint *e, const struct head *h)
{
	if (!problem_is_wanted(h))
		return (is_page(e) ? e->error_page->headers : &json_type);
	if (is_page(e) && e->error_page->problem_headers != NULL)
		return (e->error_page->problem_headers);
	return (&problem_type);
}

/*
 * Without memory. A path that is too long is left out. So is a message, which
 * would be a mistake in this server: its messages fit.
 */
static size_t
write_short_problem(char out[static ENVELOPE_MAX], struct problem *p,
    const char *before, const char *path, const char *request_id)
{
	char		 buffer[INSTANCE_MAX];
	struct text	 instance = text_in(buffer, sizeof(buffer));
	struct jsonw	 j;

	problem_instance(&instance, before, path, request_id);
	if (instance.cut) {
		instance = text_in(buffer, sizeof(buffer));
		problem_instance(&instance, "", "", request_id);
	}
	p->instance = buffer;
	jsonw_init_fixed(&j, out, ENVELOPE_MAX);
	problem_write(&j, p);
	if (j.text.cut) {
		p->detail = problem_title(p->status);
		jsonw_init_fixed(&j, out, ENVELOPE_MAX);
		problem_write(&j, p);
	}
	return (j.text.len);
}

void
error_handler_refuse(struct refusal *r)
{
	struct problem	 p = { .status = r->kind->status,
			    .code = r->kind->code, .detail = r->message };

	r->vary = r->head != NULL ? "Accept" : NULL;
	r->type = json;
	if (problem_is_wanted(r->head)) {
		r->type = PROBLEM_TYPE;
		r->len = write_short_problem(r->body, &p,
		    r->is_admin ? "" : public_path(), r->head->path,
		    r->request_id);
	} else
		r->len = write_short_envelope(r->body, r->kind, r->message,
		    r->request_id);
}

size_t
error_handler_busy(char out[static ENVELOPE_MAX], const struct endpoint *e,
    const char *before, const struct head *h, const char *request_id)
{
	const struct error_kind	*kind = &ERR_UNAVAILABLE;
	const char		*code = is_oauth(e) ? oauth_code(kind) :
				    kind->code;
	struct problem		 p = { .status = kind->status, .code = code,
				    .detail = busy };

	if (problem_is_wanted(h))
		return (write_short_problem(out, &p, before, h->path,
		    request_id));
	if (is_page(e))
		return ((size_t)snprintf(out, ENVELOPE_MAX, "%s",
		    e->error_page->busy));
	if (!is_oauth(e))
		return (write_short_envelope(out, kind, busy, request_id));
	return ((size_t)snprintf(out, ENVELOPE_MAX, "{\"error\":\"%s\","
	    "\"error_description\":\"%s\"}", code, busy));
}

/* The header is in the ctx itself: the arena may be out of memory. */
static void
add_retry_after(struct ctx *c)
{
	c->error.own.name = "retry-after";
	c->error.own.value = "1";
	c->error.own.next = c->error.headers;
	c->error.headers = &c->error.own;
}

/* All errors share the last headers: nothing may be added to those. */
static void
add_last(struct ctx *c, struct header *last)
{
	struct header	**end = &c->error.headers;

	while (*end != NULL)
		end = &(*end)->next;
	*end = last;
}

/* A page's problem has the envelope's facts. */
static void
write_problem(struct jsonw *j, struct ctx *c, const char *message,
    const char *before)
{
	char		 description[OAUTH_MAX];
	struct text	 instance = arena_text(&c->arena);
	struct problem	 p = { .status = c->response.status,
			    .code = c->error.kind->code, .detail = message,
			    .errors = details_of(c) };

	if (is_oauth(c->endpoint)) {
		describe_oauth(description, c, message);
		p.code = oauth_code(c->error.kind);
		p.detail = description;
		p.errors = NULL;
	}
	problem_instance(&instance, before, c->path, c->request_id);
	p.instance = instance.data;
	problem_write(j, &p);
	j->text.cut |= instance.cut;
}

/* Cut if there is not enough memory. */
static struct text
write_body(struct ctx *c, const char *message, const char *before)
{
	struct jsonw	 j;

	jsonw_init(&j, &c->arena);
	if (problem_is_wanted(head_of(c)))
		write_problem(&j, c, message, before);
	else if (is_page(c->endpoint))
		c->endpoint->error_page->write(&j.text, c);
	else if (is_oauth(c->endpoint))
		write_oauth(&j, c, message);
	else
		write_envelope(&j, c, message);
	return (j.text);
}

void
error_handler_respond(struct ctx *c, const char *before)
{
	const char	*message = c->error.message;
	struct text	 body;

	c->response.status = c->error.kind->status;
	if (c->response.status == 500) {
		log_event(LEVEL_ERROR, c->request_id, "error", "%s", message);
		message = "Internal server error";
	} else if (c->response.status == 503) {
		log_event(LEVEL_WARNING, c->request_id, "unavailable",
		    "%s", message);
		add_retry_after(c);
	}
	if (is_oauth(c->endpoint) && c->response.status < 500 &&
	    c->response.status != 429)
		c->response.status = 400;

	body = write_body(c, message, before);
	c->response.body = body.data;
	c->response.len = body.len;
	if (body.cut) {
		/* Drop the headers of the error that could not be written. */
		c->error.headers = NULL;
		add_retry_after(c);
		c->response.status = 503;
		c->response.body = c->error.busy;
		c->response.len = error_handler_busy(c->error.busy,
		    c->endpoint, before, head_of(c), c->request_id);
	}
	add_last(c, error_handler_headers(c->endpoint, head_of(c)));
	c->response.headers = c->error.headers;
	c->response.is_static = false;
}
