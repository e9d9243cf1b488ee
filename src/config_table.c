/* SPDX-License-Identifier: ISC */
/* The server's settings, and the checks that need several of them. */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "database/database.h"
#include "http/conditional.h"
#include "http/respond.h"
#include "mail/mail_settings.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "product.h"
#include "utils/netaddr.h"
#include "utils/start_error.h"
#include "utils/web_url.h"
#include "wire/wire.h"

#define PUBLIC_URL_MAX	200	/* bytes */

/* Values that only the functions below need. */
static const char	*state_dir, *rate_limits;
static const char	*secret_key, *previous_key;
static const char	*smtp_url, *smtp_ca, *mail_from;
static unsigned		 port, admin_port, smtp_tls, allow_root;
static unsigned		 require_if_match;

enum { SMTP_TLS_REQUIRED, SMTP_TLS_OFF };

_Static_assert(LEVEL_DEBUG == 0 && LEVEL_INFO == 1 && LEVEL_WARNING == 2 &&
    LEVEL_ERROR == 3, "the choices of LOG_LEVEL are not enum log_level");
_Static_assert(FORMAT_AUTO == 0 && FORMAT_JSON == 1 && FORMAT_TEXT == 2,
    "the choices of LOG_FORMAT are not enum log_format");
_Static_assert(DIRECTORY_ADMIN == 0 && DIRECTORY_AUTHENTICATED == 1,
    "the choices of USER_DIRECTORY are not enum user_directory");
_Static_assert(REGISTRATION_OPEN == 0 && REGISTRATION_CLOSED == 1,
    "the choices of REGISTRATION are not enum registration");

static const char	*use_database_url(void);
static const char	*check_ports(void);
static const char	*check_host(void);
static const char	*use_port(void);
static const char	*find_public_url(void);
static const char	*check_public_url(void);
static const char	*use_secrets(void);
static const char	*check_tls(void);
static const char	*count_cpus(void);
static const char	*use_counts(void);
static const char	*use_mail(void);
static const char	*use_rate_limits(void);
static const char	*use_conditions(void);
static const char	*check_root(void);

