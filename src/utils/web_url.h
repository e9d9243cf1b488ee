/* SPDX-License-Identifier: ISC */
/* The URL of a web server. */

#ifndef UTILS_WEB_URL_H
#define UTILS_WEB_URL_H

#include <stdbool.h>

#define WEB_URL_HOST	254	/* bytes, the NUL included */

/* The parts of https://api.example.org:8443/backend (RFC 3986, 3). */
struct web_url {
	bool		 secure;		/* https, not http */
	char		 host[WEB_URL_HOST];	/* IPv6: without brackets */
	unsigned	 port;			/* 0: that of the scheme */
	const char	*path;			/* in the text; "" if none */
};

/*
 * Reads an http or https URL: a host, perhaps a port, perhaps a path that does
 * not end with a slash and has no empty segment and no dot segment. False if it
 * is not one, or has more.
 */
bool	 web_url_parse(const char *text, struct web_url *);

/*
 * What is wrong with a URL that web_url_parse() refuses, as the end of a
 * sentence: "has no scheme: ..."; NULL for one that it takes.
 */
const char	*web_url_problem(const char *text);

/* Does the host mean this machine (RFC 6761, 6.3; RFC 1122, 3.2.1.3)? */
bool	 web_url_is_loopback(const struct web_url *);

#endif
