/* SPDX-License-Identifier: ISC */
/* JSON Web Tokens (RFC 7519), HS256 only. */

#ifndef UTILS_JWT_H
#define UTILS_JWT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "utils/uuid.h"

/*
 * Access tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515) with the
 * profile of RFC 9068, signed by one HMAC (RFC 7518 section 3.2) that the
 * caller pins; what a token says about its own algorithm chooses nothing
 * (RFC 8725 section 3.1). Thread-safe. Nothing is left to free.
 *
 * jansson may have been given memory functions that return NULL; every one
 * of its results is checked.
 */

/* The longest token that is made or read, its NUL not counted. */
#define JWT_MAX		4096

struct jwt_key {
	const char	*alg;		/* "HS256", "HS384" or "HS512" */
	const void	*secret;
	size_t		 secret_len;	/* bytes */
};

struct jwt_claims {
	char	iss[256];
	char	aud[256];
	char	sub[UUID_TEXT];
	char	jti[UUID_TEXT];
	char	sid[UUID_TEXT];
	char	client_id[64];
	int64_t	iat;		/* seconds since the Unix epoch */
	int64_t	exp;		/* the same */
};

enum jwt_result {
	JWT_OK,
	JWT_MALFORMED,		/* not three base64url segments; no memory */
	JWT_BAD_HEADER,		/* anything but {alg, typ} as pinned */
	JWT_BAD_SIGNATURE,
	JWT_BAD_CLAIMS,		/* missing, wrong type, not as expected */
	JWT_EXPIRED		/* everything right but exp */
};

/* Whether alg is the exact name of an algorithm of this file. */
bool	jwt_algorithm_known(const char *alg);

/*
 * The shortest secret in bytes that alg may be used with: the length of its
 * hash (RFC 7518 section 3.2). 0 for an unknown algorithm.
 */
size_t	jwt_algorithm_min_secret(const char *alg);

/*
 * Writes the signed token into out, NUL-terminated, and returns its length.
 * Returns -1, with out "", when it does not fit into outsize or JWT_MAX, the
 * algorithm is unknown, the secret too short, a text not UTF-8, or memory
 * or OpenSSL fail.
 */
ssize_t	jwt_sign(const struct jwt_key *key, const struct jwt_claims *claims,
	    char *out, size_t outsize);

/*
 * Reads a token that should be for aud, issued by iss, at the time now
 * (seconds). It is expired from exp on, without grace; leeway (seconds)
 * only forgives an iat ahead of now, by another host's clock. The header
 * holds alg and typ, once each and nothing else. sub, jti and sid
 * must be UUIDs in lower case, iat and exp JSON integers, client_id a string;
 * further claims are ignored (RFC 7519 section 4). The payload is not parsed
 * before the signature was found right. *out is filled on JWT_OK and
 * zeroed otherwise. An allocation failure is JWT_MALFORMED, except inside
 * jansson's lexer, which reports bad text: then JWT_BAD_HEADER or
 * JWT_BAD_CLAIMS.
 */
enum jwt_result	jwt_verify(const struct jwt_key *key, const char *token,
		    const char *iss, const char *aud, int64_t now,
		    int64_t leeway, struct jwt_claims *out);

/*
 * Only the JWS part of the above: three strict base64url segments, and the
 * right signature by key. JWT_OK, JWT_MALFORMED or JWT_BAD_SIGNATURE. It does
 * not read the header, so it is no way to accept an access token; it is
 * here to be tested against published vectors.
 */
enum jwt_result	jwt_verify_signature(const struct jwt_key *key,
		    const char *token);

#endif
