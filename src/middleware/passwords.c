/* SPDX-License-Identifier: ISC */
/* Hashes and verifies passwords in a thread, like passlib's CryptContext. */

#include <string.h>

#include "base/log.h"
#include "middleware/middleware.h"
#include "product.h"
#include "request/offload.h"
#include "utils/password_list.h"
#include "utils/password_text.h"

/* The input and the result of a password thread. */
struct password_work {
	char			password[PASSWORD_BYTES_MAX + 1];
	char			hash[PASSWORD_HASH_MAX];
	enum password_verdict	verdict;
	enum password_listing	listing;
	int			list_error;	/* see password_list_find() */
	int			failed;
};

static void
hash_work(void *data)
{
	struct password_work	*w = data;

	w->failed = password_hash(w->password, w->hash);
}

/* For a new password. */
static void
look_up_and_hash_work(void *data)
{
	struct password_work	*w = data;

	w->listing = password_list_find(w->password, &w->list_error);
	if (w->listing == PASSWORD_UNLISTED)
		hash_work(w);
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

	w = ctx_alloc(c, sizeof(*w));
	c->secret = true;
	return (password_take(password, w->password) ? w : NULL);
}

static AWAITS struct password_work *
hash(struct ctx *c, const char *password, const char *field,
    void (*fn)(void *))
{
	struct password_work	*w;

	if ((w = password_work(c, password)) == NULL)
		raise_invalid(c, field, "too_long",
		    "Must have at most %d bytes", PASSWORD_BYTES_MAX);
	offload(c, fn, w, sizeof(*w));
	if (w->failed)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot hash the password");
	return (w);
}

/* A list that cannot be read must not let every password in. */
static void
raise_listed(struct ctx *c, const struct password_work *w, const char *field)
{
	if (w->listing == PASSWORD_LISTED)
		raise_invalid(c, field, "too_common", PASSWORD_LISTED_TEXT);
	log_event(LEVEL_ERROR, c->request_id, "password", "cannot look "
	    "passwords up in the file of " ENV("PASSWORD_LIST") ": %s",
	    w->list_error == 0 ? "it was changed: restart the server" :
	    strerror(w->list_error));
	raise_error(c, &ERR_UNAVAILABLE, "Cannot check the password");
}

const char *
passwords_hash(struct ctx *c, const char *password, const char *field)
{
	struct password_work	*w;

	w = hash(c, password, field, look_up_and_hash_work);
	if (w->listing != PASSWORD_UNLISTED)
		raise_listed(c, w, field);
	return (w->hash);
}

const char *
passwords_rehash(struct ctx *c, const char *password)
{
	return (hash(c, password, "body.password", hash_work)->hash);
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
