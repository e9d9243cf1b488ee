/* SPDX-License-Identifier: ISC */
/* The checks of the server's settings, and what other rooms get of them. */

/* sources: app */

#include <dlfcn.h>
#include <unistd.h>

#include "config_fixture.h"
#include "http/respond.h"
#include "mail/mail_settings.h"
#include "middleware/cors.h"
#include "wire/wire.h"

#define PAGE	"../../docs/settings.md"	/* any file */

static long	processors = 2;

/* Replaces libc's for the one name. */
long
sysconf(int name)
{
	long	(*next)(int) = (long (*)(int))(uintptr_t)dlsym(RTLD_NEXT,
		    "sysconf");

	return (name == _SC_NPROCESSORS_ONLN ? processors : next(name));
}

static void
test_ports_and_urls(void **state)
{
	char	 url[256] = "https://";

	(void)state;
	setenv("KEEL_HOST", "::1", 1);
	setenv("KEEL_PORT", "9464", 1);
	setenv("KEEL_ADMIN_PORT", "9465", 1);
	assert_null(load());
	assert_string_equal(config.public_url, "https://[::1]:9464");
	assert_bad("KEEL_ADMIN_PORT", "9464", "KEEL_PORT and KEEL_ADMIN_PORT "
	    "are both 9464");

	memset(url + 8, 'x', 193);
	assert_int_equal(strlen(url), 201);
	assert_bad("KEEL_PUBLIC_URL", url, "must be like");
	url[200] = '\0';
	assert_good("KEEL_PUBLIC_URL", url);
	assert_good("KEEL_PUBLIC_URL", "https://x");
	assert_bad("KEEL_PUBLIC_URL", "https://", "must be like");
	assert_bad("KEEL_PUBLIC_URL", "http://x.example", "must be like");
	assert_bad("KEEL_PUBLIC_URL", "xhttps://x.example", "must be like");
	assert_bad("KEEL_PUBLIC_URL", "https://x.example/", "must be like");
	assert_good("KEEL_PUBLIC_URL", "https://x.example/api:1");
	assert_good("KEEL_PUBLIC_URL", "https://x.example/backend/v2");
	assert_string_equal(public_path(), "/backend/v2");
	assert_good("KEEL_PUBLIC_URL", "https://x.example");
	assert_string_equal(public_path(), "");
	for (const char *c = " \t?#\""; *c != '\0'; c++) {
		snprintf(url, sizeof(url), "https://x%cy", *c);
		assert_bad("KEEL_PUBLIC_URL", url, "must be like");
	}
	assert_bad("KEEL_PUBLIC_URL", "https://x\ny", "must be like");
	assert_bad("KEEL_PUBLIC_URL", "https://x\ry", "must be like");
}

/* What browsers are told, and for which hosts. */
static void
test_hsts(void **state)
{
	(void)state;
	assert_null(load());
	assert_null(wire_settings.hsts);	/* 127.0.0.1 */
	setenv("KEEL_PUBLIC_URL", "https://localhost:8888", 1);
	assert_null(load());
	assert_null(wire_settings.hsts);
	setenv("KEEL_PUBLIC_URL", "https://api.example.org", 1);
	assert_null(load());
	assert_string_equal(wire_settings.hsts, "max-age=31536000");
	setenv("KEEL_HSTS_SECONDS", "1", 1);
	assert_null(load());
	assert_string_equal(wire_settings.hsts, "max-age=1");
	setenv("KEEL_HSTS_SECONDS", "0", 1);
	assert_null(load());
	assert_null(wire_settings.hsts);
}

static void
test_keepalive(void **state)
{
	(void)state;
	assert_null(load());
	assert_int_equal(wire_settings.keepalive, 0);
	setenv("KEEL_KEEPALIVE_SECONDS", "130", 1);
	assert_null(load());
	assert_int_equal(wire_settings.keepalive, 130);
	wire_settings.keepalive = 0;
}

/* Its length for each algorithm, its characters, and known examples. */
static void
test_secrets(void **state)
{
	static const struct {
		const char	*algorithm;
		int		 least;
	} lengths[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };
	static const char *const placeholders[] = {
		"changeme", "change-me", "change_me", "change me", "secret",
		"password", "example", "placeholder", "your-", "insecure",
		"default", "12345678", "ChangeMe", "SECRET",
	};
	char	 key[128], phrase[64];
	size_t	 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		setenv("KEEL_ALGORITHM", lengths[i].algorithm, 1);
		snprintf(key, sizeof(key), "%.*s", lengths[i].least, A64);
		assert_good("KEEL_SECRET_KEY", key);
		key[lengths[i].least - 1] = '\0';
		snprintf(phrase, sizeof(phrase), "has %d bytes; %s needs at "
		    "least %d", lengths[i].least - 1, lengths[i].algorithm,
		    lengths[i].least);
		assert_bad("KEEL_SECRET_KEY", key, phrase);
	}
	unsetenv("KEEL_ALGORITHM");
	for (i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++) {
		snprintf(key, sizeof(key), "%.20s%s%.20s", A64,
		    placeholders[i], A64);
		assert_bad("KEEL_SECRET_KEY", key, "looks like a placeholder");
	}
	assert_good("KEEL_SECRET_KEY", "ABCDEFGHABCDEFGHABCDEFGHABCDEFGH");
	assert_bad("KEEL_SECRET_KEY", "ABCDEFGAABCDEFGAABCDEFGAABCDEFGA",
	    "has only 7 different characters");
}

