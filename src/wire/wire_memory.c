/* SPDX-License-Identifier: ISC */
/* The memory of requests, and its limits. */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "wire/wire_conn.h"

#define IN_MIN		2048
#define BODY_MIN	1024
#define MANY_FREED	64	/* connections, or their buffers: a MiB */

static unsigned	nkept;		/* connections that keep their buffers */

/*
 * Makes room for `size` more bytes, up to `most` in all: evicts the clients
 * that have been sending longest. Otherwise a few that never finish would keep
 * everyone else out.
 */
static bool
make_room(const struct wire *w, size_t size, size_t most)
{
	while (wire_used.all + size > most) {
		if (!wire_evict(w, WIRE_A_SENDER))
			return (false);
	}
	return (true);
}

/* The same in the share of large bodies, which another large one must leave. */
static bool
make_large_room(const struct wire *w, size_t size)
{
	while (wire_used.large + size > WIRE_LARGE_MAX) {
		if (!wire_evict(w, WIRE_A_LARGE_SENDER))
			return (false);
	}
	return (true);
}

static void *
resize(void *p, size_t old, size_t size)
{
	void	*new;

	if ((new = mem_alloc(size)) == NULL)
		return (NULL);
	if (p != NULL) {
		memcpy(new, p, old);
		OPENSSL_cleanse(p, old);
		mem_free(p);
	}
	wire_used.all += size - old;
	return (new);
}

void
wire_in_free(struct wire *w)
{
	if (w->in != NULL)
		OPENSSL_cleanse(w->in, w->size);
	mem_free(w->in);
	wire_used.all -= w->size;
	w->in = NULL;
	w->len = w->size = 0;
}

struct wire_request *
wire_request_new(const struct wire *w, const char *text, size_t len)
{
	struct wire_request	*r;

	if (!make_room(w, sizeof(*r) + len, WIRE_MEMORY_MAX) ||
	    (r = mem_calloc(1, sizeof(*r) + len)) == NULL)
		return (NULL);
	r->text_len = len;
	r->counted = sizeof(*r) + len;
	wire_used.all += r->counted;
	memcpy(r->text, text, len);
	return (r);
}

void
wire_memory_free(struct wire *w)
{
	wire_in_free(w);
	wire_request_free(w->request);
	w->request = NULL;
}

void
wire_buffers_keep(struct wire *w)
{
	if (w->keeps || w->conn->ssl == NULL || nkept >= wire_limits.kept)
		return;
	SSL_clear_mode(w->conn->ssl, SSL_MODE_RELEASE_BUFFERS);
	w->keeps = true;
	nkept++;
}

/* OpenSSL still needs the buffer of what it has read ahead, and frees it. */
void
wire_buffers_free(struct wire *w)
{
	SSL	*ssl = w->conn->ssl;

	if (!w->keeps)
		return;
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	if (!SSL_has_pending(ssl))
		SSL_free_buffers(ssl);
	w->keeps = false;
	nkept--;
	wire_ssl_freed();
}

void
wire_ssl_freed(void)
{
	static unsigned	 n;

	if (++n % MANY_FREED == 0)
		mem_freed_much();
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
	if (!make_room(w, size - w->size, WIRE_MEMORY_MAX) ||
	    (in = resize(w->in, w->size, size)) == NULL)
		return (false);
	w->in = in;
	w->size = size;
	return (true);
}

/* Gives the body `size` bytes, and counts them. */
static bool
body_grow(struct wire *w, size_t size)
{
	struct wire_request	*r = w->request;
	size_t			 more = size - r->body_size;
	size_t			 more_large = 0;
	char			*body;

	if (size > http_body_max + 1)
		more_large = r->is_large ? more : r->counted + more;
	if (more_large > 0 && !make_large_room(w, more_large))
		return (false);
	if (!make_room(w, more, WIRE_BODIES_MAX) ||
	    (body = resize(r->body, r->body_size, size)) == NULL)
		return (false);
	wire_used.large += more_large;
	r->is_large = more_large > 0;
	r->counted += more;
	r->body = body;
	r->body_size = size;
	return (true);
}

bool
wire_body_append(struct wire *w, const char *data, size_t len)
{
	struct wire_request	*r = w->request;
	size_t			 size = r->body_size, need;
	size_t			 most = (r->head.chunked ? r->body_max :
				    (size_t)r->head.content_length) + 1;

	need = r->body_len + len + 1;
	if (need > size) {
		size = size == 0 ? BODY_MIN : 2 * size;
		if (size > most)
			size = most;
		if (size < need)
			size = need;
		if (!body_grow(w, size))
			return (false);
	}
	memcpy(r->body + r->body_len, data, len);
	r->body_len += len;
	r->body[r->body_len] = '\0';
	return (true);
}
