/* SPDX-License-Identifier: ISC */
/* Makes the conninfo string of every server from a database URL. */

#include <sys/types.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "database/conninfo.h"
#include "product.h"
#include "utils/netaddr.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define CONNECT_TIMEOUT	"3"	/* seconds; sync_connect() */

/* The URL's options, and libpq's defaults, some from the environment. */
struct source {
	PQconninfoOption	*url;
	PQconninfoOption	*defaults;
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
		"port", "user", "application_name", "client_encoding"
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

static bool
is_loopback(const char *address)
{
	struct netaddr	 a;

	return (netaddr_parse(address, &a) && netaddr_is_loopback(&a));
}

/* The file from which libpq reads the certificate authorities. */
static void
find_authorities(struct conninfo *c, const struct source *from)
{
	const char		*file = given_or_default(from, "sslrootcert");
	const char		*home = getenv("HOME");
	const struct passwd	*pw;

	if (is_set(file)) {
		snprintf(c->authorities, sizeof(c->authorities), "%s", file);
		return;
	}
	if (!is_set(home) && (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	snprintf(c->authorities, sizeof(c->authorities),
	    "%s/.postgresql/root.crt", home != NULL ? home : "");
}

static void
read_tls(struct conninfo *c, const struct source *from)
{
	const char	*mode = given(from, "sslmode");
	const char	*binding = given_or_default(from, "channel_binding");

	snprintf(c->sslmode, sizeof(c->sslmode), "%s",
	    mode != NULL ? mode : "");
	c->has_sslmode = mode != NULL;
	c->proves_password = binding != NULL &&
	    strcmp(binding, "require") == 0;
	find_authorities(c, from);
}

/* On a Unix socket libpq ignores sslmode; on loopback its default will do. */
static const char *
sslmode_of(const struct conninfo *c, const char *address)
{
	if (*address == '\0')
		return (NULL);
	if (c->has_sslmode)
		return (c->sslmode);
	return (is_loopback(address) ? NULL : "verify-full");
}

/* Warns once per process, without any part of the URL that may be secret. */
static void
warn_of_sslmode(const struct conninfo *c, const char *address)
{
	static bool	 warned;

	/* Then no password is sent: both sides prove that they know it. */
	if (c->proves_password)
		return;
	if (!warned)
		fprintf(stderr, PRODUCT ": warning: %s: with its sslmode, "
		    "any server that %s %s gets the password and the data; "
		    "sslmode=verify-full with sslrootcert=FILE prevents "
		    "that\n", c->setting,
		    strcmp(c->sslmode, "verify-ca") == 0 ?
		    "has a certificate of the same authority and answers at" :
		    "answers at", address);
	warned = true;
}

/* libpq's message for a missing file advises to turn verification off. */
const char *
conninfo_check_tls(const struct conninfo *c, const char *address)
{
	const char	*mode = sslmode_of(c, address);

	if (mode == NULL)
		return (NULL);
	if (strcmp(mode, "verify-full") != 0 && !is_loopback(address))
		warn_of_sslmode(c, address);
	if (strncmp(mode, "verify-", 7) != 0 ||
	    access(c->authorities, R_OK) == 0)
		return (NULL);
	return (start_error("%s: sslmode=%s needs the certificate of the "
	    "server's authority: give sslrootcert=FILE (cannot read %s: %m)",
	    c->setting, c->has_sslmode ? mode :
	    "verify-full, the default except for loopback,", c->authorities));
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

/*
 * The URL's, and none from PGOPTIONS. Those that we need are set later, by a
 * statement (session.c).
 */
static void
append_session(struct text *info, const struct source *from)
{
	const char	*options = given(from, "options");

	append_option(info, "options", options != NULL ? options : "");
	append_option(info, "client_encoding", "UTF8");
}

static const char *
write_common(struct conninfo *c, const struct source *from)
{
	struct text	 info = text_in(c->common, sizeof(c->common));
	const char	*user = given_or_default(from, "user");

	append_given(&info, from->url);
	append_session(&info, from);
	append_option(&info, "user", user != NULL ? user : PRODUCT);
	append_option(&info, "connect_timeout", CONNECT_TIMEOUT);
	append_option(&info, "gssencmode", "disable");
	append_option(&info, "application_name", PRODUCT);
	append_keepalives(&info, from);
	append_target(&info, from);
	return (info.cut ? start_error("%s: it is too long", c->setting) :
	    NULL);
}

const char *
conninfo_write(const struct conninfo *c, const struct host *host,
    const char *address, char out[static CONNINFO_SIZE])
{
	struct text	 info = text_in(out, CONNINFO_SIZE);
	/* libpq compares the certificate's name with host, not hostaddr. */
	const char	*name = host->name[0] != '\0' ? host->name : address;
	const char	*mode = sslmode_of(c, address);

	text_puts(&info, c->common);
	append_option(&info, "host", name);
	append_option(&info, "hostaddr", address);
	append_option(&info, "port", host->port);
	if (mode != NULL && !c->has_sslmode)
		append_option(&info, "sslmode", mode);
	return (info.cut ? start_error("%s: it is too long", c->setting) :
	    NULL);
}

static const char *
read_source(struct conninfo *c, const struct source *from)
{
	const char	*problem;

	if (given(from, "service") != NULL)
		return (start_error("%s: service files are not read",
		    c->setting));
	read_tls(c, from);
	if ((problem = conninfo_read_hosts(c, given_or_default(from, "host"),
	    given_or_default(from, "hostaddr"),
	    given_or_default(from, "port"))) != NULL)
		return (problem);
	return (write_common(c, from));
}

const char *
conninfo_read(struct conninfo *c, const char *url, const char *setting)
{
	struct source	 from;
	const char	*problem;

	memset(c, 0, sizeof(*c));
	c->setting = setting;
	/* libpq's message would show the URL, with its password. */
	if ((from.url = PQconninfoParse(url, NULL)) == NULL)
		return (start_error("%s is neither a valid URI nor key=value "
		    "pairs (percent-encode a URI's password)", setting));
	if ((from.defaults = PQconndefaults()) == NULL)
		problem = start_error("%s: out of memory", setting);
	else
		problem = read_source(c, &from);
	PQconninfoFree(from.url);
	PQconninfoFree(from.defaults);
	return (problem);
}
