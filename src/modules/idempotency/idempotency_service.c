/* SPDX-License-Identifier: ISC */
/* Stores responses in the transaction of their work, and sends them again. */

#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "config.h"
#include "http/header.h"
#include "http/respond.h"
#include "modules/idempotency/idempotency.h"
#include "modules/idempotency/idempotency_repository.h"
#include "product.h"
#include "request/endpoint.h"
#include "utils/hex.h"
#include "utils/keyed_hash.h"

#define HEADER	"idempotency-key"
#define FIELD	"header." HEADER
#define KEY_MAX	255
#define BATCH	1000	/* rows per statement, which may take 5 seconds */

/* Under one secret. */
struct hashes {
	char	scope[KEYED_HASH_TEXT];
	char	request[KEYED_HASH_TEXT];
};

struct idempotency {
	const char	*key;
	struct hashes	 now;
	struct hashes	*old;		/* NULL: no previous secret */
};

static bool
is_key(const char *s)
{
	size_t	 i;

	for (i = 0; s[i] >= ' ' && s[i] <= '~'; i++)
		;
	return (s[i] == '\0' && i > 0 && i <= KEY_MAX);
}

void
idempotency_service_read(struct ctx *c)
{
	const char	*key = header_once(c, HEADER);

	if (key == NULL)
		return;
	if (!is_key(key)) {
		error_detail(c, FIELD, "invalid_format", "Must have 1 to %d "
		    "printable ASCII characters", KEY_MAX);
		return;
	}
	c->idempotency = ctx_alloc(c, sizeof(*c->idempotency));
	c->idempotency->key = key;
}

/* The body may hold any byte, and be large: it goes in as a hash. */
static const char *
request_text(struct ctx *c)
{
	unsigned char	 digest[SHA256_DIGEST_LENGTH];
	char		 body[2 * SHA256_DIGEST_LENGTH + 1];

	if (!EVP_Digest(c->body, c->body_len, digest, NULL, EVP_sha256(),
	    NULL))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	hex_text(body, digest, sizeof(digest));
	return (ctx_printf(c, "%s %s", body, c->query));
}

static void
hash(struct ctx *c, const struct jwt_key *secret, const char *label,
    const char *text, char out[static KEYED_HASH_TEXT])
{
	if (!keyed_hash(secret->secret, secret->secret_len, label, text, out))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
}

/* The key is last: it alone may have blanks. */
static void
make_hashes(struct ctx *c, const struct jwt_key *secret, struct hashes *out)
{
	hash(c, secret, PRODUCT_STORED " idempotent request", request_text(c),
	    out->request);
	hash(c, secret, PRODUCT_STORED " idempotency scope", ctx_printf(c,
	    "%s %s %s %s %s", c->method_name, c->path,
	    c->user_id != NULL ? "user" : "stranger",
	    c->user_id != NULL ? c->user_id : out->request,
	    c->idempotency->key), out->scope);
}

static void
restore_headers(struct ctx *c, const char *lines)
{
	struct header	**end = &c->response.headers, *h;
	const char	 *colon, *eol;

	for (*end = NULL; (eol = strchr(lines, '\n')) != NULL;
	    lines = eol + 1) {
		colon = strchr(lines, ':');
		h = ctx_alloc(c, sizeof(*h));
		h->name = ctx_strndup(c, lines, (size_t)(colon - lines));
		h->value = ctx_strndup(c, colon + 2,
		    (size_t)(eol - colon - 2));
		*end = h;
		end = &h->next;
	}
}

static AWAITS void
replay_if_stored(struct ctx *c)
{
	const struct idempotency	*i = c->idempotency;
	const struct stored_response	*stored;

	stored = idempotency_keys_repository_find(c, i->now.scope,
	    i->old != NULL ? i->old->scope : NULL, i->now.request,
	    i->old != NULL ? i->old->request : NULL);
	if (stored == NULL)
		return;
	if (!stored->is_same)
		raise_invalid(c, FIELD, "reused", "Was sent with another "
		    "request before");
	respond_empty(c, (int)stored->status);
	restore_headers(c, stored->headers);
	respond_header(c, "idempotent-replayed", "true");
	if (stored->body != NULL) {
		c->response.body = stored->body;
		c->response.len = strlen(stored->body);
	}
	/* The first request may have failed because of the standby alone. */
	if (db_has_enclosed(c))
		db_commit_enclosing(c);
	else
		db_confirm(c);
	end_with_response(c);
}

/*
 * In the handler's transaction. A statement sees what was committed before it
 * began: the one that gets the lock may have begun too early to see a
 * response, the next one sees it.
 */
static AWAITS void
claim(struct ctx *c)
{
	const struct idempotency	*i = c->idempotency;

	if (!idempotency_keys_repository_lock(c, i->now.scope,
	    i->old != NULL ? i->old->scope : NULL)->is_locked) {
		error_header(c, "retry-after", "1");
		raise_error(c, &ERR_IN_PROGRESS, "A request with this "
		    "Idempotency-Key is being handled");
	}
	replay_if_stored(c);
}

void
idempotency_service_begin(struct ctx *c)
{
	struct idempotency	*i = c->idempotency;

	if (i == NULL)
		return;
	make_hashes(c, &config.jwt_key, &i->now);
	if (config.jwt_key.previous != NULL) {
		i->old = ctx_alloc(c, sizeof(*i->old));
		make_hashes(c, config.jwt_key.previous, i->old);
	}
	replay_if_stored(c);
	db_enclose(c, claim);
}

static const char *
header_lines(struct ctx *c)
{
	struct text		 t = arena_text(&c->arena);
	const struct header	*h;

	text_puts(&t, "");
	for (h = c->response.headers; h != NULL; h = h->next)
		text_printf(&t, "%s: %s\n", h->name, h->value);
	if (t.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (t.data);
}

/* A handler that did not use the database has done nothing to repeat. */
void
idempotency_service_end(struct ctx *c)
{
	const struct idempotency	*i = c->idempotency;

	if (i == NULL)
		return;
	if (db_has_enclosed(c))
		idempotency_keys_repository_store(c, i->now.scope, c->user_id,
		    i->now.request, db_int(c, c->response.status),
		    header_lines(c), c->response.body == NULL ? NULL :
		    ctx_strndup(c, c->response.body, c->response.len));
	db_commit_enclosing(c);
}

void
idempotency_service_purge(struct ctx *c)
{
	while (idempotency_keys_repository_purge(c, db_int(c, BATCH)) == BATCH)
		;
}