/* As good as the secret, and another one. */
static void
test_previous_secrets(void **state)
{
	const char	*name = "KEEL_SECRET_KEY_PREVIOUS";
	const char	*good = "ABCDEFGHABCDEFGHABCDEFGHABCDEFGH";
	char		 key[128];

	(void)state;
	assert_null(load());
	assert_null(config.jwt_key.previous);
	assert_good(name, good);
	assert_good(name, "");
	assert_bad(name, "ABCDEFGHABCDEFGHABCDEFGHABCDEFG",
	    "KEEL_SECRET_KEY_PREVIOUS has 31 bytes; HS256 needs at least 32");
	assert_bad(name, "ABCDEFGAABCDEFGAABCDEFGAABCDEFGA",
	    "KEEL_SECRET_KEY_PREVIOUS has only 7 different characters");
	snprintf(key, sizeof(key), "%schangeme", good);
	assert_bad(name, key, "KEEL_SECRET_KEY_PREVIOUS looks like a "
	    "placeholder");
	assert_bad(name, A64, "KEEL_SECRET_KEY_PREVIOUS and KEEL_SECRET_KEY "
	    "are the same");
	snprintf(key, sizeof(key), "%.63s", A64);
	assert_good(name, key);
	setenv("KEEL_ALGORITHM", "HS512", 1);
	assert_bad(name, key, "KEEL_SECRET_KEY_PREVIOUS has 63 bytes; HS512 "
	    "needs at least 64");
	unsetenv("KEEL_ALGORITHM");

	setenv(name, good, 1);
	assert_null(load());
	assert_string_equal(config.jwt_key.secret, A64);
	assert_string_equal(config.jwt_key.previous->secret, good);
	assert_int_equal(config.jwt_key.previous->secret_len, 32);
	assert_string_equal(config.jwt_key.previous->alg, "HS256");
	assert_null(config.jwt_key.previous->previous);
	assert_int_equal(strlen(config.jwt_key.kid), 16);
	assert_int_equal(strlen(config.jwt_key.previous->kid), 16);
	unsetenv(name);
	assert_null(load());
	assert_null(config.jwt_key.previous);
}

static void
test_certificates(void **state)
{
	const char	*both = "KEEL_TLS_CERT and KEEL_TLS_KEY must be set "
			    "together";

	(void)state;
	assert_bad("KEEL_TLS_CERT", PAGE, both);
	assert_bad("KEEL_TLS_KEY", PAGE, both);
	setenv("KEEL_TLS_CERT", PAGE, 1);
	assert_good("KEEL_TLS_KEY", PAGE);
	assert_bad("KEEL_TLS_KEY", "/none", "cannot read /none: No such");
	setenv("KEEL_TLS_KEY", PAGE, 1);
	assert_bad("KEEL_TLS_CERT", "/none", "cannot read /none: No such");
}

/* Where anybody else could read along, HTTP is only for proxies. */
static void
test_http_without_tls(void **state)
{
	static const char *const local[] = { "127.0.0.1", "127.9.9.9",
				    "::1" };
	static const char *const open[] = { "0.0.0.0", "::", "192.0.2.1" };
	size_t	 i;

	(void)state;
	assert_bad("KEEL_TLS", "no", "must be on or off, not 'no'");
	assert_bad("KEEL_PUBLIC_URL", "http://x.example", "must be like");
	assert_good("KEEL_TLS", "on");
	assert_good("KEEL_HOST", "0.0.0.0");
	assert_int_equal(config.tls_off, 0);
	setenv("KEEL_TLS", "off", 1);
	for (i = 0; i < 3; i++) {
		assert_good("KEEL_HOST", local[i]);
		assert_false(wire_settings.proxies_only);
		assert_bad("KEEL_HOST", open[i], "KEEL_TRUSTED_PROXIES");
	}
	assert_int_equal(config.tls_off, 1);
	setenv("KEEL_TRUSTED_PROXIES", "10.0.0.1", 1);
	for (i = 0; i < 3; i++) {
		assert_good("KEEL_HOST", open[i]);
		assert_true(wire_settings.proxies_only);
		assert_good("KEEL_HOST", local[i]);
		assert_false(wire_settings.proxies_only);
	}
	assert_null(load());
	assert_string_equal(config.public_url, "http://127.0.0.1:8888");
	assert_good("KEEL_PUBLIC_URL", "http://x.example");
	assert_good("KEEL_PUBLIC_URL", "https://x.example");
	assert_bad("KEEL_PUBLIC_URL", "ftp://x.example", "must be like");
	assert_bad("KEEL_TLS_CERT", PAGE, "must not be set");
	assert_bad("KEEL_TLS_KEY", PAGE, "must not be set");
	setenv("KEEL_HOST", "::1", 1);
	assert_null(load());
	assert_string_equal(config.public_url, "http://[::1]:8888");
	setenv("KEEL_TLS", "on", 1);
	setenv("KEEL_HOST", "0.0.0.0", 1);
	assert_null(load());
	assert_false(wire_settings.proxies_only);
}

