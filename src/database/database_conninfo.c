/* SPDX-License-Identifier: ISC */
/*
 * What DATABASE_URL becomes: the conninfo string that every connection of
 * ours is made with.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "database/database.h"
#include "product.h"
#include "utils/netaddr.h"
#include "utils/start_error.h"

#define URL		ENV("DATABASE_URL") ": "
#define CONNECT_TIMEOUT	"3"	/* seconds */
#define SESSION		"-c timezone=UTC -c datestyle=ISO "		\
			"-c client_encoding=UTF8 "			\
			"-c statement_timeout=5000 "			\
			"-c idle_in_transaction_session_timeout=15000"

/* A conninfo string being written: keyword='value' and so on. */
struct conninfo {
	char	text[4096];
	size_t	len;
	bool	full;
};

/* What the URL gives; and where it gives nothing, the environment or libpq. */
struct source {
	PQconninfoOption	*url;
	PQconninfoOption	*defaults;
};

/* Where the connections lead to, as libpq sees it. */
struct server {
	const char	*host;			/* a name, an address, a path */
	const char	*hostaddr;		/* set: this is connected to */
	char		 resolved[NI_MAXHOST];
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

/* The URL's own value; NULL if it gives none. */
static const char *
given(const struct source *from, const char *keyword)
{
	return (option_value(from->url, keyword));
}

/* The URL's own value, or what libpq would take: PGHOST, PGUSER. */
static const char *
given_or_default(const struct source *from, const char *keyword)
{
	const char	*value = given(from, keyword);

	return (value != NULL ? value :
	    option_value(from->defaults, keyword));
}

static bool
is_set(const char *value)
{
	return (value != NULL && *value != '\0');
}

/* All that was given, but for what we say ourselves. */
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

/* Workers cannot ask a name server: so a name becomes an address here. */
static const char *
resolve(struct server *s)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *res;
	int		 error;

	if ((error = getaddrinfo(s->host, NULL, &hints, &res)) == 0) {
		error = getnameinfo(res->ai_addr, res->ai_addrlen, s->resolved,
		    sizeof(s->resolved), NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(res);
	}
	if (error != 0)
		return (start_error(URL "%s: %s",
		    s->host, gai_strerror(error)));
	s->hostaddr = s->resolved;
	return (NULL);
}

/* An empty value gives no server, and PGHOST or PGHOSTADDR is not used. */
static const char *
find_server(struct server *s, const struct source *from)
{
	const char	*problem;

	s->host = given_or_default(from, "host");
	s->hostaddr = given_or_default(from, "hostaddr");
	if ((s->host != NULL && strchr(s->host, ',') != NULL) ||
	    (s->hostaddr != NULL && strchr(s->hostaddr, ',') != NULL))
		return (start_error(URL "one host only"));
	if (!is_set(s->hostaddr) && is_set(s->host) && *s->host != '/' &&
	    *s->host != '@' && (problem = resolve(s)) != NULL)
		return (problem);
	/* The name in a certificate is compared with the host alone. */
	if (is_set(s->hostaddr) && !is_set(s->host))
		s->host = s->hostaddr;
	return (NULL);
}

static bool
is_loopback(const char *address)
{
	static const char *const texts[] = { "127.0.0.0/8", "::1" };
	struct netblock	 block;
	struct netaddr	 a;
	size_t		 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (netaddr_parse(address, &a) &&
		    netblock_parse(texts[i], &block) == NULL &&
		    netblock_has(&block, &a))
			return (true);
	}
	return (false);
}

