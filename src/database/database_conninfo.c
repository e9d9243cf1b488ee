/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * What KEEL_DATABASE_URL becomes: the conninfo string that every connection of
 * Keel is made with.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "database/database.h"
#include "utils/complain.h"

#define CONNECT_TIMEOUT	"3"	/* seconds */
#define SESSION		"-c timezone=UTC -c datestyle=ISO "		\
			"-c client_encoding=UTF8 "			\
			"-c statement_timeout=5000 "			\
			"-c idle_in_transaction_session_timeout=15000"

/* Workers have no DNS: a name becomes an address here. */
static const char *
resolve(const char *host, char *out, size_t size)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *res;
	int		 error;

	if ((error = getaddrinfo(host, NULL, &hints, &res)) != 0)
		return (gai_strerror(error));
	error = getnameinfo(res->ai_addr, res->ai_addrlen, out,
	    (socklen_t)size, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(res);
	return (error != 0 ? gai_strerror(error) : NULL);
}

/* A conninfo string being written: keyword='value' and so on. */
struct conninfo {
	char	text[4096];
	size_t	len;
	bool	full;
};

static void
append_char(struct conninfo *info, char c)
{
	if (info->len + 1 >= sizeof(info->text)) {
		info->full = true;
		return;
	}
	info->text[info->len++] = c;
	info->text[info->len] = '\0';
}

static void
append_option(struct conninfo *info, const char *keyword, const char *value)
{
	for (; *keyword != '\0'; keyword++)
		append_char(info, *keyword);
	append_char(info, '=');
	append_char(info, '\'');
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			append_char(info, '\\');
		append_char(info, *value);
	}
	append_char(info, '\'');
	append_char(info, ' ');
}

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return (options->val);
	}
	return (NULL);
}

/* All that was given, but for what is Keel's to say. */
static void
append_given(struct conninfo *info, const PQconninfoOption *options)
{
	static const char *const ours[] = {
		"options", "connect_timeout", "gssencmode", "host", "hostaddr",
		"user", "application_name", "client_encoding"
	};
	size_t	 i;

	for (; options->keyword != NULL; options++) {
		for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
			if (strcmp(options->keyword, ours[i]) == 0)
				break;
		}
		if (i == sizeof(ours) / sizeof(ours[0]) &&
		    options->val != NULL)
			append_option(info, options->keyword, options->val);
	}
}

/* The URL's own value, or libpq's default for it (PGHOST, PGUSER). */
static const char *
given_or_default(const PQconninfoOption *options,
    const PQconninfoOption *defaults, const char *keyword)
{
	const char	*value = option_value(options, keyword);

	return (value != NULL ? value : option_value(defaults, keyword));
}

/* A worker asks no name server: a name becomes an address here. */
static const char *
append_host(struct conninfo *info, const PQconninfoOption *options,
    const PQconninfoOption *defaults)
{
	static char	 line[512];
	char		 address[NI_MAXHOST];
	const char	*host, *addr, *error;

	host = given_or_default(options, defaults, "host");
	addr = given_or_default(options, defaults, "hostaddr");
	if ((host != NULL && strchr(host, ',') != NULL) ||
	    (addr != NULL && strchr(addr, ',') != NULL))
		return ("one host only");
	if (host != NULL)
		append_option(info, "host", host);
	if (addr == NULL && host != NULL && *host != '/' && *host != '\0' &&
	    *host != '@') {
		error = resolve(host, address, sizeof(address));
		if (error != NULL) {
			snprintf(line, sizeof(line), "%s: %s", host, error);
			return (line);
		}
		addr = address;
	}
	if (addr != NULL)
		append_option(info, "hostaddr", addr);
	return (NULL);
}

static const char *
write_conninfo(struct conninfo *info, const PQconninfoOption *options,
    const PQconninfoOption *defaults)
{
	char		 session[1024];
	const char	*given, *what;

	if (option_value(options, "service") != NULL)
		return ("service files are not read");
	append_given(info, options);
	if ((what = append_host(info, options, defaults)) != NULL)
		return (what);
	given = given_or_default(options, defaults, "user");
	append_option(info, "user", given != NULL ? given : "keel");
	given = option_value(options, "options");
	if ((size_t)snprintf(session, sizeof(session), "%s %s", SESSION,
	    given != NULL ? given : "") >= sizeof(session))
		return ("its options are too long");
	append_option(info, "options", session);
	append_option(info, "connect_timeout", CONNECT_TIMEOUT);
	append_option(info, "gssencmode", "disable");
	append_option(info, "application_name", "keel");
	return (info->full ? "it is too long" : NULL);
}

const char *
database_conninfo(const char *url, const char **what)
{
	static struct conninfo	 info;
	PQconninfoOption	*options, *defaults;
	const char		*reason;

	/* What libpq says of it repeats it, and a password with it. */
	if ((options = PQconninfoParse(url, NULL)) == NULL) {
		*what = "KEEL_DATABASE_URL is neither a valid URI nor "
		    "key=value pairs (percent-encode a URI's password)";
		return (NULL);
	}
	defaults = PQconndefaults();
	memset(&info, 0, sizeof(info));
	reason = write_conninfo(&info, options, defaults);
	if (reason != NULL)
		*what = complain("KEEL_DATABASE_URL: %s", reason);
	PQconninfoFree(options);
	PQconninfoFree(defaults);
	return (reason == NULL ? info.text : NULL);
}
