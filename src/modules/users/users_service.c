/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* What may be done with users (the seed's service.py). */

#include <string.h>

#include "jobs/jobs.h"
#include "modules/users/users.h"
#include "runtime/log.h"
#include "runtime/offload.h"
#include "utils/email.h"
#include "utils/password.h"

/*
 * A guard, not a rule: what a valid password is says kore.conf. Longer ones
 * are refused whatever it says.
 */
#define PASSWORD_BYTES_MAX	1024

/* What a password thread is given and gives back. */
struct password_work {
	char			password[PASSWORD_BYTES_MAX + 1];
	char			hash[PASSWORD_HASH_MAX];
	enum password_verdict	verdict;
	int			failed;
};

static enum password_verdict	verify(struct ctx *, struct password_work *,
				    const char *) AWAITS;

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
 * In the request's memory, which is wiped: the stack would keep it. NULL when
 * the password is too long.
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
users_service_hash_password(struct ctx *c, const char *password)
{
	struct password_work	*w;

	if ((w = password_work(c, password)) == NULL) {
		error_detail(c, "body.password", "too_long",
		    "Must have at most %d bytes", PASSWORD_BYTES_MAX);
		raise_validation(c);
	}
	offload(c, hash_work, w, sizeof(*w));
	if (w->failed)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot hash the password");
	return (w->hash);
}

static enum password_verdict
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

bool
users_service_verify_password(struct ctx *c, const struct user *user,
    const char *password)
{
	struct password_work	*w;
	enum password_verdict	 verdict;

	/* No account has such a password, so this tells nothing of any. */
	if ((w = password_work(c, password)) == NULL)
		return (false);

	if (user == NULL) {
		verify(c, w, password_dummy_hash());
		return (false);
	}
	verdict = verify(c, w, user->hashed_password);
	if (verdict == PASSWORD_UNREADABLE) {
		log_event(LEVEL_ERROR, c, "password",
		    "the stored hash of user %s is of no known form",
		    user->id);
		verify(c, w, password_dummy_hash());
		return (false);
	}
	if (verdict == PASSWORD_RIGHT_REHASH)
		users_repository_rehash(c, user,
		    users_service_hash_password(c, password));
	return (verdict != PASSWORD_WRONG);
}

/* As email-validator gives it back. */
const char *
users_service_normalise(struct ctx *c, const char *email)
{
	char	*normal = ctx_alloc(c, EMAIL_MAX);

	return (email_normalise(email, normal, EMAIL_MAX) == NULL ? normal :
	    NULL);
}

struct user *
users_service_find_by_email(struct ctx *c, const char *email)
{
	const char	*normal = users_service_normalise(c, email);

	if (normal == NULL)
		return (NULL);
	return (users_repository_find_by_email(c, normal));
}

struct user *
users_service_find_signed_in(struct ctx *c, const char *user_id,
    const char *session_id)
{
	return (users_repository_find_signed_in(c, user_id, session_id));
}

struct user *
users_service_create(struct ctx *c, const struct user_create *in,
    const struct user *actor)
{
	struct user_create	 row = *in;
	struct user		*user;
	const char		*hash;

	if (strcmp(in->role, "user") != 0 &&
	    (actor == NULL || strcmp(actor->role, "admin") != 0))
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");

	if ((row.email = users_service_normalise(c, in->email)) == NULL) {
		error_detail(c, "body.email", "invalid_format",
		    "Is not a valid e-mail address");
		raise_validation(c);
	}
	hash = users_service_hash_password(c, in->password);

	db_begin(c);
	user = users_repository_create(c, &row, hash);
	if (user == NULL)
		raise_error(c, &ERR_CONFLICT, "Email already registered");
	background(c, "send_welcome_email", user->id);
	db_commit(c);
	return (user);
}

const char *
users_service_create_admin(const char *email, const char *hashed_password)
{
	const char	*problem;
	bool		 created;

	problem = users_repository_create_admin(email, hashed_password,
	    &created);
	if (problem == NULL && !created)
		problem = "a user with this e-mail address exists already";
	return (problem);
}
