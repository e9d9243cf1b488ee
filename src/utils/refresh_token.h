/* SPDX-License-Identifier: ISC */
/* Refresh tokens: what is in one, and which one follows it. */

#ifndef UTILS_REFRESH_TOKEN_H
#define UTILS_REFRESH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "product.h"
#include "utils/base64url.h"
#include "utils/uuid.h"

/*
 * A refresh token is a prefix and 64 bytes in base64url: the session's id (16),
 * a secret (32), and a tag (16) that only the holder of the key can make. The
 * secret of a session's first token is random. That of every other one is an
 * HMAC of the token before it, so that a refresh that is repeated gives the
 * same successor, even if the first answer was lost. The tag proves that a
 * token is one of ours when its row in the database has been deleted.
 *
 * Pure, except for random bytes; thread-safe; nothing is allocated here. Every
 * key is derived from a secret of len bytes.
 */
#define REFRESH_TOKEN_PREFIX	PRODUCT "_rt_"
#define REFRESH_TOKEN_BYTES	64

/* Bytes of the text, and of a hash in hexadecimal, their NULs included. */
#define REFRESH_TOKEN_TEXT						\
	(sizeof(REFRESH_TOKEN_PREFIX) - 1 +				\
	    BASE64URL_SIZE(REFRESH_TOKEN_BYTES))
#define REFRESH_TOKEN_HASH	65

/*
 * Makes the first token of a session, whose id is a UUID in lower case. False
 * when memory or random bytes are short.
 */
bool	refresh_token_first(const void *secret, size_t len,
	    const char *session_id, char out[static REFRESH_TOKEN_TEXT]);

/*
 * Makes the token that follows this one, which must have the shape of a token.
 * The same secret and token give the same successor. False when memory is
 * short.
 */
bool	refresh_token_next(const void *secret, size_t len, const char *token,
	    char out[static REFRESH_TOKEN_TEXT]);

/*
 * Reads the session's id from a text that has the shape of a token. False for
 * any other text. The id may be forged: see refresh_token_is_ours().
 */
bool	refresh_token_session(const char *token, char out[static UUID_TEXT]);

/*
 * Sets *ours if the token has the tag that this secret gives it. False, with
 * *ours false, when memory is short.
 */
bool	refresh_token_is_ours(const void *secret, size_t len,
	    const char *token, bool *ours);

/* Writes the token's SHA-256, for the database. False when memory is short. */
bool	refresh_token_hash(const char *token,
	    char out[static REFRESH_TOKEN_HASH]);

#endif
