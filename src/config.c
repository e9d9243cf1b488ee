/* SPDX-License-Identifier: ISC */
/* Settings from the environment, checked (the seed's config.py). */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/register.h"
#include "config.h"
#include "database/database.h"
#include "http/page.h"
#include "jobs/jobs.h"
#include "mail/mail_settings.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "product.h"
#include "utils/complain.h"
#include "wire/wire.h"

#define WORKERS_MAX	64
#define POOL_MAX	64
#define PROXIES_MAX	32
#define CONCURRENCY_MAX	256
#define KEEP_DAYS_MAX	3650

struct config	config;

REGISTERED(struct setting, settings);

SETTING(state_dir, ENV("STATE_DIR"), "./var");
SETTING(database_url, ENV("DATABASE_URL"), NULL, .secret = true);
SETTING(host, ENV("HOST"), "127.0.0.1");
SETTING(port, ENV("PORT"), "8888");
SETTING(admin_port, ENV("ADMIN_PORT"), "9464");
SETTING(public_url, ENV("PUBLIC_URL"), NULL);
SETTING(algorithm, ENV("ALGORITHM"), "HS256");
SETTING(secret_key, ENV("SECRET_KEY"), NULL, .secret = true);
SETTING(tls_cert, ENV("TLS_CERT"), NULL);
SETTING(tls_key, ENV("TLS_KEY"), NULL);
SETTING(workers, ENV("WORKERS"), NULL);
SETTING(database_pool, ENV("DATABASE_POOL"), "8");
SETTING(jobs_concurrency, ENV("JOBS_CONCURRENCY"), "16");
SETTING(jobs_keep_days, ENV("JOBS_KEEP_DAYS"), "7");
SETTING(smtp_url, ENV("SMTP_URL"), NULL, .secret = true);
SETTING(smtp_tls, ENV("SMTP_TLS"), "required");
SETTING(smtp_ca, ENV("SMTP_CA"), NULL);
SETTING(mail_from, ENV("MAIL_FROM"), PRODUCT_TITLE " <" PRODUCT "@localhost>");
SETTING(connections_per_address, ENV("CONNECTIONS_PER_ADDRESS"), "256");
SETTING(rate_limits, ENV("RATE_LIMITS"), NULL);
SETTING(trusted_proxies, ENV("TRUSTED_PROXIES"), NULL);
SETTING(user_directory, ENV("USER_DIRECTORY"), "admin");
SETTING(log_level, ENV("LOG_LEVEL"), "info");
SETTING(allow_root, ENV("ALLOW_ROOT"), "0");

const char *
setting_read(struct setting *s)
{
	const char	*value = getenv(s->name);

	s->given = value != NULL && *value != '\0';
	s->value = s->given ? value : s->fallback;
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
		return (complain(ENV("HOST") " must be an IP address, not '%s'",
		    config.host));
	if ((what = check_number(ENV("PORT"), config.port, 1, 65535,
	    &port)) != NULL)
		return (what);
	if ((what = check_number(ENV("ADMIN_PORT"), config.admin_port, 1,
	    65535, &admin)) != NULL)
		return (what);
	if (port == admin)
		return (complain(ENV("PORT") " and " ENV("ADMIN_PORT")
		    " are both %u", port));
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
		return (complain(ENV("SECRET_KEY") " has %zu bytes; %s needs "
		    "at least %zu (try: openssl rand -base64 48)", len, alg,
		    jwt_algorithm_min_secret(alg)));
	for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strcasestr(secret, placeholders[i]) != NULL)
			return (complain(ENV("SECRET_KEY") " looks like a "
			    "placeholder: it contains '%s' (try: openssl "
			    "rand -base64 48)", placeholders[i]));
	}
	for (distinct = 0, i = 0; i < len; i++)
		distinct += seen[(unsigned char)secret[i]]++ == 0;
	if (distinct < 8)
		return (complain(ENV("SECRET_KEY") " has only %zu different "
		    "characters (try: openssl rand -base64 48)", distinct));
	return (NULL);
}

