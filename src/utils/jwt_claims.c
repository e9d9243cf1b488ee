/* SPDX-License-Identifier: ISC */
/* Reads the claims of a token (RFC 7519, 4.1; RFC 9068, 2.2). */

#include <string.h>

#include "utils/json_limits.h"
#include "utils/jwt_claims.h"

#define PAYLOAD_DEPTH_MAX	4

static bool	jwt_get_text(const json_t *, const char *, char *, size_t);
static bool	jwt_get_audience(const json_t *, const char *, char *, size_t);
static bool	jwt_get_uuid(const json_t *, const char *, char *);
static bool	jwt_get_time(const json_t *, const char *, bool, int64_t *);

enum jwt_result
jwt_parse(const char *text, size_t len, unsigned int max,
    enum jwt_result invalid, json_t **json)
{
	json_error_t	error;

	if (json_nests_deeper(text, len, max))
		return (invalid);
	*json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (*json == NULL) {
		/* Without memory, jansson often reports no text at all. */
		if (json_error_code(&error) == json_error_out_of_memory ||
		    error.text[0] == '\0')
			return (JWT_MALFORMED);
		return (invalid);
	}
	if (!json_is_object(*json)) {
		json_decref(*json);
		*json = NULL;
		return (invalid);
	}
	return (JWT_OK);
}

enum jwt_result
jwt_claims_read(const char *payload, size_t len, const char *aud,
    struct jwt_claims *out)
{
	json_t		*json;
	enum jwt_result	 result;

	if (jwt_own_read(payload, len, aud, out))
		return (JWT_OK);
	result = jwt_parse(payload, len, PAYLOAD_DEPTH_MAX, JWT_BAD_CLAIMS,
	    &json);
	if (result != JWT_OK)
		return (result);

	/* Rounding makes a token valid for less time, never for more. */
	if (!jwt_get_text(json, "iss", out->iss, sizeof(out->iss)) ||
	    !jwt_get_audience(json, aud, out->aud, sizeof(out->aud)) ||
	    !jwt_get_text(json, "client_id", out->client_id,
	    sizeof(out->client_id)) ||
	    !jwt_get_uuid(json, "sub", out->sub) ||
	    !jwt_get_uuid(json, "jti", out->jti) ||
	    !jwt_get_uuid(json, "sid", out->sid) ||
	    !jwt_get_time(json, "iat", true, &out->iat) ||
	    !jwt_get_time(json, "exp", false, &out->exp) ||
	    (json_object_get(json, "nbf") != NULL &&
	    !jwt_get_time(json, "nbf", true, &out->nbf)))
		result = JWT_BAD_CLAIMS;
	json_decref(json);
	return (result);
}

static bool
jwt_get_text(const json_t *json, const char *name, char *dst, size_t size)
{
	const json_t	*value = json_object_get(json, name);
	size_t		 len;

	if (!json_is_string(value))
		return (false);
	/* jansson refuses \u0000, so the text has no NUL of its own. */
	len = json_string_length(value);
	if (len >= size)
		return (false);
	memcpy(dst, json_string_value(value), len + 1);
	return (true);
}

/* aud is a text or an array of texts that has ours (RFC 7519, 4.1.3). */
static bool
jwt_get_audience(const json_t *json, const char *aud, char *dst, size_t size)
{
	const json_t	*value = json_object_get(json, "aud"), *item;
	size_t		 i;
	bool		 found = false;

	if (!json_is_array(value))
		return (jwt_get_text(json, "aud", dst, size) &&
		    strcmp(dst, aud) == 0);
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return (false);
		found |= strcmp(json_string_value(item), aud) == 0;
	}
	if (!found || strlen(aud) >= size)
		return (false);
	strcpy(dst, aud);
	return (true);
}

static bool
jwt_get_uuid(const json_t *json, const char *name, char *dst)
{
	const json_t	*value = json_object_get(json, name);

	if (!json_is_string(value) ||
	    !uuid_parse(json_string_value(value), dst))
		return (false);
	return (strcmp(json_string_value(value), dst) == 0);
}

/*
 * A NumericDate (RFC 7519, 2), which may have a fraction, rounded up or down to
 * a second. False for what is no number or does not fit into 64 bits.
 */
static bool
jwt_get_time(const json_t *json, const char *name, bool up, int64_t *dst)
{
	const json_t	*value = json_object_get(json, name);
	double		 seconds = json_real_value(value);

	if (json_is_integer(value)) {
		*dst = json_integer_value(value);
		return (true);
	}
	if (!json_is_real(value) || seconds < -0x1p63 || seconds >= 0x1p63)
		return (false);
	*dst = (int64_t)seconds;	/* rounds towards 0 */
	if (up && (double)*dst < seconds)
		(*dst)++;
	else if (!up && (double)*dst > seconds)
		(*dst)--;
	return (true);
}