SETTINGS(server,
    {
	ENV("STATE_DIR"), TEXT, .text = &state_dir,
	.fallback = "./var",
	.values = "a folder",
	.meaning = "The folder for the private database, the development "
	    "secret and certificate, outgoing mail and logs.",
    },
    {
	ENV("DATABASE_URL"), TEXT, .text = &config.database_url,
	.then = use_database_url, .secret = true,
	.required = "./keel serve starts a private database when it "
	    "is not; kore and kodev cannot",
	.unset = "unset: `./keel` starts a private database",
	.values = "a URI, or `key=value` pairs",
	.meaning = "The PostgreSQL database; with it, the secret and the "
	    "certificate must be set too.",
    },
    {
	ENV("TLS"), CHOICE("on", "off"), .number = &config.tls_off,
	.serving = true,
	.fallback = "on",
	.meaning = "With `off`, HTTP without TLS: [on this machine, or behind "
	    "a proxy that ends TLS](proxies.md#http-without-tls).",
    },
    {
	ENV("HOST"), TEXT, .text = &config.host, .then = check_host,
	.serving = true,
	.fallback = "127.0.0.1",
	.values = "an IP address; with `" ENV("TLS") "=off` also the absolute "
	    "path of a Unix socket, up to 107 bytes",
	.meaning = "The address to listen on.",
    },
    {
	ENV("PORT"), NUMBER(1, 65535), .text = &config.port, .number = &port,
	.then = use_port, .serving = true,
	.fallback = "8888",
	.meaning = "The HTTPS port; with `" ENV("TLS") "=off`, the HTTP port.",
    },
    {
	ENV("ADMIN_PORT"), NUMBER(1, 65535), .text = &config.admin_port,
	.number = &admin_port, .then = check_ports, .serving = true,
	.fallback = "9464",
	.values = "not `" ENV("PORT") "`",
	.meaning = "The port of /metrics, on 127.0.0.1.",
    },
    {
	ENV("PUBLIC_URL"), TEXT, .text = &config.public_url,
	.find_fallback = find_public_url, .then = check_public_url,
	.unset = "https://HOST:PORT, or http:// with `" ENV("TLS") "=off`",
	.values = "`https://api.example.org`, `https://example.org/backend`: "
	    "up to 200 bytes, without a slash at its end",
	.meaning = "The URL that clients use; issuer and audience of tokens. "
	    "A path in it is one that a proxy removes.",
    },
    {
	ENV("ALGORITHM"), CHOICE("HS256", "HS384", "HS512"),
	.text = &config.jwt_key.alg,
	.fallback = "HS256",
	.meaning = "The algorithm that signs tokens.",
    },
    {
	ENV("SECRET_KEY"), TEXT, .text = &secret_key, .secret = true,
	.serving = true,
	.required = "try: openssl rand -base64 48",
	.unset = "unset",
	.values = "at least as many bytes as `" ENV("ALGORITHM") "` has: 32, "
	    "48 or 64",
	.meaning = "The key that signs tokens (`openssl rand -base64 48`).",
    },
    {
	ENV("SECRET_KEY_PREVIOUS"), TEXT, .text = &previous_key,
	.then = use_secrets, .secret = true,
	.unset = "unset",
	.values = "as `" ENV("SECRET_KEY") "`, and another one",
	.meaning = "A second key whose tokens are accepted, to "
	    "[replace the secret](secrets.md#replacing-the-secret).",
    },
    {
	ENV("TLS_CERT"), TEXT, .text = &config.tls_cert, .serving = true,
	.unset = "unset: the file that kore.conf names",
	.values = "a PEM file, RSA or EC; set together with `" ENV("TLS_KEY")
	    "`",
	.meaning = "The certificate, which may be "
	    "[replaced](secrets.md#renewing-the-certificate) at any time.",
    },
    {
	ENV("TLS_KEY"), TEXT, .text = &config.tls_key, .then = check_tls,
	.serving = true,
	.unset = "unset: the file that kore.conf names",
	.values = "a PEM file; set together with `" ENV("TLS_CERT") "`",
	.meaning = "The certificate's private key.",
    },
    {
	ENV("WORKERS"), NUMBER(1, 64), .number = &config.workers,
	.serving = true,
	.find_fallback = count_cpus,
	.unset = "one per CPU, at most 16",
	.meaning = "Worker processes.",
    },
    {
	ENV("DATABASE_POOL"), NUMBER(1, 64), .number = &config.database_pool,
	.then = use_counts,
	.fallback = "8",
	.meaning = "Connections to the database, for each worker.",
    },
    {
	ENV("DRAIN_DELAY_SECONDS"), NUMBER(0, 600),
	.number = &config.drain_delay_seconds, .serving = true,
	.fallback = "0",
	.meaning = "After SIGTERM, how long the server at least goes on "
	    "accepting connections, while /readyz says 503: as long as a "
	    "[balancer](operation.md#stopping) needs to see it.",
    },
    {
	ENV("DRAIN_SECONDS"), NUMBER(0, 600), .number = &config.drain_seconds,
	.serving = true,
	.fallback = "15",
	.meaning = "After that, how long the server waits at most for idle "
	    "connections (half of it) and for requests.",
    },
    {
	ENV("SMTP_URL"), TEXT, .text = &smtp_url, .secret = true,
	.unset = "unset: mails become files, " ENV("STATE_DIR") "/mail/JOB.eml",
	.values = "`smtp://user:password@mail.example.org:587` (STARTTLS) or "
	    "`smtps://user:password@mail.example.org:465`",
	.meaning = "The mail server; user and password percent-encoded.",
    },
    {
	ENV("SMTP_TLS"), CHOICE("required", "off"), .number = &smtp_tls,
	.fallback = "required",
	.meaning = "With `off`, smtp:// goes without TLS, and the URL may "
	    "have a password only if the mail server is on this machine.",
    },
    {
	ENV("SMTP_CA"), TEXT, .text = &smtp_ca,
	.unset = "unset: the system's authorities",
	.values = "a PEM file",
	.meaning = "The authorities that may have issued the mail server's "
	    "certificate.",
    },
    {
	ENV("MAIL_FROM"), TEXT, .text = &mail_from, .then = use_mail,
	.fallback = PRODUCT_TITLE " <" PRODUCT "@localhost>",
	.values = "`Name <address>` or an address; the address in ASCII",
	.meaning = "The sender of mails.",
    },
    {
	ENV("CONNECTIONS_PER_ADDRESS"), NUMBER(1, 65535),
	.number = &wire_settings.per_address, .serving = true,
	.fallback = "256",
	.meaning = "Connections of one client, on all workers together.",
    },
    {
	ENV("RATE_LIMITS"), TEXT, .text = &rate_limits,
	.then = use_rate_limits,
	.unset = "unset: the defaults in [limits](limits.md#rate-limits)",
	.values = "`off`, or a list: `token=100/m,token/48=900/m,"
	    "register=5/d`",
	.meaning = "The rate limits that differ from their defaults.",
    },
    {
	ENV("USER_DIRECTORY"), CHOICE("admin", "authenticated"),
	.number = &config.user_directory,
	.fallback = "admin",
	.meaning = "Who may list users and read other users: admins, or "
	    "every signed-in user.",
    },
    {
	ENV("REGISTRATION"), CHOICE("open", "closed"),
	.number = &config.registration,
	.fallback = "open",
	.meaning = "With `closed`, only admins can create users.",
    },
    {
	ENV("REQUIRE_IF_MATCH"), CHOICE("false", "true"),
	.number = &require_if_match, .then = use_conditions,
	.fallback = "false",
	.meaning = "With `true`, PUT, PATCH and DELETE of what has an ETag "
	    "need If-Match, and get 428 without it.",
    },
    {
	ENV("LOG_LEVEL"), CHOICE("debug", "info", "warning", "error"),
	.number = &config.log_level,
	.fallback = "info",
	.meaning = "The least important messages that are logged.",
    },
    {
	ENV("LOG_FORMAT"), CHOICE("auto", "json", "text"),
	.number = &config.log_format,
	.fallback = "auto",
	.meaning = "How they are logged. `auto` is `text`, for people, on a "
	    "terminal, and `json` otherwise. `NO_COLOR` turns colours off.",
    },
    {
	ENV("ALLOW_ROOT"), FLAG, .number = &allow_root, .then = check_root,
	.fallback = "0",
	.meaning = "With 1, `serve`, `jobs` and `check-config` may run as "
	    "root; without `" ENV("DATABASE_URL") "`, `./keel` only "
	    "warns.",
    });

