/* SPDX-License-Identifier: ISC */
/*
 * Limits on password guesses: from one address at one account, from one address
 * at any account, and at one account from everywhere.
 */

#include "config.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "modules/auth/auth_repository.h"
#include "product.h"
#include "utils/keyed_hash.h"

#define FAILURES_MAX	100	/* in a row: NIST SP 800-63B, 5.2.2 */
#define RETRY_AFTER	"3600"	/* the owner may have signed in by then */

RATE_LIMIT(sign_in_failures, 5, MINUTE,
    "Failed sign-ins to one account from one address", .of_account = true);

RATE_LIMIT(password_failures, 5, MINUTE,
    "Wrong current passwords for one account from one address",
    .of_account = true);

RATE_LIMIT(address_failures, 20, MINUTE,
    "Wrong passwords for any account from one address");

struct attempt {
	struct rate_held	*account, *address;
	const char		*key;		/* of the account */
};

static void	count_failure(struct ctx *, const char *,
		    const struct user *) AWAITS;
static struct attempt	*attempt(struct ctx *, const struct rate_limit *,
			    const char *, const struct user *) AWAITS;

/*
 * The key of an e-mail address that no user has, the same in every spelling. It
 * is counted like a user, so that a client cannot tell the two apart.
 */
static const char *
unknown_account(struct ctx *c, const char *username)
{
	const char	*key = users_service_email_key(c, username);
	char		*hash = ctx_alloc(c, KEYED_HASH_TEXT);

	/* All that are too long for an address are counted as one. */
	if (!keyed_hash(config.jwt_key.secret, config.jwt_key.secret_len,
	    PRODUCT_STORED " account", key != NULL ? key : "", hash))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (hash);
}

/*
 * Counts before the password is checked, so that parallel attempts are counted,
 * too. A request that runs again counts once.
 */
static void
count_failure(struct ctx *c, const char *account, const struct user *user)
{
	const struct attempt_count	*count;

	if (c->attempt_counted)
		return;
	count = auth_repository_count_attempt(c, account,
	    user != NULL ? user->id : NULL, client_network(c), FAILURES_MAX);
	if (count == NULL) {
		error_header(c, "retry-after", RETRY_AFTER);
		raise_error(c, &ERR_TOO_MANY_REQUESTS, "Too many requests");
	}
	c->is_known = count->known;
	c->attempt_counted = true;
}

static struct attempt *
attempt(struct ctx *c, const struct rate_limit *limit, const char *account,
    const struct user *user)
{
	struct attempt	*a = ctx_alloc(c, sizeof(*a));

	a->key = account;
	a->account = rate_limit_hold(c, limit, account);
	a->address = rate_limit_hold(c, &address_failures_limit, NULL);
	if (!rate_limit_off())
		count_failure(c, account, user);
	return (a);
}

struct attempt *
auth_attempt_sign_in(struct ctx *c, const struct user *user,
    const char *username)
{
	return (attempt(c, &sign_in_failures_limit, user != NULL ? user->id :
	    unknown_account(c, username), user));
}

struct attempt *
auth_attempt_password(struct ctx *c, const struct user *user)
{
	return (attempt(c, &password_failures_limit, user->id, user));
}

void
auth_attempt_failed(struct attempt *a)
{
	rate_limit_spend(a->account);
	rate_limit_spend(a->address);
}

const char *
auth_attempt_account(const struct attempt *a)
{
	return (a->key);
}
