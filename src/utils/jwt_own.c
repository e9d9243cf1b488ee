/* SPDX-License-Identifier: ISC */
/*
 * Reads the claims that jwt_sign() writes, to the byte, without a JSON parser:
 * nearly every token is one of ours. What differs is for jwt_claims.c.
 */

#include <string.h>

#include "utils/jwt_claims.h"

#define DIGITS_MAX	18	/* always fit in an int64_t */

/* Steps over the text, if it comes next. */
static bool
skip(const char **p, const char *end, const char *text)
{
	size_t	 len = strlen(text);

	if ((size_t)(end - *p) < len || memcmp(*p, text, len) != 0)
		return (false);
	*p += len;
	return (true);
}

/*
 * A name and its string, which has only printable ASCII characters and no
 * escapes.
 */
static bool
read_text(const char **p, const char *end, const char *before, char *dst,
    size_t size)
{
	size_t	 n = 0;

	if (!skip(p, end, before))
		return (false);
	for (; *p < end && **p != '"'; (*p)++) {
		if (**p < ' ' || **p > '~' || **p == '\\' || n + 1 == size)
			return (false);
		dst[n++] = **p;
	}
	dst[n] = '\0';
	return (skip(p, end, "\""));
}

/* A UUID as uuid_v7() writes it. */
static bool
read_uuid(const char **p, const char *end, const char *before,
    char dst[static UUID_TEXT])
{
	char	 text[UUID_TEXT];

	return (read_text(p, end, before, text, sizeof(text)) &&
	    uuid_parse(text, dst) && strcmp(text, dst) == 0);
}

static bool
read_number(const char **p, const char *end, const char *before, int64_t *n)
{
	const char	*start;

	if (!skip(p, end, before))
		return (false);
	*n = 0;
	for (start = *p; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		if (*p - start == DIGITS_MAX)
			return (false);
		*n = *n * 10 + (**p - '0');
	}
	/* JSON has no zeros before a number. */
	return (*p > start && (*start != '0' || *p == start + 1));
}

bool
jwt_own_read(const char *payload, size_t len, const char *aud,
    struct jwt_claims *out)
{
	const char	*p = payload, *end = payload + len;

	return (read_text(&p, end, "{\"iss\":\"", out->iss,
	    sizeof(out->iss)) &&
	    read_text(&p, end, ",\"aud\":\"", out->aud, sizeof(out->aud)) &&
	    strcmp(out->aud, aud) == 0 &&
	    read_uuid(&p, end, ",\"sub\":\"", out->sub) &&
	    read_text(&p, end, ",\"client_id\":\"", out->client_id,
	    sizeof(out->client_id)) &&
	    read_uuid(&p, end, ",\"sid\":\"", out->sid) &&
	    read_uuid(&p, end, ",\"jti\":\"", out->jti) &&
	    read_number(&p, end, ",\"iat\":", &out->iat) &&
	    read_number(&p, end, ",\"exp\":", &out->exp) &&
	    skip(&p, end, "}") && p == end);
}
