/* SPDX-License-Identifier: ISC */
/*
 * What every request passes: request id, client address, bearer token, errors,
 * access log.
 */

#ifndef MIDDLEWARE_MIDDLEWARE_H
#define MIDDLEWARE_MIDDLEWARE_H

#include "request/ctx.h"

struct jwt_claims;
struct jwt_key;

/* request_id.c */

/*
 * The request's id: the client's X-Request-ID if it is 1 to 64 characters of
 * [A-Za-z0-9-], otherwise a new UUIDv7. header is NULL if none was sent.
 */
void	 request_id_assign(char id[static REQUEST_ID_MAX + 1],
	    const char *header);

/* client_address.c */

struct sockaddr;

/*
 * Whose request it is: the peer's address or, when the peer is a proxy that
 * TRUSTED_PROXIES names, the one it vouches for in X-Forwarded-For.
 */
void	 client_address_assign(struct ctx *, const struct sockaddr *peer);

/*
 * The network that a client is known by at its next sign-in: "192.0.2.0/24", or
 * a /56 of IPv6, which is one customer's.
 */
const char	*client_network(struct ctx *);

/* auth.c */

/*
 * In the parent, once: the key of access tokens and who issues them, which is
 * also for whom they are. Both must live as long as the process.
 */
void	 auth_init(const struct jwt_key *, const char *issuer);

/* What follows "Bearer " in the Authorization header; NULL if there is none. */
const char	*auth_bearer_token(const struct ctx *);

/*
 * The verified claims of the request's access token, in the request's memory;
 * NULL when there is none or it is not good, for whatever reason.
 */
const struct jwt_claims	*auth_claims(struct ctx *);

/* Raises 401 `Could not validate credentials`, with WWW-Authenticate. */
void	 auth_raise(struct ctx *) __attribute__((noreturn));

/* error_handler.c */

/*
 * Writes the answer of the error that was raised: the seed's envelope, or the
 * shape of RFC 6749, 5.2 where the endpoint asks for it. Runs after the
 * coroutine; never fails and never raises.
 */
void	 error_handler_respond(struct ctx *);

/*
 * The envelope of an error without details, for where there is no ctx or no
 * memory; returns its length. message is a short constant without quotes.
 */
size_t	 error_handler_envelope(char out[static ENVELOPE_MAX],
	    const struct error_kind *, const char *message,
	    const char *request_id);

/*
 * The same of a 503, in the shape that an endpoint, which may be NULL, has.
 */
size_t	 error_handler_busy(char out[static ENVELOPE_MAX],
	    const struct endpoint *, const char *request_id);

/* access_log.c */

/* One line for a request that has ended. */
void	 access_log_write(const struct ctx *);

#endif
