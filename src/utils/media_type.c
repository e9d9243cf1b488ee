/* SPDX-License-Identifier: ISC */
/* Reads the Content-Type header. */

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "utils/media_type.h"
#include "utils/token.h"

#define CHARSET_MAX	16	/* bytes; UTF-8 has no longer name */

/*
 * Reads a parameter's value, a token or a quoted string (5.6.4), and copies as
 * much of it as fits. Returns what follows it; NULL if it is malformed.
 */
static const char *
read_value(const char *p, char out[static CHARSET_MAX])
{
	size_t	 n = token_length(p), len = 0;
	bool	 quoted = *p == '"';

	if (!quoted && n == 0)
		return (NULL);
	for (p += quoted; quoted ? *p != '"' : n > 0; p++, n--) {
		if (quoted && *p == '\\')
			p++;
		if (*p == '\0')
			return (NULL);
		if (len < CHARSET_MAX - 1)
			out[len++] = *p;
	}
	out[len] = '\0';
	return (p + quoted);
}

static bool
is_utf8(const char *charset)
{
	return (strcasecmp(charset, "utf-8") == 0 ||
	    strcasecmp(charset, "utf8") == 0);
}

/* Reads the parameters; there may be none after a semicolon (5.6.6). */
static enum media_type_result
read_parameters(const char *p)
{
	enum media_type_result	 result = MEDIA_TYPE_MATCHES;
	char			 value[CHARSET_MAX];
	const char		*name;
	size_t			 len;

	for (p += strspn(p, " \t"); *p != '\0'; p += strspn(p, " \t")) {
		if (*p++ != ';')
			return (MEDIA_TYPE_MALFORMED);
		p += strspn(p, " \t");
		if (*p == ';' || *p == '\0')
			continue;
		name = p;
		len = token_length(p);
		if (len == 0 || p[len] != '=' ||
		    (p = read_value(p + len + 1, value)) == NULL)
			return (MEDIA_TYPE_MALFORMED);
		if (len == strlen("charset") &&
		    strncasecmp(name, "charset", len) == 0 && !is_utf8(value))
			result = MEDIA_TYPE_CHARSET;
	}
	return (result);
}

enum media_type_result
media_type_compare(const char *header, const char *type)
{
	size_t			 main_len = token_length(header), sub_len, len;
	enum media_type_result	 result;

	if (main_len == 0 || header[main_len] != '/' ||
	    (sub_len = token_length(header + main_len + 1)) == 0)
		return (MEDIA_TYPE_MALFORMED);
	len = main_len + 1 + sub_len;
	if ((result = read_parameters(header + len)) == MEDIA_TYPE_MALFORMED)
		return (result);
	return (strlen(type) == len && strncasecmp(header, type, len) == 0 ?
	    result : MEDIA_TYPE_DIFFERS);
}