static const char *
use_database_url(void)
{
	database_init(config.database_url, ENV("DATABASE_URL"));
	return (NULL);
}

static const char *
check_ports(void)
{
	if (port == admin_port && wire_settings.given_host == NULL &&
	    !wire_settings.given_admin)
		return (start_error(ENV("PORT") " and " ENV("ADMIN_PORT")
		    " are both %u", port));
	return (NULL);
}

bool
config_host_is_socket(void)
{
	struct netaddr	 address;

	return (!netaddr_parse(config.host, &address));
}

/* The address of a socket that was given counts instead of the setting. */
static const char *
check_host(void)
{
	struct sockaddr_un	 sun;

	config.host_name = ENV("HOST");
	if (wire_settings.given_host != NULL) {
		config.host = wire_settings.given_host;
		config.host_name = "the address of LISTEN_FDS";
	}
	if (!config_host_is_socket())
		return (NULL);
	if (*config.host != '/' && wire_settings.given_host == NULL)
		return (start_error(ENV("HOST") " must be an IP address, not "
		    "'%s'", config.host));
	if (!config.tls_off)
		return (start_error("%s is a socket, which needs " ENV("TLS")
		    "=off", config.host_name));
	if (wire_settings.given_host != NULL)
		return (NULL);
	if (strlen(config.host) >= sizeof(sun.sun_path))
		return (start_error(ENV("HOST") " has %zu bytes; the path of a "
		    "socket has at most %zu", strlen(config.host),
		    sizeof(sun.sun_path) - 1));
	return (NULL);
}

