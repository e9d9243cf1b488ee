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

/* Settings from the environment, checked (the seed's config.py). */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "middleware/rate_limit.h"
#include "runtime/log.h"
#include "utils/complain.h"

#define WORKERS_MAX	64
#define POOL_MAX	64
#define PROXIES_MAX	32
#define CONCURRENCY_MAX	256
#define KEEP_DAYS_MAX	3650

struct config	config;

/* Every setting, for check-config: what it is called and what it became. */
static struct setting {
	const char	*name;
	const char	*value;
	bool		 secret;
	bool		 given;
} settings[32];

static unsigned	nsettings;

/* An empty variable counts as unset. */
static const char *
setting(const char *name, const char *fallback, bool secret)
{
	const char	*value = getenv(name);
	struct setting	*s = &settings[nsettings++];

	s->given = value != NULL && *value != '\0';
	s->name = name;
	s->value = s->given ? value : fallback;
	s->secret = secret;
	return (s->value);
}

static const char *
check_number(const char *name, const char *text, unsigned min, unsigned max,
    unsigned *out)
{
	unsigned	 n = 0;
	const char	*p;

	for (p = text; isdigit((unsigned char)*p) && n <= max; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (*p != '\0' || p == text || n < min || n > max)
		return (complain("%s must be a number from %u to %u, not '%s'",
		    name, min, max, text));
	*out = n;
	return (NULL);
}

static const char *
check_address(void)
{
	unsigned char	 addr[sizeof(struct in6_addr)];
	unsigned	 port, admin;
	const char	*what;

	if (inet_pton(AF_INET, config.host, addr) != 1 &&
	    inet_pton(AF_INET6, config.host, addr) != 1)
		return (complain("KEEL_HOST must be an IP address, not '%s'",
		    config.host));
	if ((what = check_number("KEEL_PORT", config.port, 1, 65535,
	    &port)) != NULL)
		return (what);
	if ((what = check_number("KEEL_ADMIN_PORT", config.admin_port, 1,
	    65535, &admin)) != NULL)
		return (what);
	if (port == admin)
		return (complain("KEEL_PORT and KEEL_ADMIN_PORT are both %u",
		    port));
	return (NULL);
}

/* A secret somebody copied from an example is no secret. */
static const char *
check_secret(const char *secret, const char *alg)
{
	static const char *const placeholders[] = {
		"changeme", "change-me", "change_me", "change me", "secret",
		"password", "example", "placeholder", "your-", "insecure",
		"default", "12345678",
	};
	size_t	 len = strlen(secret), i, distinct;
	char	 seen[256] = "";

	if (len < jwt_algorithm_min_secret(alg))
		return (complain("KEEL_SECRET_KEY has %zu bytes; %s needs at "
		    "least %zu (try: openssl rand -base64 48)", len, alg,
		    jwt_algorithm_min_secret(alg)));
	for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strcasestr(secret, placeholders[i]) != NULL)
			return (complain("KEEL_SECRET_KEY looks like a "
			    "placeholder: it contains '%s' (try: openssl "
			    "rand -base64 48)", placeholders[i]));
	}
	for (distinct = 0, i = 0; i < len; i++)
		distinct += seen[(unsigned char)secret[i]]++ == 0;
	if (distinct < 8)
		return (complain("KEEL_SECRET_KEY has only %zu different "
		    "characters (try: openssl rand -base64 48)", distinct));
	return (NULL);
}

static const char *
load_secret(void)
{
	const char	*secret, *alg, *what;

	alg = setting("KEEL_ALGORITHM", "HS256", false);
	secret = setting("KEEL_SECRET_KEY", NULL, true);
	if (!jwt_algorithm_known(alg))
		return (complain("KEEL_ALGORITHM must be HS256, HS384 or "
		    "HS512, not '%s'", alg));
	if (secret == NULL)
		return (complain("KEEL_SECRET_KEY is not set (try: openssl "
		    "rand -base64 48)"));
	if ((what = check_secret(secret, alg)) != NULL)
		return (what);
	config.jwt_key.alg = alg;
	config.jwt_key.secret = secret;
	config.jwt_key.secret_len = strlen(secret);
	if (!cursor_key(secret, strlen(secret), config.cursor_key))
		return (complain("cannot make a key: out of memory"));
	return (NULL);
}

