/* SPDX-License-Identifier: ISC */
/* JSON Web Tokens (RFC 7519), signed with an HMAC. */

#ifndef UTILS_JWT_H
#define UTILS_JWT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "utils/uuid.h"

/*
 * Access tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515) with the
 * profile of RFC 9068, signed with an HMAC (RFC 7518 section 3.2). The caller
 * chooses the algorithm; the token's own alg only has to match it (RFC 8725
 * section 3.1). Thread-safe, except with a key of jwt_key_prepare(). Callers
 * have nothing to free.
 *
 * jansson may use memory functions that return NULL, so each of its results is
 * checked.
 */

/* The length of the longest token, without its NUL. */
#define JWT_MAX		4096

#define JWT_KID		17	/* bytes, the NUL included */
#define JWT_HEADER	128	/* the same */

struct jwt_key {
	const char	*alg;		/* "HS256", "HS384" or "HS512" */
	const void	*secret;
	size_t		 secret_len;	/* bytes */
	char		 kid[JWT_KID];	/* jwt_key_name(); "": none */

	/* By jwt_key_prepare(); or else NULL and "". */
	struct evp_mac_ctx_st	*mac;
	char			 header[JWT_HEADER];

	/* Another key of this alg, whose tokens are valid too; or NULL. */
	const struct jwt_key	*previous;
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
	int64_t	nbf;		/* the same; 0: none, and not signed */
};

enum jwt_result {
	JWT_OK,
	JWT_MALFORMED,		/* not three base64url segments; no memory */
	JWT_BAD_HEADER,		/* not exactly {alg, typ[, kid]} of a key */
	JWT_BAD_SIGNATURE,
	JWT_BAD_CLAIMS,		/* missing, wrong type, not as expected */
	JWT_EXPIRED		/* all is right except exp */
};

/*
 * The length in bytes of the shortest secret that alg allows: the length of its
 * hash (RFC 7518 section 3.2). 0 for an unknown algorithm.
 */
size_t	jwt_algorithm_min_secret(const char *alg);

/*
 * Gives a key with a secret its kid (RFC 7515, 4.1.4): 64 bits of a hash that
 * only the secret gives, and that says nothing about it. False when memory is
 * short.
 */
bool	jwt_key_name(struct jwt_key *);

/*
 * Does once what each token of the key would need again: its key schedule and
 * its header. Then only one thread at a time may use the key. False when memory
 * is short or OpenSSL fails; the secret must be long enough.
 */
bool	jwt_key_prepare(struct jwt_key *);

/* Frees what jwt_key_prepare() has made. */
void	jwt_key_free(struct jwt_key *);

/*
 * Writes the signed token into out, NUL-terminated, and returns its length.
 * Returns -1, with out "", when the token does not fit into outsize or JWT_MAX,
 * the algorithm is unknown, the secret is too short, a text is not UTF-8,
 * memory is short or OpenSSL fails.
 */
ssize_t	jwt_sign(const struct jwt_key *key, const struct jwt_claims *claims,
	    char *out, size_t outsize);

/*
 * Verifies a token for the audience aud from the issuer iss at the time now
 * (seconds). It is expired from exp on, without tolerance; leeway (seconds)
 * only allows an iat or nbf later than now, from another host's clock. The
 * header must have alg and typ, once each, may have the kid of key or of its
 * previous one, and has nothing else. Without kid, each of the keys may have
 * signed it. sub, jti and sid must be UUIDs in lower case, client_id a string;
 * iat, exp and nbf, which may be absent, are numbers, also with a fraction; aud
 * is a string, or an array of strings that has aud. Other claims are ignored
 * (RFC 7519 section 4). The payload is parsed only after the signature has been
 * verified. *out is filled on JWT_OK, its aud with aud, and zeroed otherwise. A
 * failed allocation gives JWT_MALFORMED, except inside jansson's lexer, which
 * reports bad text: then it gives JWT_BAD_HEADER or JWT_BAD_CLAIMS.
 */
enum jwt_result	jwt_verify(const struct jwt_key *key, const char *token,
		    const char *iss, const char *aud, int64_t now,
		    int64_t leeway, struct jwt_claims *out);

/*
 * Verifies only the JWS: three strict base64url segments, and a signature by
 * key. Returns JWT_OK, JWT_MALFORMED or JWT_BAD_SIGNATURE. It does not read the
 * header, so never accept an access token by it; it exists for tests with
 * published vectors.
 */
enum jwt_result	jwt_verify_signature(const struct jwt_key *key,
		    const char *token);

#endif
