/* SPDX-License-Identifier: ISC */
/* Hashes and verifies passwords in a thread, like passlib's CryptContext. */

#include <string.h>

#include "base/log.h"
#include "middleware/middleware.h"
#include "request/offload.h"

/* An upper bound for any password rule of kore.conf. */
#define PASSWORD_BYTES_MAX	1024

/* The input and the result of a password thread. */
struct password_work {
	char			password[PASSWORD_BYTES_MAX + 1];
	char			hash[PASSWORD_HASH_MAX];
	enum password_verdict	verdict;
	int			failed;
};

static void
hash_work(void *data)
{
	struct password_work	*w = data;

	w->failed = password_hash(w->password, w->hash);
}

static void
verify_work(void *data)
{
	struct password_work	*w = data;

	w->verdict = password_verify(w->password, w->hash);
}

/*
 * In the request's arena, which is wiped; the stack is not. NULL if the
 * password is too long.
 */
static struct password_work *
password_work(struct ctx *c, const char *password)
{
	struct password_work	*w;
	size_t			 len = strlen(password);

	if (len > PASSWORD_BYTES_MAX)
		return (NULL);
	w = ctx_alloc(c, sizeof(*w));
	c->secret = true;
	memcpy(w->password, password, len + 1);
	return (w);
}

const char *
passwords_hash(struct ctx *c, const char *password,
    const char *field)
{
	struct password_work	*w;

	if ((w = password_work(c, password)) == NULL)
		raise_invalid(c, field, "too_long",
		    "Must have at most %d bytes", PASSWORD_BYTES_MAX);
	offload(c, hash_work, w, sizeof(*w));
	if (w->failed)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot hash the password");
	return (w->hash);
}

static AWAITS enum password_verdict
verify(struct ctx *c, struct password_work *w, const char *hash)
{
	size_t	 len = strlen(hash);

	if (len >= sizeof(w->hash))
		return (PASSWORD_UNREADABLE);
	memcpy(w->hash, hash, len + 1);
	offload(c, verify_work, w, sizeof(*w));
	if (w->verdict == PASSWORD_ERROR)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot verify the password");
	return (w->verdict);
}

enum password_verdict
passwords_verify(struct ctx *c, const char *password, const char *hash,
    const char *owner)
{
	struct password_work	*w;
	enum password_verdict	 verdict;

	/* No account has such a password, so this reveals nothing. */
	if ((w = password_work(c, password)) == NULL)
		return (PASSWORD_WRONG);

	if (hash == NULL) {
		verify(c, w, password_dummy_hash());
		return (PASSWORD_WRONG);
	}
	verdict = verify(c, w, hash);
	if (verdict == PASSWORD_UNREADABLE) {
		log_event(LEVEL_ERROR, c->request_id, "password",
		    "the stored hash of user %s is of no known form", owner);
		verify(c, w, password_dummy_hash());
		return (PASSWORD_WRONG);
	}
	return (verdict);
}