/* Its peers are on this machine, and count as a trusted proxy. */
static void
test_a_socket(void **state)
{
	char		 path[128] = "/";
	struct netaddr	 here;

	(void)state;
	assert_true(netaddr_parse("127.0.0.1", &here));
	setenv("KEEL_PUBLIC_URL", "https://x.example", 1);
	assert_bad("KEEL_HOST", "/run/keel.sock", "needs KEEL_TLS=off");
	setenv("KEEL_TLS", "off", 1);
	assert_bad("KEEL_HOST", "run/keel.sock", "must be an IP address");
	memset(path + 1, 'x', 107);
	assert_bad("KEEL_HOST", path, "has 108 bytes; the path of a socket "
	    "has at most 107");
	path[107] = '\0';
	assert_good("KEEL_HOST", path);
	setenv("KEEL_HOST", "/run/keel.sock", 1);
	assert_null(load());
	assert_string_equal(config.host, "/run/keel.sock");
	assert_false(wire_settings.proxies_only);
	assert_int_equal(wire_settings.nproxies, 1);
	assert_true(wire_trusts(&here));
	assert_good("KEEL_TRUSTED_PROXIES", "10.0.0.1");
	assert_int_equal(wire_settings.nproxies, 2);
	assert_true(wire_trusts(&here));
	unsetenv("KEEL_PUBLIC_URL");
	assert_non_null(strstr(load(), "KEEL_PUBLIC_URL must be set, because "
	    "KEEL_HOST is a socket"));
	setenv("KEEL_HOST", "127.0.0.1", 1);
	assert_null(load());
	assert_false(wire_trusts(&here));
}

/* Its address counts, and that of the settings does not. */
static void
test_a_given_socket(void **state)
{
	(void)state;
	setenv("KEEL_HOST", "/run/keel.sock", 1);
	setenv("KEEL_PORT", "9464", 1);		/* as KEEL_ADMIN_PORT */
	wire_settings.given_admin = true;
	assert_non_null(strstr(load(), "KEEL_HOST is a socket, which needs"));
	setenv("KEEL_HOST", "127.0.0.1", 1);
	assert_null(load());
	wire_settings.given_admin = false;
	assert_non_null(strstr(load(), "are both 9464"));

	wire_settings.given_host = "::1";
	wire_settings.given_port = "443";
	setenv("KEEL_HOST", "/run/keel.sock", 1);
	assert_null(load());
	assert_string_equal(config.host, "::1");
	assert_string_equal(config.port, "443");
	assert_string_equal(config.public_url, "https://[::1]:443");
	assert_false(config_host_is_socket());

	wire_settings.given_host = "192.0.2.1";
	assert_bad("KEEL_TLS", "off", "the address of LISTEN_FDS is 192.0.2.1, "
	    "no loopback address");
	wire_settings.given_host = "@keel";
	assert_non_null(strstr(load(), "the address of LISTEN_FDS is a socket, "
	    "which needs KEEL_TLS=off"));
	setenv("KEEL_TLS", "off", 1);
	setenv("KEEL_PUBLIC_URL", "https://x.example", 1);
	assert_null(load());
	assert_true(config_host_is_socket());
	assert_int_equal(wire_settings.nproxies, 0);
	wire_settings.given_host = "keel.sock";
	assert_null(load());
	assert_int_equal(wire_settings.nproxies, 1);
	wire_settings.given_host = wire_settings.given_port = NULL;
}

static void
test_proxies(void **state)
{
	char	 list[33 * 16] = "";
	size_t	 i;

	(void)state;
	assert_null(load());
	assert_int_equal(wire_settings.nproxies, 0);
	for (i = 0; i < 32; i++)
		strcat(list, i == 0 ? "10.0.0.1" : ",10.0.0.1");
	assert_good("KEEL_TRUSTED_PROXIES", list);
	assert_int_equal(wire_settings.nproxies, 32);
	strcat(list, ",10.0.0.1");
	assert_bad("KEEL_TRUSTED_PROXIES", list, "more than 32 entries");
	assert_good("KEEL_TRUSTED_PROXIES", "10.0.0.0/8,::1");
	assert_int_equal(wire_settings.nproxies, 2);
	assert_bad("KEEL_TRUSTED_PROXIES", "10.0.0.0/8,,::1",
	    "'' is no IP address");
}

