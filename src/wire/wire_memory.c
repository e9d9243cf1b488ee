/* SPDX-License-Identifier: ISC */
/* The memory of requests that are coming in, and its limit. */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/mem.h"
#include "wire/wire_conn.h"

#define IN_MIN		2048
#define BODY_MIN	1024

static size_t	memory;

size_t
wire_memory(void)
{
	return (memory);
}

/*
 * Makes room for `size` more bytes: evicts the clients that have been sending
 * longest. Otherwise a few that never finish would keep everyone else out.
 */
static bool
make_room(const struct wire *w, size_t size)
{
	while (memory + size > WIRE_MEMORY_MAX) {
		if (!wire_evict(w, true))
			return (false);
	}
	return (true);
}

static void *
resize(const struct wire *w, void *p, size_t old, size_t size)
{
	void	*new;

	if (!make_room(w, size - old) || (new = mem_alloc(size)) == NULL)
		return (NULL);
	if (p != NULL) {
		memcpy(new, p, old);
		OPENSSL_cleanse(p, old);
		mem_free(p);
	}
	memory += size - old;
	return (new);
}

void
wire_in_free(struct wire *w)
{
	if (w->in != NULL)
		OPENSSL_cleanse(w->in, w->size);
	mem_free(w->in);
	memory -= w->size;
	w->in = NULL;
	w->len = w->size = 0;
}

static size_t
request_size(const struct wire_request *r)
{
	return (sizeof(*r) + r->text_len + r->body_size);
}

struct wire_request *
wire_request_new(const struct wire *w, const char *text, size_t len)
{
	struct wire_request	*r;

	if (!make_room(w, sizeof(*r) + len) ||
	    (r = mem_calloc(1, sizeof(*r) + len)) == NULL)
		return (NULL);
	r->text_len = len;
	memory += sizeof(*r) + len;
	memcpy(r->text, text, len);
	return (r);
}

void
wire_request_passed(const struct wire_request *r)
{
	memory -= request_size(r);
}

void
wire_memory_free(struct wire *w)
{
	wire_in_free(w);
	if (w->request != NULL && w->phase != WIRE_HANDLING)
		wire_request_passed(w->request);
	wire_request_free(w->request);
	w->request = NULL;
}

/* head_scan() has refused a head that fills all of it. */
bool
wire_in_grow(struct wire *w)
{
	size_t	 size = w->size == 0 ? IN_MIN : 2 * w->size;
	char	*in;

	if (w->len < w->size)
		return (true);
	if (size > wire_limits.head_max)
		size = wire_limits.head_max;
	if ((in = resize(w, w->in, w->size, size)) == NULL)
		return (false);
	w->in = in;
	w->size = size;
	return (true);
}

bool
wire_body_append(struct wire *w, const char *data, size_t len)
{
	struct wire_request	*r = w->request;
	size_t			 size = r->body_size, need;
	size_t			 most = (size_t)r->head.content_length + 1;
	char			*body;

	need = r->body_len + len + 1;
	if (need > size) {
		size = size == 0 ? BODY_MIN : 2 * size;
		if (!r->head.chunked && size > most)
			size = most;
		if (size < need)
			size = need;
		body = resize(w, r->body, r->body_size, size);
		if (body == NULL)
			return (false);
		r->body = body;
		r->body_size = size;
	}
	memcpy(r->body + r->body_len, data, len);
	r->body_len += len;
	r->body[r->body_len] = '\0';
	return (true);
}
