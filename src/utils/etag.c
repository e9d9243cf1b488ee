/* SPDX-License-Identifier: ISC */
/* Makes entity tags, and finds one in a list. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "utils/base64url.h"
#include "utils/etag.h"

#define FINGERPRINT_MAX	64
#define TAG_BYTES	16	/* of the hash */

bool
etag_make(char out[static ETAG_TEXT], const void *fingerprint, size_t len,
    const char *id, int64_t version)
{
	unsigned char	 digest[EVP_MAX_MD_SIZE];
	char		 data[FINGERPRINT_MAX + 128];
	int		 n;

	if (len > FINGERPRINT_MAX)
		return (false);
	memcpy(data, fingerprint, len);
	n = snprintf(data + len, sizeof(data) - len, "%s %" PRId64, id,
	    version);
	if (n < 0 || (size_t)n >= sizeof(data) - len ||
	    EVP_Digest(data, len + (size_t)n, digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return (false);
	out[0] = '"';
	n = (int)base64url_encode(out + 1, ETAG_TEXT - 2, digest, TAG_BYTES);
	strcpy(out + 1 + n, "\"");
	return (true);
}

/* The length of the opaque tag at s, its quotes included; 0 if s has none. */
static size_t
opaque_length(const char *s)
{
	const unsigned char	*p = (const unsigned char *)s;

	if (*p++ != '"')
		return (0);
	while (*p == 0x21 || (*p >= 0x23 && *p <= 0x7e) || *p >= 0x80)
		p++;
	return (*p == '"' ? (size_t)(p - (const unsigned char *)s) + 1 : 0);
}

enum etag_result
etag_in_list(const char *list, const char *tag, bool weak)
{
	enum etag_result	 result = ETAG_DIFFERS;
	unsigned		 tags = 0;
	bool			 is_weak;
	size_t			 len;

	if (strcmp(list, "*") == 0)
		return (ETAG_ANY);
	for (;;) {
		list += strspn(list, " \t,");	/* empty elements: 5.6.1 */
		if (*list == '\0')
			return (tags > 0 ? result : ETAG_MALFORMED);
		is_weak = strncmp(list, "W/", 2) == 0;
		list += is_weak ? 2 : 0;
		if ((len = opaque_length(list)) == 0)
			return (ETAG_MALFORMED);
		if (strlen(tag) == len && memcmp(list, tag, len) == 0 &&
		    (weak || !is_weak))
			result = ETAG_MATCHES;
		tags++;
		list += len;
		list += strspn(list, " \t");
		if (*list != ',' && *list != '\0')
			return (ETAG_MALFORMED);
	}
}
