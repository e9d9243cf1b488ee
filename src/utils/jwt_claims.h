/* SPDX-License-Identifier: ISC */
/* The JSON of a token: its header and its claims. For jwt.c only. */

#ifndef UTILS_JWT_CLAIMS_H
#define UTILS_JWT_CLAIMS_H

#include <jansson.h>

#include "utils/jwt.h"

/*
 * Parses text that must be an object without duplicate members, and nested at
 * most max levels deep. On JWT_OK the caller owns *json. Text that is not so
 * gives `invalid`, a failed allocation JWT_MALFORMED.
 */
enum jwt_result	jwt_parse(const char *text, size_t len, unsigned int max,
		    enum jwt_result invalid, json_t **json);

/*
 * Reads the claims of a payload for the audience aud, and checks their types.
 * The issuer and the times are for the caller to check. JWT_OK, JWT_BAD_CLAIMS
 * or JWT_MALFORMED.
 */
enum jwt_result	jwt_claims_read(const char *payload, size_t len,
		    const char *aud, struct jwt_claims *out);

/*
 * The same for the bytes that jwt_sign() writes, without a parser. False for
 * everything else, also for tokens that are valid.
 */
bool	jwt_own_read(const char *payload, size_t len, const char *aud,
	    struct jwt_claims *out);

#endif