static const char *
load_public_url(void)
{
	static char	 url[128];
	size_t		 len;

	snprintf(url, sizeof(url), strchr(config.host, ':') != NULL ?
	    "https://[%s]:%s" : "https://%s:%s", config.host, config.port);
	config.public_url = setting("KEEL_PUBLIC_URL", url, false);
	len = strlen(config.public_url);
	if (strncmp(config.public_url, "https://", 8) != 0 || len < 9 ||
	    len > 200 || config.public_url[len - 1] == '/' ||
	    strpbrk(config.public_url, " \t\r\n?#\"") != NULL)
		return (complain("KEEL_PUBLIC_URL must be like "
		    "https://api.example.org, without a slash at its end, "
		    "not '%s'", config.public_url));
	return (NULL);
}

static const char *
load_tls(void)
{
	config.tls_cert = setting("KEEL_TLS_CERT", NULL, false);
	config.tls_key = setting("KEEL_TLS_KEY", NULL, false);
	if ((config.tls_cert == NULL) != (config.tls_key == NULL))
		return (complain("KEEL_TLS_CERT and KEEL_TLS_KEY must be set "
		    "together"));
	if (config.tls_cert != NULL && access(config.tls_cert, R_OK) == -1)
		return (complain("KEEL_TLS_CERT: cannot read %s: %m",
		    config.tls_cert));
	if (config.tls_key != NULL && access(config.tls_key, R_OK) == -1)
		return (complain("KEEL_TLS_KEY: cannot read %s: %m",
		    config.tls_key));
	return (NULL);
}

static const char *
load_counts(void)
{
	static char	 cpus[16];
	long		 n = sysconf(_SC_NPROCESSORS_ONLN);
	const char	*text, *what;

	snprintf(cpus, sizeof(cpus), "%ld", n < 1 ? 1 : n > 16 ? 16 : n);
	text = setting("KEEL_WORKERS", cpus, false);
	if ((what = check_number("KEEL_WORKERS", text, 1, WORKERS_MAX,
	    &config.workers)) != NULL)
		return (what);
	text = setting("KEEL_DATABASE_POOL", "8", false);
	return (check_number("KEEL_DATABASE_POOL", text, 1, POOL_MAX,
	    &config.database_pool));
}

static const char *
load_jobs(void)
{
	const char	*text, *what;

	text = setting("KEEL_JOBS_CONCURRENCY", "16", false);
	if ((what = check_number("KEEL_JOBS_CONCURRENCY", text, 1,
	    CONCURRENCY_MAX, &config.jobs_concurrency)) != NULL)
		return (what);
	text = setting("KEEL_JOBS_KEEP_DAYS", "7", false);
	return (check_number("KEEL_JOBS_KEEP_DAYS", text, 0, KEEP_DAYS_MAX,
	    &config.jobs_keep_days));
}

static const char *
load_mail(void)
{
	const char	*url, *tls, *ca, *from;

	url = setting("KEEL_SMTP_URL", NULL, true);
	tls = setting("KEEL_SMTP_TLS", "required", false);
	ca = setting("KEEL_SMTP_CA", NULL, false);
	from = setting("KEEL_MAIL_FROM", "Keel <keel@localhost>", false);
	return (mail_settings_read(url, tls, ca, from, &config.mail));
}

static const char *
load_log_level(void)
{
	const char	*text = setting("KEEL_LOG_LEVEL", "info", false);
	int		 level = log_level_parse(text);

	if (level == -1)
		return (complain("KEEL_LOG_LEVEL must be debug, info, warning "
		    "or error, not '%s'", text));
	config.log_level = (unsigned)level;
	return (NULL);
}

static const char *
load_user_directory(void)
{
	const char	*text = setting("KEEL_USER_DIRECTORY", "admin", false);

	if (strcmp(text, "admin") == 0)
		config.user_directory = DIRECTORY_ADMIN;
	else if (strcmp(text, "authenticated") == 0)
		config.user_directory = DIRECTORY_AUTHENTICATED;
	else
		return (complain("KEEL_USER_DIRECTORY must be admin or "
		    "authenticated, not '%s'", text));
	return (NULL);
}

static struct netblock	proxies[PROXIES_MAX];
static unsigned		nproxies;

bool
config_trusts(const struct netaddr *a)
{
	unsigned	 i;

	for (i = 0; i < nproxies; i++) {
		if (netblock_has(&proxies[i], a))
			return (true);
	}
	return (false);
}