static const char *
use_port(void)
{
	if (wire_settings.given_host != NULL)
		config.port = wire_settings.given_port;
	return (NULL);
}

/* None for a socket, which has no URL of its own. */
static const char *
find_public_url(void)
{
	static char	 url[128];

	if (config_host_is_socket())
		return (NULL);
	snprintf(url, sizeof(url), strchr(config.host, ':') != NULL ?
	    "%s://[%s]:%s" : "%s://%s:%s", config.tls_off ? "http" : "https",
	    config.host, config.port);
	return (url);
}

static const char *
check_public_url(void)
{
	struct web_url	 url;

	if (config.public_url == NULL)
		return (start_error(ENV("PUBLIC_URL") " must be set, because "
		    "%s is a socket", config.host_name));
	if (strlen(config.public_url) > PUBLIC_URL_MAX ||
	    !web_url_parse(config.public_url, &url) ||
	    (!url.secure && !config.tls_off && !config.for_jobs))
		return (start_error(ENV("PUBLIC_URL") " must be like "
		    "https://api.example.org or https://example.org/backend, "
		    "without a slash at its end, not '%s'",
		    config.public_url));
	respond_init(url.path);
	return (NULL);
}

static const char *
use_secrets(void)
{
	if (secret_key == NULL)
		return (config_use_own_secret());
	return (config_use_secrets(secret_key, previous_key));
}

static const char *
check_tls(void)
{
	if (config.tls_off &&
	    (config.tls_cert != NULL || config.tls_key != NULL))
		return (start_error(ENV("TLS") " is off, so " ENV("TLS_CERT")
		    " and " ENV("TLS_KEY") " must not be set"));
	if ((config.tls_cert == NULL) != (config.tls_key == NULL))
		return (start_error(ENV("TLS_CERT") " and " ENV("TLS_KEY") " "
		    "must be set together"));
	if (config.tls_cert != NULL && access(config.tls_cert, R_OK) == -1)
		return (start_error(ENV("TLS_CERT") ": cannot read %s: %m",
		    config.tls_cert));
	if (config.tls_key != NULL && access(config.tls_key, R_OK) == -1)
		return (start_error(ENV("TLS_KEY") ": cannot read %s: %m",
		    config.tls_key));
	return (NULL);
}

static const char *
count_cpus(void)
{
	static char	 cpus[16];
	long		 n = sysconf(_SC_NPROCESSORS_ONLN);

	snprintf(cpus, sizeof(cpus), "%ld", n < 1 ? 1 : n > 16 ? 16 : n);
	return (cpus);
}

static const char *
use_counts(void)
{
	wire_settings.workers = config.workers;
	wire_settings.other_files = config.database_pool;
	return (NULL);
}

static const char *
use_mail(void)
{
	const char	*problem;

	if ((problem = mail_settings_read(smtp_url,
	    smtp_tls == SMTP_TLS_REQUIRED, smtp_ca, mail_from,
	    &mail_settings)) != NULL)
		return (problem);
	mail_settings.state_dir = state_dir;
	/* All runners must have the same. */
	mail_settings.secret = secret_key != NULL ? secret_key : "";
	mail_settings.secret_len = strlen(mail_settings.secret);
	return (NULL);
}

static const char *
use_rate_limits(void)
{
	return (rate_limit_configure(rate_limits));
}

static const char *
use_conditions(void)
{
	conditional_init(require_if_match);
	return (NULL);
}

/* A bug in a server that runs as root endangers the whole machine. */
static const char *
check_root(void)
{
	if (geteuid() == 0 && !allow_root)
		return (start_error("refusing to run as root: run it as a "
		    "system user, as conf/" PRODUCT ".service does, or set "
		    ENV("ALLOW_ROOT") "=1"));
	return (NULL);
}
