/* SPDX-License-Identifier: ISC */
/* Writes all error responses: the envelope, OAuth's shape, or a page. */

#include <stdio.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "middleware/middleware.h"
#include "request/endpoint.h"
#include "utils/text.h"

#define OAUTH_MAX	1024	/* bytes of an error's description */

static struct header	json_type = {
	"content-type", "application/json", NULL
};

size_t
error_handler_envelope(char out[static ENVELOPE_MAX],
    const struct error_kind *kind, const char *message,
    const char *request_id)
{
	return ((size_t)snprintf(out, ENVELOPE_MAX,
	    "{\"error\":{\"code\":\"%s\",\"message\":\"%s\","
	    "\"details\":null,\"request_id\":\"%s\"}}", kind->code, message,
	    request_id));
}

static void
write_envelope(struct jsonw *j, const struct ctx *c, const char *message)
{
	const struct error_detail	*d;

	jsonw_object(j, NULL);
	jsonw_object(j, "error");
	jsonw_string(j, "code", c->error.kind->code);
	jsonw_string(j, "message", message);
	if (c->error.kind != &ERR_VALIDATION || c->error.details == NULL) {
		jsonw_null(j, "details");
	} else {
		jsonw_array(j, "details");
		for (d = c->error.details; d != NULL; d = d->next) {
			jsonw_object(j, NULL);
			jsonw_string(j, "field", d->field);
			jsonw_string(j, "message", d->message);
			jsonw_string(j, "code", d->code);
			jsonw_object_end(j);
		}
		jsonw_array_end(j);
	}
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
write_oauth(struct jsonw *j, const struct ctx *c, const char *message)
{
	char				 buffer[OAUTH_MAX], *p;
	struct text			 t = text_in(buffer, sizeof(buffer));
	const struct error_detail	*d = NULL;

	if (c->error.kind == &ERR_VALIDATION)
		d = c->error.details;
	if (d == NULL)
		text_puts(&t, message);
	for (; d != NULL; d = d->next)
		text_printf(&t, "%s%s: %s", t.len > 0 ? "; " : "", d->field,
		    d->message);
	for (p = buffer; *p != '\0'; p++) {
		if (*p == '"')
			*p = '\'';
		else if (*p < ' ' || *p > '~' || *p == '\\')
			*p = '?';
	}
	jsonw_object(j, NULL);
	jsonw_string(j, "error", oauth_code(c->error.kind));
	jsonw_string(j, "error_description", buffer);
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

struct header *
error_handler_headers(const struct endpoint *e)
{
	return (is_page(e) ? e->error_page->headers : &json_type);
}

size_t
error_handler_busy(char out[static ENVELOPE_MAX], const struct endpoint *e,
    const char *request_id)
{
	static const char	 text[] = "The server is busy";

	if (is_page(e))
		return ((size_t)snprintf(out, ENVELOPE_MAX, "%s",
		    e->error_page->busy));
	if (!is_oauth(e))
		return (error_handler_envelope(out, &ERR_UNAVAILABLE, text,
		    request_id));
	return ((size_t)snprintf(out, ENVELOPE_MAX, "{\"error\":\"%s\","
	    "\"error_description\":\"%s\"}", oauth_code(&ERR_UNAVAILABLE),
	    text));
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

/* Cut if there is not enough memory. */
static struct text
write_body(struct ctx *c, const char *message)
{
	struct jsonw	 j;

	jsonw_init(&j, &c->arena);
	if (is_page(c->endpoint))
		c->endpoint->error_page->write(&j.text, c);
	else if (is_oauth(c->endpoint))
		write_oauth(&j, c, message);
	else
		write_envelope(&j, c, message);
	return (j.text);
}

void
error_handler_respond(struct ctx *c)
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

	body = write_body(c, message);
	c->response.body = body.data;
	c->response.len = body.len;
	if (body.cut) {
		/* Drop the headers of the error that could not be written. */
		c->error.headers = NULL;
		add_retry_after(c);
		c->response.status = 503;
		c->response.body = c->error.busy;
		c->response.len = error_handler_busy(c->error.busy,
		    c->endpoint, c->request_id);
	}
	add_last(c, error_handler_headers(c->endpoint));
	c->response.headers = c->error.headers;
	c->response.is_static = false;
}
