/* SPDX-License-Identifier: ISC */
/* The secrets that sign tokens and cursors: checks them, makes their keys. */

#include <string.h>

#include <openssl/rand.h>

#include "config.h"
#include "http/page.h"
#include "middleware/middleware.h"
#include "product.h"
#include "utils/start_error.h"

#define OWN_SECRET	32	/* bytes */

/* A secret copied from an example is publicly known. */
static const char *
check_secret(const char *name, const char *secret, const char *alg)
{
	static const char *const placeholders[] = {
		"changeme", "change-me", "change_me", "change me", "secret",
		"password", "example", "placeholder", "your-", "insecure",
		"default", "12345678",
	};
	size_t	 len = strlen(secret), i, distinct;
	char	 seen[256] = "";

	if (len < jwt_algorithm_min_secret(alg))
		return (start_error("%s has %zu bytes; %s needs at least %zu "
		    "(try: openssl rand -base64 48)", name, len, alg,
		    jwt_algorithm_min_secret(alg)));
	for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strcasestr(secret, placeholders[i]) != NULL)
			return (start_error("%s looks like a placeholder: it "
			    "contains '%s' (try: openssl rand -base64 48)",
			    name, placeholders[i]));
	}
	for (distinct = 0, i = 0; i < len; i++)
		distinct += seen[(unsigned char)secret[i]]++ == 0;
	if (distinct < 8)
		return (start_error("%s has only %zu different characters "
		    "(try: openssl rand -base64 48)", name, distinct));
	return (NULL);
}

/* Fills a key for tokens, and derives the one for cursors. */
static const char *
make_keys(const char *name, const char *secret, struct jwt_key *key,
    unsigned char cursors[static CURSOR_KEY])
{
	const char	*problem;

	if ((problem = check_secret(name, secret, config.jwt_key.alg)) != NULL)
		return (problem);
	key->alg = config.jwt_key.alg;
	key->secret = secret;
	key->secret_len = strlen(secret);
	if (!jwt_key_name(key) || !jwt_key_prepare(key) ||
	    !cursor_key(secret, key->secret_len, cursors))
		return (start_error("cannot make a key: out of memory"));
	return (NULL);
}

const char *
config_use_secrets(const char *secret, const char *previous)
{
	static struct jwt_key	 previous_key;
	unsigned char		 cursors[CURSOR_KEY];
	const char		*problem;

	if ((problem = make_keys(ENV("SECRET_KEY"), secret, &config.jwt_key,
	    cursors)) != NULL)
		return (problem);
	config.jwt_key.previous = NULL;
	auth_init(&config.jwt_key, config.public_url);
	pages_init(cursors);
	if (previous == NULL)
		return (NULL);

	if (strcmp(previous, secret) == 0)
		return (start_error(ENV("SECRET_KEY_PREVIOUS") " and "
		    ENV("SECRET_KEY") " are the same"));
	if ((problem = make_keys(ENV("SECRET_KEY_PREVIOUS"), previous,
	    &previous_key, cursors)) != NULL)
		return (problem);
	config.jwt_key.previous = &previous_key;
	pages_accept(cursors);
	return (NULL);
}

const char *
config_use_own_secret(void)
{
	static char	 secret[OWN_SECRET];

	if (RAND_bytes((unsigned char *)secret, sizeof(secret)) != 1)
		return (start_error("cannot make a key: no randomness"));
	config.jwt_key.secret = secret;
	config.jwt_key.secret_len = sizeof(secret);
	return (NULL);
}
