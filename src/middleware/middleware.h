/* SPDX-License-Identifier: ISC */
/*
 * What each request passes through: request id, client address, bearer token,
 * errors, access log.
 */

#ifndef MIDDLEWARE_MIDDLEWARE_H
#define MIDDLEWARE_MIDDLEWARE_H

#include "request/ctx.h"
#include "utils/password.h"
#include "wire/wire.h"

struct jwt_claims;
struct jwt_key;

/* request_id.c */

/*
 * Sets a request's id: the client's X-Request-ID if it is 1 to 64 characters of
 * [A-Za-z0-9-], otherwise a new UUIDv7 (or "" without randomness). header is
 * NULL if none was sent.
 */
void	 request_id_assign(char id[static REQUEST_ID_MAX + 1],
	    const char *header);

/* client_address.c */

struct sockaddr;

/*
 * Sets the ctx's address: the peer's or, if the peer is a proxy that
 * TRUSTED_PROXIES names, the one that it reports in X-Forwarded-For.
 */
void	 client_address_assign(struct ctx *, const struct sockaddr *peer);

/*
 * The client's network as text: "192.0.2.0/24", or an IPv6 /56, which belongs
 * to one customer. A user who has signed in there is known there.
 */
const char	*client_network(struct ctx *);

/* auth.c */

/*
 * In the parent, once: sets the key of access tokens, and their issuer, which
 * is also their audience. Neither is copied: both must live as long as the
 * process.
 */
void	 auth_init(const struct jwt_key *, const char *issuer);

/* The token in the Authorization header; NULL if there is none. */
const char	*auth_bearer_token(const struct ctx *);

/*
 * The verified claims of an access token, in the ctx's arena; NULL if it is not
 * valid. Raises ERR_UNAVAILABLE when out of memory.
 */
const struct jwt_claims	*auth_verify(struct ctx *, const char *token);

/* The same for the request's token; NULL if there is none. */
const struct jwt_claims	*auth_claims(struct ctx *);

/* Raises 401 `Could not validate credentials`, with WWW-Authenticate. */
void	 auth_raise(struct ctx *) __attribute__((noreturn));

/* passwords.c */

/*
 * The Argon2id hash of a new password. Raises 422 for `field` if it is too
 * long or leaked (password_list.h), ERR_UNAVAILABLE if the list cannot be read.
 */
const char	*passwords_hash(struct ctx *, const char *password,
		    const char *field) AWAITS;

/* The same of a password that was right: it stays, if it is listed or not. */
const char	*passwords_rehash(struct ctx *, const char *password) AWAITS;

/*
 * Is it the password of this hash? NULL: PASSWORD_WRONG, after the same time.
 * A hash of no known form is logged, with the id of its owner, and counts as
 * NULL.
 */
enum password_verdict	passwords_verify(struct ctx *, const char *password,
			    const char *hash, const char *owner) AWAITS;

/* error_handler.c */

/*
 * Writes the response of the error that was raised: as a problem (RFC 9457) if
 * Accept asks for it; else in the envelope, or in the shape of RFC 6749, 5.2
 * for an endpoint with .errors = OAUTH, or as a page for one with .error_page.
 * before is what the public URL has before the path, or "". Runs after the
 * coroutine; never fails and never raises.
 */
void	 error_handler_respond(struct ctx *, const char *before);

/* The guard's write_refusal: a problem if Accept asks for it, or envelope. */
void	 error_handler_refuse(struct refusal *);

/*
 * Writes a 503 in the shape of the endpoint, which may be NULL, or as a problem
 * if the head asks for it, where there is no ctx or no memory. Returns its
 * length.
 */
size_t	 error_handler_busy(char out[static ENVELOPE_MAX],
	    const struct endpoint *, const char *before, const struct head *,
	    const char *request_id);

/*
 * The headers of each error of the endpoint, which may be NULL, for a request
 * with this head: its type, and what its page needs. They belong to nobody and
 * must stay as they are.
 */
struct header	*error_handler_headers(const struct endpoint *,
		    const struct head *);

/* access_log.c */

/* Logs a request that has ended. */
void	 access_log_write(const struct ctx *);

#endif
