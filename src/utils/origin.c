/* SPDX-License-Identifier: ISC */
/* Checks the origin of a web page. */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/origin.h"

#define HOST_MAX	253
#define LABEL_MAX	63
#define DIGITS		"0123456789"
#define LOWER		"abcdefghijklmnopqrstuvwxyz"
#define UPPER		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char	bad_host[] = "has a host that is not valid";
static const char	other_form[] =
			    "has an IP address that browsers write differently";

/* A number at the end makes a host an IPv4 address (URL Standard, 3.6). */
static bool
ends_in_number(const char *host)
{
	const char	*last = strrchr(host, '.');

	last = last == NULL ? host : last + 1;
	if (strncmp(last, "0x", 2) == 0)
		return (last[2 + strspn(last + 2, DIGITS "abcdef")] == '\0');
	return (last[strspn(last, DIGITS)] == '\0');
}

static const char *
name_problem(const char *host)
{
	struct in_addr	 address;
	const char	*label;
	size_t		 len;

	for (label = host;; label += len + 1) {
		len = strspn(label, LOWER DIGITS "-_");
		if (len == 0 || len > LABEL_MAX)
			return (bad_host);
		if (label[len] == '\0')
			break;
		if (label[len] != '.')
			return (bad_host);
	}
	if (ends_in_number(host) && inet_pton(AF_INET, host, &address) != 1)
		return (other_form);
	return (NULL);
}

/* Browsers shorten an address, and never write an IPv4 address in it. */
static const char *
ipv6_problem(const char *host)
{
	char		 text[INET6_ADDRSTRLEN], *last;
	struct in6_addr	 address;
	unsigned char	*b = address.s6_addr;

	if (inet_pton(AF_INET6, host, &address) != 1)
		return (bad_host);
	inet_ntop(AF_INET6, &address, text, sizeof(text));
	if (strchr(text, '.') != NULL) {
		last = strrchr(text, ':') + 1;
		snprintf(last, (size_t)(text + sizeof(text) - last), "%x:%x",
		    b[12] << 8 | b[13], b[14] << 8 | b[15]);
	}
	return (strcmp(text, host) == 0 ? NULL : other_form);
}

static const char *
host_problem(const char *text, size_t len)
{
	char	 host[HOST_MAX + 1];

	if (len == 0)
		return ("has no host");
	if (len > HOST_MAX)
		return (bad_host);
	memcpy(host, text, len);
	host[len] = '\0';
	if (*host != '[')
		return (name_problem(host));
	if (host[len - 1] != ']')
		return (bad_host);
	host[len - 1] = '\0';
	return (ipv6_problem(host + 1));
}

static const char *
port_problem(const char *port, bool is_https)
{
	size_t	 len = strspn(port, DIGITS);

	if (port[len] != '\0' || len < 1 || len > 5 || *port == '0' ||
	    atoi(port) > 65535)
		return ("has a port that is no number from 1 to 65535");
	if (atoi(port) == (is_https ? 443 : 80))
		return ("has the default port, which browsers leave out");
	return (NULL);
}

/* Mistakes for which the rest need not be read. */
static const char *
text_problem(const char *text)
{
	if (*text == '\0')
		return ("is empty: there is a comma too many");
	if (strchr(text, '*') != NULL)
		return ("is a pattern: name each origin");
	if (strcmp(text, "null") == 0)
		return ("is what files and sandboxed pages of every site send: "
		    "it cannot be allowed");
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ')
			return ("has a blank: put only a comma between two "
			    "origins");
		if ((unsigned char)*text >= 0x80)
			return ("is not in ASCII: browsers send such a host as "
			    "punycode, xn--...");
	}
	return (NULL);
}

const char *
origin_problem(const char *text)
{
	const char	*problem, *at, *port;
	size_t		 host;
	bool		 is_https = strncmp(text, "https://", 8) == 0;

	if ((problem = text_problem(text)) != NULL)
		return (problem);
	if ((at = strstr(text, "://")) == NULL)
		return ("has no scheme: write https:// in front");
	if (text[strcspn(text, UPPER)] != '\0')
		return ("has capital letters: browsers send an origin in "
		    "lower case");
	if (!is_https && strncmp(text, "http://", 7) != 0)
		return ("has another scheme than http and https");
	at += 3;
	if (strchr(at, '@') != NULL)
		return ("has a user name: browsers send none");
	if (at[strcspn(at, "/?#\\")] != '\0')
		return ("has a slash or a path after the host: an origin has "
		    "none");
	host = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":");
	if (*at == '[' && strchr(at, ']') == NULL)
		return (bad_host);
	port = at + host;
	if ((problem = host_problem(at, host)) != NULL || *port == '\0')
		return (problem);
	return (*port == ':' ? port_problem(port + 1, is_https) : bad_host);
}
