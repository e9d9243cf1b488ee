/* SPDX-License-Identifier: ISC */
/* The bearer token of a request (RFC 6750). */

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "middleware/middleware.h"
#include "utils/jwt.h"
#include "utils/timefmt.h"

#define CLOCK_LEEWAY	60	/* seconds by which hosts' clocks may differ */

static const struct jwt_key	*token_key;
static const char		*token_issuer;

void
auth_init(const struct jwt_key *key, const char *issuer)
{
	token_key = key;
	token_issuer = issuer;
}

const char *
auth_bearer_token(const struct ctx *c)
{
	const char	*token;

	if (c->authorization == NULL ||
	    strncasecmp(c->authorization, "Bearer", 6) != 0 ||
	    c->authorization[6] != ' ')
		return (NULL);
	token = c->authorization + 6;
	return (token + strspn(token, " "));
}

const struct jwt_claims *
auth_verify(struct ctx *c, const char *token)
{
	unsigned		 failures = mem_failures();
	struct jwt_claims	*claims = ctx_alloc(c, sizeof(*claims));
	enum jwt_result		 result;

	result = jwt_verify(token_key, token, token_issuer, token_issuer,
	    timefmt_now() / 1000000, CLOCK_LEEWAY, claims);
	if (failures != mem_failures())
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (result == JWT_OK ? claims : NULL);
}

const struct jwt_claims *
auth_claims(struct ctx *c)
{
	const char	*token = auth_bearer_token(c);

	return (token != NULL ? auth_verify(c, token) : NULL);
}

void
auth_raise(struct ctx *c)
{
	/* RFC 6750, 3.1: no error code when no token was sent. */
	error_header(c, "www-authenticate", auth_bearer_token(c) == NULL ?
	    "Bearer" : "Bearer error=\"invalid_token\"");
	raise_error(c, &ERR_UNAUTHORIZED, "Could not validate credentials");
}
