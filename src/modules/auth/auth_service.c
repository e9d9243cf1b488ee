/* SPDX-License-Identifier: ISC */
/* Sign-in: the password grant, sessions, access tokens. */

#include <string.h>

#include "config.h"
#include "middleware/middleware.h"
#include "modules/auth/auth_repository.h"
#include "product.h"
#include "utils/jwt.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

#define SECOND	INT64_C(1000000)	/* microseconds */

#define ACCESS_TOKEN_MAX	2048
#define BATCH	1000	/* rows per statement, which has five seconds */

static struct token	*open_session(struct ctx *, const struct user *)
			    AWAITS;
static void		 create_session(struct ctx *, const char *,
			    const struct user *, int64_t) AWAITS;

const struct error_kind	invalid_request = {
	400, "invalid_request",
	"The parameters username and password are required"
};
const struct error_kind	invalid_grant = {
	400, "invalid_grant",
	"Incorrect username or password"
};
const struct error_kind	invalid_scope = {
	400, "invalid_scope",
	"There are no scopes: leave the parameter out"
};
const struct error_kind	unsupported_grant_type = {
	400, "unsupported_grant_type",
	"The grant type must be password"
};

static const char *
access_token(struct ctx *c, const struct user *user, const char *session_id)
{
	struct jwt_claims	*claims = ctx_alloc(c, sizeof(*claims));
	char			*token = ctx_alloc(c, ACCESS_TOKEN_MAX);

	/* RFC 9068, 2.2 */
	strcpy(claims->iss, config.public_url);
	strcpy(claims->aud, config.public_url);
	strcpy(claims->sub, user->id);
	strcpy(claims->sid, session_id);
	strcpy(claims->client_id, PRODUCT);
	claims->iat = timefmt_now() / SECOND;
	claims->exp = claims->iat + ACCESS_TOKEN_SECONDS;
	if (!uuid_v7(claims->jti) || jwt_sign(&config.jwt_key, claims, token,
	    ACCESS_TOKEN_MAX) == -1)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot sign a token");
	return (token);
}

/*
 * Creates the session. Tells the user if its network is not one that they are
 * known in: only then a second statement is needed, and a transaction.
 */
static void
create_session(struct ctx *c, const char *id, const struct user *user,
    int64_t expires_at)
{
	const struct opened	*opened;

	if (!c->is_known)
		db_begin(c);
	opened = auth_repository_create_session(c, id, user, expires_at,
	    client_network(c));
	if (opened == NULL) {
		c->error.retry = true;	/* the user has changed since */
		raise_error(c, &invalid_grant, "%s", invalid_grant.doc);
	}
	if (c->is_known)
		return;
	if (opened->is_new)
		users_notice_device(c, user);
	db_commit(c);
}

static struct token *
open_session(struct ctx *c, const struct user *user)
{
	struct token	*token = ctx_alloc(c, sizeof(*token));
	const char	*id = db_uuid(c);
	int64_t		 expires_at;

	expires_at = timefmt_now() + SESSION_DAYS * 86400 * SECOND;
	create_session(c, id, user, expires_at);
	token->access_token = access_token(c, user, id);
	token->token_type = "bearer";
	token->expires_in = ACCESS_TOKEN_SECONDS;
	return (token);
}

static void
require_both(struct ctx *c, const char *username, const char *password)
{
	if (username == NULL || *username == '\0' || password == NULL ||
	    *password == '\0')
		raise_error(c, &invalid_request, "%s", invalid_request.doc);
}

struct token *
auth_service_grant(struct ctx *c, const struct token_request *in)
{
	if (strcmp(in->grant_type, "password") != 0)
		raise_error(c, &unsupported_grant_type, "%s",
		    unsupported_grant_type.doc);
	require_both(c, in->username, in->password);
	if (in->scope != NULL)
		raise_error(c, &invalid_scope, "%s", invalid_scope.doc);
	return (auth_service_sign_in(c, in->username, in->password));
}

struct token *
auth_service_sign_in(struct ctx *c, const char *username,
    const char *password)
{
	struct attempt	*attempt;
	struct user	*user;

	require_both(c, username, password);
	user = users_service_find_by_email(c, username);
	attempt = auth_attempt_sign_in(c, user, username);
	if (user != NULL && !users_service_may_sign_in(user))
		user = NULL;
	if (!users_service_verify_password(c, user, password)) {
		auth_attempt_failed(attempt);
		raise_error(c, &invalid_grant, "%s", invalid_grant.doc);
	}
	return (open_session(c, user));
}

static void
raise_incorrect(struct ctx *c)
{
	raise_invalid(c, "body.current_password", "incorrect",
	    "Is not the current password");
}

void
auth_service_change_password(struct ctx *c, const struct user *user,
    const struct password_change *in)
{
	struct attempt	*attempt;
	const char	*hash;

	attempt = auth_attempt_password(c, user);
	if (!users_service_check_password(c, user, in->current_password)) {
		auth_attempt_failed(attempt);
		raise_incorrect(c);
	}
	hash = users_service_hash_password(c, in->new_password,
	    "body.new_password");

	db_begin(c);
	if (!users_service_set_password(c, user, hash)) {
		c->error.retry = true;	/* the hash has changed since */
		raise_incorrect(c);
	}
	auth_repository_revoke_sessions(c, user, NULL);
	auth_service_forget_networks(c, user);
	users_service_drop_wish(c, user);
	users_notice_password(c, user);
	db_commit(c);
}

const struct session_list *
auth_service_get_sessions(struct ctx *c, const struct user *user,
    const struct page *page)
{
	struct session_list	*list = ctx_alloc(c, sizeof(*list));

	PAGE_FILL(list, page, auth_repository_count_sessions(c, user));
	list->items = auth_repository_find_sessions(c, user, c->session_id,
	    page, &list->items_count);
	return (list);
}

void
auth_service_end_session(struct ctx *c, const struct user *user,
    const char *id)
{
	if (!auth_repository_revoke_session(c, user, id))
		raise_error(c, &ERR_NOT_FOUND, "Session not found");
}

void
auth_service_end_sessions(struct ctx *c, const struct user *user,
    const char *except)
{
	auth_repository_revoke_sessions(c, user, except);
}

void
auth_service_forget_networks(struct ctx *c, const struct user *user)
{
	auth_repository_forget_networks(c, user, client_network(c));
}

void
auth_service_purge(struct ctx *c)
{
	while (auth_repository_purge_sessions(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_failures(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_networks(c, BATCH) == BATCH)
		;
}
