/* SPDX-License-Identifier: ISC */
/* Reads the URL of a web server. */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "utils/netaddr.h"
#include "utils/web_url.h"

#define ALNUM	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define PORT_MAX	65535

/* Copies len bytes of host; false if there are none, or too many. */
static bool
copy_host(const char *host, size_t len, struct web_url *out)
{
	if (len == 0 || len >= sizeof(out->host))
		return (false);
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	return (true);
}

/* Returns what follows the host; NULL if there is no valid one. */
static const char *
read_host(const char *p, struct web_url *out)
{
	struct netaddr	 a;
	size_t		 len;

	if (*p != '[') {
		len = strspn(p, ALNUM "-._");
		return (copy_host(p, len, out) ? p + len : NULL);
	}
	len = strcspn(++p, "]");
	if (p[len] == '\0' || !copy_host(p, len, out) ||
	    strchr(out->host, ':') == NULL || !netaddr_parse(out->host, &a))
		return (NULL);
	return (p + len + 1);
}

static const char *
read_port(const char *p, struct web_url *out)
{
	if (*p != ':')
		return (p);
	for (p++; isdigit((unsigned char)*p) && out->port <= PORT_MAX; p++)
		out->port = out->port * 10 + (unsigned)(*p - '0');
	return (out->port > 0 && out->port <= PORT_MAX ? p : NULL);
}

/* The length of a segment (RFC 3986, 3.3); 0 if it is empty or not valid. */
static size_t
segment_length(const char *s)
{
	size_t	 len = 0, n;

	for (;; len += 3) {
		len += strspn(s + len, ALNUM "-._~!$&()*+,;=:@");
		if (s[len] != '%')
			break;
		if (!isxdigit((unsigned char)s[len + 1]) ||
		    !isxdigit((unsigned char)s[len + 2]))
			return (0);
	}
	n = strspn(s, ".");
	return (n == len && n <= 2 ? 0 : len);
}

static bool
is_path(const char *p)
{
	size_t	 len;

	for (; *p != '\0'; p += len + 1) {
		if (*p != '/' || (len = segment_length(p + 1)) == 0)
			return (false);
	}
	return (true);
}

bool
web_url_parse(const char *text, struct web_url *out)
{
	const char	*p;

	memset(out, 0, sizeof(*out));
	out->secure = strncmp(text, "https://", 8) == 0;
	if (!out->secure && strncmp(text, "http://", 7) != 0)
		return (false);
	if ((p = read_host(text + (out->secure ? 8 : 7), out)) == NULL ||
	    (p = read_port(p, out)) == NULL || !is_path(p))
		return (false);
	out->path = p;
	return (true);
}

/* Mistakes that a person makes, by what they look like. */
static const char *
text_problem(const char *text)
{
	const char	*p;

	for (p = text; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ')
			return ("has a blank");
		if ((unsigned char)*p >= 0x7f)
			return ("is not in ASCII: write a host as xn--..., and "
			    "a path percent-encoded");
	}
	if (strstr(text, "://") == NULL)
		return ("has no scheme: write https:// in front");
	if (strncmp(text, "https://", 8) != 0 &&
	    strncmp(text, "http://", 7) != 0)
		return ("has another scheme than https and http");
	if (text[strcspn(text, "?#")] != '\0')
		return ("has a ? or a #");
	p = strstr(text, "://") + 3;
	if (memchr(p, '@', strcspn(p, "/")) != NULL)
		return ("has a user name");
	if (text[strlen(text) - 1] == '/')
		return ("ends with a slash");
	return (NULL);
}

const char *
web_url_problem(const char *text)
{
	const char	*problem, *p;
	struct web_url	 url = { 0 };

	if ((problem = text_problem(text)) != NULL)
		return (problem);
	if ((p = read_host(strstr(text, "://") + 3, &url)) == NULL ||
	    (*p != ':' && *p != '/' && *p != '\0'))
		return ("has a host that is not valid");
	if ((p = read_port(p, &url)) == NULL || (*p != '/' && *p != '\0'))
		return ("has a port that is no number from 1 to 65535");
	return (is_path(p) ? NULL : "has a path that is not valid");
}

bool
web_url_is_loopback(const struct web_url *url)
{
	static const char	 name[] = "localhost";
	const char		*host = url->host, *last;
	struct netaddr		 a;
	size_t			 len = strlen(host);

	if (netaddr_parse(host, &a))
		return (netaddr_is_loopback(&a));
	len -= host[len - 1] == '.';	/* the root */
	if (len < sizeof(name) - 1)
		return (false);
	last = host + len - (sizeof(name) - 1);
	return (strncasecmp(last, name, sizeof(name) - 1) == 0 &&
	    (last == host || last[-1] == '.'));
}