static const char *
load_secret(void)
{
	unsigned char	 key[CURSOR_KEY];
	const char	*secret, *alg, *what;

	alg = setting_read(&algorithm_setting);
	secret = setting_read(&secret_key_setting);
	if (!jwt_algorithm_known(alg))
		return (complain(ENV("ALGORITHM") " must be HS256, HS384 or "
		    "HS512, not '%s'", alg));
	if (secret == NULL)
		return (complain(ENV("SECRET_KEY") " is not set (try: openssl "
		    "rand -base64 48)"));
	if ((what = check_secret(secret, alg)) != NULL)
		return (what);
	config.jwt_key.alg = alg;
	config.jwt_key.secret = secret;
	config.jwt_key.secret_len = strlen(secret);
	auth_init(&config.jwt_key, config.public_url);
	if (!cursor_key(secret, strlen(secret), key))
		return (complain("cannot make a key: out of memory"));
	pages_init(key);
	return (NULL);
}

static const char *
load_public_url(void)
{
	static char	 url[128];
	size_t		 len;

	snprintf(url, sizeof(url), strchr(config.host, ':') != NULL ?
	    "https://[%s]:%s" : "https://%s:%s", config.host, config.port);
	public_url_setting.fallback = url;
	config.public_url = setting_read(&public_url_setting);
	len = strlen(config.public_url);
	if (strncmp(config.public_url, "https://", 8) != 0 || len < 9 ||
	    len > 200 || config.public_url[len - 1] == '/' ||
	    strpbrk(config.public_url, " \t\r\n?#\"") != NULL)
		return (complain(ENV("PUBLIC_URL") " must be like "
		    "https://api.example.org, without a slash at its end, "
		    "not '%s'", config.public_url));
	return (NULL);
}

