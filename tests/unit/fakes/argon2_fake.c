/* SPDX-License-Identifier: ISC */
/* Replaces libargon2 at its edge: real hashes, but at the lowest cost. */

#include <argon2.h>
#include <stdio.h>
#include <string.h>

#define CHEAP	"$argon2id$v=19$m=8,t=1,p=1$"

/* The salt and the hash of an encoded hash. */
static const char *
salt_of(const char *encoded)
{
	return (strchr(strstr(encoded, ",p="), '$') + 1);
}

int
argon2id_hash_encoded(const uint32_t t, const uint32_t m, const uint32_t p,
    const void *password, const size_t len, const void *salt,
    const size_t salt_len, const size_t hash_len, char *encoded,
    const size_t encoded_len)
{
	char	 text[256];
	int	 result;

	result = argon2_hash(1, 8, 1, password, len, salt, salt_len, NULL,
	    hash_len, text, sizeof(text), Argon2_id, ARGON2_VERSION_13);
	if (result == ARGON2_OK)
		snprintf(encoded, encoded_len, "$argon2id$v=19$m=%u,t=%u,p=%u$"
		    "%s", m, t, p, salt_of(text));
	return (result);
}

int
argon2id_verify(const char *encoded, const void *password, const size_t len)
{
	char	 text[256];

	snprintf(text, sizeof(text), CHEAP "%s", salt_of(encoded));
	return (argon2_verify(text, password, len, Argon2_id));
}