/* Which texts are origins: test_origin.c and test_cors.c. */
static void
test_origins(void **state)
{
	struct head	 h = { .method = "OPTIONS", .nlines = 2, .lines = {
			    { "origin", "https://a" },
			    { "access-control-request-method", "PUT" } } };

	(void)state;
	assert_null(load());
	assert_false(cors_is_preflight(&h));
	setenv("KEEL_CORS_ORIGINS", "http://b,https://a", 1);
	assert_null(load());
	assert_true(cors_is_preflight(&h));
	assert_bad("KEEL_CORS_ORIGINS", "*", "name each origin");
	assert_bad("KEEL_CORS_ORIGINS", "https://a/", "slash");
	setenv("KEEL_CORS_ORIGINS", "", 1);	/* as if it were not set */
	assert_null(load());
	assert_false(cors_is_preflight(&h));
}

/* What other rooms get of them. */
static void
test_what_is_passed_on(void **state)
{
	(void)state;
	setenv("KEEL_WORKERS", "3", 1);
	setenv("KEEL_DATABASE_POOL", "5", 1);
	setenv("KEEL_CONNECTIONS_PER_ADDRESS", "77", 1);
	setenv("KEEL_STATE_DIR", "/some/where", 1);
	assert_null(load());
	assert_int_equal(wire_settings.workers, 3);
	assert_int_equal(wire_settings.other_files, 5);
	assert_int_equal(wire_settings.per_address, 77);
	assert_int_equal(config.workers, 3);
	assert_int_equal(config.database_pool, 5);
	assert_string_equal(mail_settings.state_dir, "/some/where");
	assert_string_equal(mail_settings.secret, A64);
	assert_int_equal(mail_settings.secret_len, 64);
	assert_string_equal(config.jwt_key.secret, A64);
	assert_int_equal(config.jwt_key.secret_len, 64);
}

static void
test_a_worker_for_each_processor(void **state)
{
	static const struct {
		long		 found;
		unsigned	 workers;
	} rows_of_cpus[] = {
		{ -1, 1 }, { 0, 1 }, { 1, 1 }, { 2, 2 }, { 16, 16 }, { 17, 16 },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < 6; i++) {
		processors = rows_of_cpus[i].found;
		assert_null(load());
		assert_int_equal(config.workers, rows_of_cpus[i].workers);
	}
}

static void
test_root(void **state)
{
	(void)state;
	unsetenv("KEEL_ALLOW_ROOT");
	if (geteuid() != 0) {
		assert_null(load());
		return;
	}
	/* Before the settings whose checks open files. */
	setenv("KEEL_TLS_CERT", "/none", 1);
	setenv("KEEL_SMTP_CA", "/none", 1);
	assert_non_null(strstr(load(), "refusing to run as root"));
	assert_bad("KEEL_ALLOW_ROOT", "2", "must be 0 or 1");
	setenv("KEEL_DATABASE_URL", "", 1);
	assert_non_null(strstr(load(), "KEEL_DATABASE_URL is not set"));
}

/* ./keel's own variables are no misspelt settings. */
static void
test_unknown_names(void **state)
{
	static const char *const own[] = {
		"KEEL_DRY_RUN", "KEEL_EMAIL", "KEEL_BUILD", "KEEL_FLAVOR",
	};
	static const char *const unknown[] = {
		"KEEL_", "KEEL_DRY_RU", "KEEL_DRY_RUNS", "KEEL_EMAILS",
		"KEEL_BUIL", "KEEL_FLAVOUR", "KEEL_HOS", "KEEL_HOSTS",
		"KEEL_port",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		assert_good(own[i], "x");
	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		assert_bad(unknown[i], "x", " is not a setting");
		assert_bad(unknown[i], "", " is not a setting");
	}
	assert_good("KEE", "x");
	assert_good("XKEEL_PORTS", "x");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_ports_and_urls),
		TEST(test_hsts),
		TEST(test_keepalive),
		TEST(test_secrets),
		TEST(test_previous_secrets),
		TEST(test_certificates),
		TEST(test_http_without_tls),
		TEST(test_a_socket),
		TEST(test_a_given_socket),
		TEST(test_proxies),
		TEST(test_origins),
		TEST(test_what_is_passed_on),
		TEST(test_a_worker_for_each_processor),
		TEST(test_root),
		TEST(test_unknown_names),
	};

	return (cmocka_run_group_tests_name("config_server", tests, NULL,
	    NULL));
}
