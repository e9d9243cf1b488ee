/* SPDX-License-Identifier: ISC */
/* Reads the settings of mail: the server's URL, and the sender's address. */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "mail/compose.h"
#include "mail/mail_settings.h"
#include "product.h"
#include "utils/netaddr.h"
#include "utils/percent.h"
#include "utils/start_error.h"
#include "utils/utf8.h"

#define HOST_MAX	253	/* characters of a name (RFC 1035) */
#define LABEL_MAX	63
#define LOCAL_MAX	64	/* before an address's @ (RFC 5321) */
#define NAME_MAX_CHARS	100	/* of the sender's name */

#define SUBMISSION	587
#define SUBMISSIONS	465

struct mail_settings	mail_settings;

/* Never repeats the URL: it contains a password. */
static const char *
bad_url(const char *problem)
{
	return (start_error(ENV("SMTP_URL") ": %s; it must be like "
	    "smtp://user:password@mail.example.org:587 or "
	    "smtps://mail.example.org, user and password percent-encoded",
	    problem));
}

/* Returns whether s is UTF-8 without control characters. */
static bool
is_plain(const char *s)
{
	size_t	 n;

	if (!utf8_valid(s, strlen(s)))
		return (false);
	for (; *s != '\0'; s += n) {
		n = utf8_sequence(s, strlen(s));
		if (mail_is_control(s, n))
			return (false);
	}
	return (true);
}

/* Percent-decodes len characters; NULL if malformed, empty or not plain. */
static const char *
decode(const char *s, size_t len)
{
	char	*out = strndup(s, len);

	if (out != NULL && percent_decode(out) && *out != '\0' &&
	    is_plain(out))
		return (out);
	free(out);
	return (NULL);
}

/* Labels of letters, digits, hyphens and underscores. */
static bool
is_host_name(const char *s)
{
	size_t	 label = 0;
	char	 before = '.';

	if (*s == '\0' || strlen(s) > HOST_MAX)
		return (false);
	for (;; before = *s++) {
		if (*s == '.' || *s == '\0') {
			if (label == 0 || label > LABEL_MAX || before == '-')
				return (false);
			if (*s == '\0')
				return (true);
			label = 0;
		} else if (isalnum((unsigned char)*s) || *s == '_' ||
		    (*s == '-' && label > 0))
			label++;
		else
			return (false);
	}
}

static const char *
read_user(const char *s, size_t len, struct mail_settings *m)
{
	const char	*colon = memchr(s, ':', len);

	if (memchr(s, '@', len) != NULL)
		return (bad_url("it has more than one @"));
	if (colon == NULL)
		return (bad_url("it has a user and no password"));
	m->user = decode(s, (size_t)(colon - s));
	m->password = decode(colon + 1, len - 1 - (size_t)(colon - s));
	if (m->user == NULL || m->password == NULL)
		return (bad_url("its user or password is empty, not "
		    "percent-encoded UTF-8, or has control characters"));
	return (NULL);
}

static const char *
read_port(const char *s, struct mail_settings *m)
{
	m->port = m->implicit ? SUBMISSIONS : SUBMISSION;
	if (*s == '\0')
		return (NULL);
	if (*s++ != ':' || *s == '\0')
		return (bad_url("something follows the host"));
	for (m->port = 0; isdigit((unsigned char)*s) && m->port <= 65535; s++)
		m->port = m->port * 10 + (unsigned)(*s - '0');
	if (*s != '\0' || m->port < 1 || m->port > 65535)
		return (bad_url("its port is not a number from 1 to 65535"));
	return (NULL);
}

static const char *
read_host(const char *s, struct mail_settings *m)
{
	struct in6_addr	 address;
	size_t		 len;
	char		*host;

	if (*s == '[') {
		len = strcspn(++s, "]");
		if (s[len] != ']')
			return (bad_url("its [ is not closed"));
	} else
		len = strcspn(s, ":/?#");
	if ((host = strndup(s, len)) == NULL)
		return (bad_url("there is no memory for it"));
	m->host = host;
	if (s[len] == ']') {
		if (inet_pton(AF_INET6, host, &address) != 1)
			return (bad_url("what is in brackets is no address"));
		len++;
	} else if (!is_host_name(host))
		return (bad_url("its host is no name and no address"));
	return (read_port(s + len, m));
}

