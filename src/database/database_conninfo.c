/* SPDX-License-Identifier: ISC */
/* Makes the conninfo string of every connection from DATABASE_URL. */

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
#include "utils/text.h"

#define URL		ENV("DATABASE_URL") ": "
#define CONNECT_TIMEOUT	"3"	/* seconds */
#define SESSION		"-c timezone=UTC -c datestyle=ISO "		\
			"-c client_encoding=UTF8 "			\
			"-c client_min_messages=warning "		\
			"-c statement_timeout=5000 "			\
			"-c idle_in_transaction_session_timeout=15000"

/* The URL's options, and libpq's defaults, some from the environment. */
struct source {
	PQconninfoOption	*url;
	PQconninfoOption	*defaults;
};

/* The server, in libpq's terms. */
struct server {
	const char	*host;			/* a name, an address, a path */
	const char	*hostaddr;		/* if set, used to connect */
	char		 resolved[NI_MAXHOST];
};

/* info is a conninfo string being written: keyword='value' and so on. */
static void
append_option(struct text *info, const char *keyword, const char *value)
{
	text_printf(info, "%s='", keyword);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			text_puts(info, "\\");
		text_add(info, value, 1);
	}
	text_puts(info, "' ");
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

/* The URL's value, or NULL. */
static const char *
given(const struct source *from, const char *keyword)
{
	return (option_value(from->url, keyword));
}

/* The URL's value, or libpq's default, for example from PGHOST. */
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

/* Appends the URL's options, except those that we set ourselves. */
static void
append_given(struct text *info, const PQconninfoOption *options)
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

/* Resolves the host name, since workers cannot use DNS. */
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

/* As in libpq, an empty value in the URL overrides PGHOST or PGHOSTADDR. */
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
	/* libpq compares the certificate's name with host, not hostaddr. */
	if (is_set(s->hostaddr) && !is_set(s->host))
		s->host = s->hostaddr;
	return (NULL);
}

static bool
is_loopback(const char *address)
{
	struct netaddr	 a;

	return (netaddr_parse(address, &a) && netaddr_is_loopback(&a));
}

/* The file from which libpq reads the certificate authorities. */
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

/* libpq's message for a missing file advises to turn verification off. */
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

/* Warns once per process, without any part of the URL that may be secret. */
static void
warn_of_sslmode(const struct source *from, const struct server *s)
{
	static bool	 warned;
	const char	*binding = given_or_default(from, "channel_binding");

	/* Then no password is sent: both sides prove that they know it. */
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

/* On a Unix socket libpq ignores sslmode. */
static const char *
append_sslmode(struct text *info, const struct source *from,
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

/* By default, only a server that accepts writes will do. */
static void
append_target(struct text *info, const struct source *from)
{
	static const char	 keyword[] = "target_session_attrs";

	if (given(from, keyword) == NULL &&
	    getenv("PGTARGETSESSIONATTRS") == NULL &&
	    strcmp(option_value(from->defaults, keyword), "any") == 0)
		append_option(info, keyword, "read-write");
}

/*
 * A statement may wait for a synchronous standby as long as that takes, on a
 * network that has died meanwhile: 25 seconds after its last packet, the
 * connection is dead. Only TCP has this.
 */
static void
append_keepalives(struct text *info, const struct source *from)
{
	static const char *const	 defaults[][2] = {
		{ "keepalives_idle", "10" },		/* seconds */
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", "25000" },	/* milliseconds */
	};
	size_t	 i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (given(from, defaults[i][0]) == NULL)
			append_option(info, defaults[i][0], defaults[i][1]);
	}
}

static const char *
append_server(struct text *info, const struct source *from)
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
append_options(struct text *info, const struct source *from)
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
write_conninfo(struct text *info, const struct source *from)
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
	append_keepalives(info, from);
	append_target(info, from);
	return (info->cut ? start_error(URL "it is too long") : NULL);
}

const char *
database_conninfo(const char *url, const char **problem)
{
	static char	 data[4096];
	struct text	 info = text_in(data, sizeof(data));
	struct source	 from;

	/* libpq's message would show the URL, with its password. */
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
	*problem = write_conninfo(&info, &from);
	PQconninfoFree(from.url);
	PQconninfoFree(from.defaults);
	return (*problem == NULL ? info.data : NULL);
}