static const char *
load_tls(void)
{
	config.tls_cert = setting_read(&tls_cert_setting);
	config.tls_key = setting_read(&tls_key_setting);
	if ((config.tls_cert == NULL) != (config.tls_key == NULL))
		return (complain(ENV("TLS_CERT") " and " ENV("TLS_KEY") " must "
		    "be set together"));
	if (config.tls_cert != NULL && access(config.tls_cert, R_OK) == -1)
		return (complain(ENV("TLS_CERT") ": cannot read %s: %m",
		    config.tls_cert));
	if (config.tls_key != NULL && access(config.tls_key, R_OK) == -1)
		return (complain(ENV("TLS_KEY") ": cannot read %s: %m",
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
	workers_setting.fallback = cpus;
	text = setting_read(&workers_setting);
	if ((what = check_number(ENV("WORKERS"), text, 1, WORKERS_MAX,
	    &config.workers)) != NULL)
		return (what);
	text = setting_read(&database_pool_setting);
	if ((what = check_number(ENV("DATABASE_POOL"), text, 1, POOL_MAX,
	    &config.database_pool)) != NULL)
		return (what);
	wire_settings.workers = config.workers;
	wire_settings.other_files = config.database_pool;
	return (NULL);
}

static const char *
load_jobs(void)
{
	const char	*text, *what;

	text = setting_read(&jobs_concurrency_setting);
	if ((what = check_number(ENV("JOBS_CONCURRENCY"), text, 1,
	    CONCURRENCY_MAX, &jobs_settings.concurrency)) != NULL)
		return (what);
	text = setting_read(&jobs_keep_days_setting);
	return (check_number(ENV("JOBS_KEEP_DAYS"), text, 0, KEEP_DAYS_MAX,
	    &jobs_settings.keep_days));
}

static const char *
load_mail(void)
{
	const char	*url, *tls, *ca, *from, *what;

	url = setting_read(&smtp_url_setting);
	tls = setting_read(&smtp_tls_setting);
	ca = setting_read(&smtp_ca_setting);
	from = setting_read(&mail_from_setting);
	if ((what = mail_settings_read(url, tls, ca, from,
	    &mail_settings)) != NULL)
		return (what);
	mail_settings.state_dir = config.state_dir;
	mail_settings.secret = config.jwt_key.secret;
	mail_settings.secret_len = config.jwt_key.secret_len;
	return (NULL);
}

static const char *
load_log_level(void)
{
	const char	*text = setting_read(&log_level_setting);
	int		 level = log_level_parse(text);

	if (level == -1)
		return (complain(ENV("LOG_LEVEL") " must be debug, info, "
		    "warning or error, not '%s'", text));
	config.log_level = (unsigned)level;
	return (NULL);
}

static const char *
load_user_directory(void)
{
	const char	*text = setting_read(&user_directory_setting);

	if (strcmp(text, "admin") == 0)
		config.user_directory = DIRECTORY_ADMIN;
	else if (strcmp(text, "authenticated") == 0)
		config.user_directory = DIRECTORY_AUTHENTICATED;
	else
		return (complain(ENV("USER_DIRECTORY") " must be admin or "
		    "authenticated, not '%s'", text));
	return (NULL);
}

static const char *
load_proxies(void)
{
	const char		*list = setting_read(&trusted_proxies_setting);
	static struct netblock	 proxies[PROXIES_MAX];
	unsigned		 n = 0;
	const char		*what;
	char			 item[64];
	size_t			 len;

	if (list == NULL)
		return (NULL);
	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (n == PROXIES_MAX)
			return (complain(ENV("TRUSTED_PROXIES") " has more "
			    "than %u entries", PROXIES_MAX));
		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		what = netblock_parse(item, &proxies[n++]);
		if (what != NULL)
			return (complain(ENV("TRUSTED_PROXIES") ": '%s' %s (it "
			    "is a list like 10.0.0.0/8,192.0.2.1)", item,
			    what));
	}
	wire_settings.proxies = proxies;
	wire_settings.nproxies = n;
	return (NULL);
}

static const char *
load_limits(void)
{
	const char	*text, *what;

	text = setting_read(&connections_per_address_setting);
	if ((what = check_number(ENV("CONNECTIONS_PER_ADDRESS"), text, 1,
	    65535, &wire_settings.per_address)) != NULL)
		return (what);
	text = setting_read(&rate_limits_setting);
	if ((what = rate_limit_configure(text)) != NULL)
		return (what);
	return (load_proxies());
}

/* ./keel's own variables; everything else must be a setting. */
static bool
is_known(const char *variable, size_t len)
{
	static const char *const own[] = {
		ENV("COMMAND"), ENV("DRY_RUN"), ENV("EMAIL"), ENV("BUILD"),
		ENV("FLAVOR"),
	};
	struct setting	*const *s;
	size_t		 i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == len &&
		    strncmp(own[i], variable, len) == 0)
			return (true);
	}
	EACH_REGISTERED(s, settings) {
		if (strlen((*s)->name) == len &&
		    strncmp((*s)->name, variable, len) == 0)
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
	config.state_dir = setting_read(&state_dir_setting);
	config.database_url = setting_read(&database_url_setting);
	if (config.database_url == NULL)
		return (complain(ENV("DATABASE_URL") " is not set "
		    "(./" PRODUCT " serve starts a private database when it "
		    "is not; kore and kodev cannot)"));
	database_init(config.database_url);
	return (NULL);
}

/* A fault of a server that runs as root is the whole machine's. */
static const char *
load_allow_root(void)
{
	const char	*text = setting_read(&allow_root_setting);

	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return (complain(ENV("ALLOW_ROOT") " must be 0 or 1, not '%s'",
		    text));
	if (geteuid() == 0 && *text == '0')
		return (complain("refusing to run as root: run it as a system "
		    "user, as conf/" PRODUCT ".service does, or set "
		    ENV("ALLOW_ROOT") "=1"));
	return (NULL);
}

static const char *
load_server(void)
{
	const char	*what;

	config.host = setting_read(&host_setting);
	config.port = setting_read(&port_setting);
	config.admin_port = setting_read(&admin_port_setting);
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
	const char	*command = getenv(ENV("COMMAND")), *what;

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
	struct setting	*const *i;
	const struct setting	*s;

	EACH_REGISTERED(i, settings) {
		s = *i;
		printf("%-28s %s%s\n", s->name, s->value == NULL ? "(unset)" :
		    s->secret ? "********" : s->value, s->given ? "" :
		    s->value != NULL ? "  (default)" : "");
	}
	rate_limit_print();
}