static const char *
read_url(const char *url, struct mail_settings *m)
{
	const char	*at, *problem;

	if (strncmp(url, "smtp://", 7) == 0)
		url += 7;
	else if (strncmp(url, "smtps://", 8) == 0) {
		url += 8;
		m->implicit = true;
	} else
		return (bad_url("it is neither smtp:// nor smtps://"));
	if ((at = strrchr(url, '@')) != NULL) {
		if ((problem = read_user(url, (size_t)(at - url), m)) != NULL)
			return (problem);
		url = at + 1;
	}
	return (read_host(url, m));
}

static bool
is_loopback(const char *host)
{
	struct netaddr	 a;

	return (strcmp(host, "localhost") == 0 ||
	    (netaddr_parse(host, &a) && netaddr_is_loopback(&a)));
}

/* Without TLS, a password may only go to a server on this machine. */
static const char *
check_tls(bool tls, struct mail_settings *m)
{
	m->tls = tls;
	if (m->tls || m->host == NULL)
		return (NULL);
	if (m->implicit)
		return (start_error(ENV("SMTP_TLS") " is off and "
		    ENV("SMTP_URL") " is smtps://"));
	if (m->user != NULL && !is_loopback(m->host))
		return (start_error(ENV("SMTP_TLS") " is off and "
		    ENV("SMTP_URL") " has a password, which would go to "
		    "%s in the clear",
		    m->host));
	return (NULL);
}

static const char *
read_ca(const char *path, struct mail_settings *m)
{
	X509	*cert;
	FILE	*f;

	if ((m->ca = path) == NULL)
		return (NULL);
	if ((f = fopen(path, "re")) == NULL)
		return (start_error(ENV("SMTP_CA") ": cannot read %s: %m",
		    path));
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	if (cert == NULL)
		return (start_error(ENV("SMTP_CA") ": %s has no certificate in "
		    "PEM form", path));
	X509_free(cert);
	return (NULL);
}

static bool
is_sender(const char *address)
{
	const char	*at = strchr(address, '@');

	return (at != NULL && (size_t)(at - address) <= LOCAL_MAX &&
	    mail_is_dot_atom(address, (size_t)(at - address), false) &&
	    is_host_name(at + 1));
}

static const char *
bad_from(const char *text)
{
	return (start_error(ENV("MAIL_FROM") " must be like 'Name "
	    "<name@example.org>' or name@example.org, the address in ASCII, "
	    "not '%.200s'", is_plain(text) ? text : "(control characters)"));
}

/* Removes a name's quotes; mail_header_address() adds them where needed. */
static char *
read_name(const char *s, size_t len)
{
	char	*name, *p;
	size_t	 i;

	while (len > 0 && s[len - 1] == ' ')
		len--;
	if ((name = p = malloc(len + 1)) == NULL)
		return (NULL);
	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		for (i = 1; i < len - 1; i++) {
			if (s[i] == '\\' && i + 1 < len - 1)
				i++;
			*p++ = s[i];
		}
	} else {
		memcpy(p, s, len);
		p += len;
	}
	*p = '\0';
	return (name);
}

static const char *
read_from(const char *text, struct mail_settings *m)
{
	const char	*open = strrchr(text, '<');
	size_t		 len = strlen(text);

	if (open == NULL) {
		m->from_name = "";
		m->from = text;
	} else {
		if (text[len - 1] != '>')
			return (bad_from(text));
		m->from_name = read_name(text, (size_t)(open - text));
		m->from = strndup(open + 1, len - 2 - (size_t)(open - text));
	}
	if (m->from_name == NULL || m->from == NULL)
		return (start_error(ENV("MAIL_FROM") ": out of memory"));
	if (!is_sender(m->from) || !is_plain(m->from_name) ||
	    strpbrk(m->from_name, "<>\"") != NULL ||
	    utf8_length(m->from_name) > NAME_MAX_CHARS)
		return (bad_from(text));
	m->from_domain = strchr(m->from, '@') + 1;
	return (NULL);
}

const char *
mail_settings_read(const char *url, bool tls, const char *ca,
    const char *from, struct mail_settings *m)
{
	const char	*problem;

	memset(m, 0, sizeof(*m));
	if (url != NULL && (problem = read_url(url, m)) != NULL)
		return (problem);
	if ((problem = check_tls(tls, m)) != NULL ||
	    (problem = read_ca(ca, m)) != NULL)
		return (problem);
	return (read_from(from, m));
}
