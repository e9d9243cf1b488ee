/* SPDX-License-Identifier: ISC */
/* Parses the target of a request. Independent of connections and of Kore. */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "utils/percent.h"
#include "wire/wire_target.h"

static const char	not_valid[] = "The request target is not valid";

/* A name's characters; a % is followed by two hexadecimal digits. */
static size_t
name_length(const char *s)
{
	static const char	 allowed[] = "-._~!$&'()*+,;=";
	size_t			 n = 0;

	for (;;) {
		if (isalnum((unsigned char)s[n]) ||
		    (s[n] != '\0' && strchr(allowed, s[n]) != NULL))
			n++;
		else if (s[n] == '%' && isxdigit((unsigned char)s[n + 1]) &&
		    isxdigit((unsigned char)s[n + 2]))
			n += 3;
		else
			return (n);
	}
}

bool
host_is_valid(const char *host)
{
	const char	*p = host;
	size_t		 len;

	if (strlen(host) > HEAD_HOST_MAX)
		return (false);
	if (*p == '[') {
		len = strspn(++p, "0123456789abcdefABCDEF:.");
		if (len == 0 || p[len++] != ']')
			return (false);
	} else if ((len = name_length(p)) == 0)
		return (false);
	p += len;
	if (*p == ':') {
		p++;
		p += strspn(p, "0123456789");
	}
	return (*p == '\0');
}

/*
 * RFC 9112, 3.2.2: a target may be a URL, and its host replaces the Host
 * header. The host is moved over the scheme, which makes room for its NUL.
 * Returns the path; NULL if it has none.
 */
static char *
split_absolute(struct head *h, char *target, size_t scheme)
{
	char	*host = target + scheme;
	size_t	 len = strcspn(host, "/?");

	memmove(target, host, len);
	target[len] = '\0';
	h->host = target;
	return (host[len] == '/' ? host + len : NULL);
}

const char *
target_parse(struct head *h, char *target)
{
	const unsigned char	*p;
	char			*query, *path = target;

	for (p = (const unsigned char *)target; *p != '\0'; p++) {
		if (*p <= ' ' || *p == '#' || *p >= 0x7f)
			return (not_valid);
	}
	if ((query = strchr(target, '?')) != NULL)
		h->query = query + 1;
	if (strncasecmp(target, "https://", 8) == 0)
		path = split_absolute(h, target, 8);
	else if (strncasecmp(target, "http://", 7) == 0)
		path = split_absolute(h, target, 7);
	else if (*target != '/' && (strcmp(target, "*") != 0 ||
	    strcmp(h->method, "OPTIONS") != 0))
		return (not_valid);
	if (h->host != NULL && !host_is_valid(h->host))
		return ("The target's host is not valid");
	if (query != NULL)
		*query = '\0';
	/* RFC 9110, 4.2.3: /%75sers is /users. */
	if (path != NULL && !percent_normalize(path))
		return ("The percent-encoding of the path is not valid");
	h->path = path != NULL ? path : "/";
	return (NULL);
}