/* The file that libpq takes the authorities from. */
static const char *
find_authorities(const struct source *from)
{
	static char		 path[PATH_MAX];
	const char		*file = given_or_default(from, "sslrootcert");
	const char		*home = getenv("HOME");
	const struct passwd	*pw;

	if (is_set(file))
		return (file);
	if (!is_set(home) && (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	snprintf(path, sizeof(path), "%s/.postgresql/root.crt",
	    home != NULL ? home : "");
	return (path);
}

/* libpq's own message for a missing file advises not to check at all. */
static const char *
check_authorities(const struct source *from)
{
	const char	*mode = given(from, "sslmode");
	const char	*path = find_authorities(from);

	if (access(path, R_OK) == 0)
		return (NULL);
	return (start_error(URL "sslmode=%s needs the certificate of the "
	    "server's authority: give sslrootcert=FILE (cannot read %s: %m)",
	    mode != NULL ? mode :
	    "verify-full, the default except for loopback,", path));
}

/* Once in a process. It shows no part of the URL that may be secret. */
static void
warn_of_sslmode(const struct source *from, const struct server *s)
{
	static bool	 warned;
	const char	*binding = given_or_default(from, "channel_binding");

	/* With it no password is sent, and the server proves to know it. */
	if (binding != NULL && strcmp(binding, "require") == 0)
		return;
	if (!warned)
		fprintf(stderr, PRODUCT ": warning: " URL "with its sslmode, "
		    "any server that %s %s gets the password and the data; "
		    "sslmode=verify-full with sslrootcert=FILE prevents "
		    "that\n",
		    strcmp(given(from, "sslmode"), "verify-ca") == 0 ?
		    "has a certificate of the same authority and answers at" :
		    "answers at", s->hostaddr);
	warned = true;
}

/* On a unix socket libpq has no TLS, whatever the mode. */
static const char *
append_sslmode(struct conninfo *info, const struct source *from,
    const struct server *s)
{
	const char	*mode = given(from, "sslmode");

	if (!is_set(s->hostaddr) || (mode == NULL && is_loopback(s->hostaddr)))
		return (NULL);
	if (mode == NULL) {
		mode = "verify-full";
		append_option(info, "sslmode", mode);
	}
	if (strcmp(mode, "verify-full") != 0 && !is_loopback(s->hostaddr))
		warn_of_sslmode(from, s);
	return (strncmp(mode, "verify-", 7) == 0 ? check_authorities(from) :
	    NULL);
}

/* By default, a server that takes no writes is not accepted. */
static void
append_target(struct conninfo *info, const struct source *from)
{
	static const char	 keyword[] = "target_session_attrs";

	if (given(from, keyword) == NULL &&
	    getenv("PGTARGETSESSIONATTRS") == NULL &&
	    strcmp(option_value(from->defaults, keyword), "any") == 0)
		append_option(info, keyword, "read-write");
}

static const char *
append_server(struct conninfo *info, const struct source *from)
{
	struct server	 s;
	const char	*problem;

	if ((problem = find_server(&s, from)) != NULL)
		return (problem);
	if (s.host != NULL)
		append_option(info, "host", s.host);
	if (s.hostaddr != NULL)
		append_option(info, "hostaddr", s.hostaddr);
	return (append_sslmode(info, from, &s));
}

static const char *
append_options(struct conninfo *info, const struct source *from)
{
	const char	*more = given(from, "options");
	char		 session[1024];

	if ((size_t)snprintf(session, sizeof(session), "%s %s", SESSION,
	    more != NULL ? more : "") >= sizeof(session))
		return (start_error(URL "its options are too long"));
	append_option(info, "options", session);
	return (NULL);
}

static const char *
write_conninfo(struct conninfo *info, const struct source *from)
{
	const char	*user = given_or_default(from, "user"), *problem;

	if (given(from, "service") != NULL)
		return (start_error(URL "service files are not read"));
	append_given(info, from->url);
	if ((problem = append_server(info, from)) != NULL ||
	    (problem = append_options(info, from)) != NULL)
		return (problem);
	append_option(info, "user", user != NULL ? user : PRODUCT);
	append_option(info, "connect_timeout", CONNECT_TIMEOUT);
	append_option(info, "gssencmode", "disable");
	append_option(info, "application_name", PRODUCT);
	append_target(info, from);
	return (info->full ? start_error(URL "it is too long") : NULL);
}

const char *
database_conninfo(const char *url, const char **problem)
{
	static struct conninfo	 info;
	struct source		 from;

	/* libpq's own message would repeat it, with a password in it. */
	if ((from.url = PQconninfoParse(url, NULL)) == NULL) {
		*problem = ENV("DATABASE_URL") " is neither a valid URI nor "
		    "key=value pairs (percent-encode a URI's password)";
		return (NULL);
	}
	if ((from.defaults = PQconndefaults()) == NULL) {
		PQconninfoFree(from.url);
		*problem = start_error(URL "out of memory");
		return (NULL);
	}
	memset(&info, 0, sizeof(info));
	*problem = write_conninfo(&info, &from);
	PQconninfoFree(from.url);
	PQconninfoFree(from.defaults);
	return (*problem == NULL ? info.text : NULL);
}