static const char *
load_proxies(void)
{
	const char	*list = setting("KEEL_TRUSTED_PROXIES", NULL, false);
	const char	*what;
	char		 item[64];
	size_t		 len;

	if (list == NULL)
		return (NULL);
	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (nproxies == PROXIES_MAX)
			return (complain("KEEL_TRUSTED_PROXIES has more than "
			    "%u entries", PROXIES_MAX));
		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		what = netblock_parse(item, &proxies[nproxies++]);
		if (what != NULL)
			return (complain("KEEL_TRUSTED_PROXIES: '%s' %s (it "
			    "is a list like 10.0.0.0/8,192.0.2.1)", item,
			    what));
	}
	return (NULL);
}

static const char *
load_limits(void)
{
	const char	*text, *what;

	text = setting("KEEL_CONNECTIONS_PER_ADDRESS", "256", false);
	if ((what = check_number("KEEL_CONNECTIONS_PER_ADDRESS", text, 1,
	    65535, &config.connections_per_address)) != NULL)
		return (what);
	text = setting("KEEL_RATE_LIMITS", NULL, false);
	if ((what = rate_limit_configure(text)) != NULL)
		return (what);
	return (load_proxies());
}

/* ./keel's own variables; everything else must be a setting. */
static bool
is_known(const char *variable, size_t len)
{
	static const char *const own[] = {
		"KEEL_COMMAND", "KEEL_DRY_RUN", "KEEL_EMAIL", "KEEL_BUILD",
		"KEEL_FLAVOR",
	};
	size_t	 i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == len &&
		    strncmp(own[i], variable, len) == 0)
			return (true);
	}
	for (i = 0; i < nsettings; i++) {
		if (strlen(settings[i].name) == len &&
		    strncmp(settings[i].name, variable, len) == 0)
			return (true);
	}
	return (false);
}

/* A misspelt setting would be a default nobody chose. */
static const char *
check_unknown(void)
{
	char	**v;
	size_t	  len;

	for (v = environ; *v != NULL; v++) {
		len = strcspn(*v, "=");
		if (strncmp(*v, "KEEL_", 5) == 0 && !is_known(*v, len))
			return (complain("%.*s is not a setting",
			    (int)len, *v));
	}
	return (NULL);
}

static const char *
load_database(void)
{
	config.state_dir = setting("KEEL_STATE_DIR", "./var", false);
	config.database_url = setting("KEEL_DATABASE_URL", NULL, true);
	if (config.database_url == NULL)
		return (complain("KEEL_DATABASE_URL is not set (./keel serve "
		    "starts a private database when it is not; kore and "
		    "kodev cannot)"));
	return (NULL);
}

/* A fault of a server that runs as root is the whole machine's. */
static const char *
load_allow_root(void)
{
	const char	*text = setting("KEEL_ALLOW_ROOT", "0", false);

	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return (complain("KEEL_ALLOW_ROOT must be 0 or 1, not '%s'",
		    text));
	if (geteuid() == 0 && *text == '0')
		return (complain("refusing to run as root: run it as a system "
		    "user, as conf/keel.service does, or set "
		    "KEEL_ALLOW_ROOT=1"));
	return (NULL);
}

static const char *
load_server(void)
{
	const char	*what;

	config.host = setting("KEEL_HOST", "127.0.0.1", false);
	config.port = setting("KEEL_PORT", "8888", false);
	config.admin_port = setting("KEEL_ADMIN_PORT", "9464", false);
	if ((what = load_allow_root()) != NULL ||
	    (what = check_address()) != NULL ||
	    (what = load_public_url()) != NULL ||
	    (what = load_secret()) != NULL ||
	    (what = load_tls()) != NULL ||
	    (what = load_counts()) != NULL ||
	    (what = load_jobs()) != NULL ||
	    (what = load_mail()) != NULL ||
	    (what = load_limits()) != NULL ||
	    (what = load_user_directory()) != NULL ||
	    (what = load_log_level()) != NULL)
		return (what);
	return (check_unknown());
}

const char *
config_load(void)
{
	const char	*command = getenv("KEEL_COMMAND"), *what;

	if (command != NULL && (strcmp(command, "routes") == 0 ||
	    strcmp(command, "openapi") == 0))
		return (NULL);
	if ((what = load_database()) != NULL)
		return (what);
	if (command == NULL || strcmp(command, "serve") == 0 ||
	    strcmp(command, "jobs") == 0 ||
	    strcmp(command, "check-config") == 0)
		what = load_server();
	return (what);
}

void
config_print(void)
{
	const struct setting	*s;

	for (s = settings; s < settings + nsettings; s++)
		printf("%-28s %s%s\n", s->name, s->value == NULL ? "(unset)" :
		    s->secret ? "********" : s->value, s->given ? "" :
		    s->value != NULL ? "  (default)" : "");
	rate_limit_print();
}
