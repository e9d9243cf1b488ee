/* SPDX-License-Identifier: ISC */
/* Settings: rows of any file are read, checked, listed and masked. */

/* sources: app */

#include "settings_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http/respond.h"
#include "mail/mail_settings.h"

#define ALL	(sizeof(rows) / sizeof(rows[0]))

static const char	*words, *missing, *key;
static unsigned		 count, colour, flag, early, late, thens;

/* As a module's `.then`: the server's settings are read before it runs. */
static const char *
note_order(void)
{
	if (config.public_url == NULL || early != 1)
		return ("the tables are read in another order");
	thens++;
	return (late == 7 ? "KEEL_TEST_LATE may not be 7" : NULL);
}

static const char *
find_words(void)
{
	return (config.host);
}

/* Read after the server's table, in the order of their titles. */
SETTINGS(z_test,
    { "KEEL_TEST_LATE", NUMBER(1, 9), .number = &late, .fallback = "2",
	.then = note_order });
SETTINGS(a_test,
    { "KEEL_TEST_EARLY", FLAG, .number = &early, .fallback = "1" });
SETTINGS(m_test,
    { "KEEL_TEST_WORDS", TEXT, .text = &words, .fallback = "two words" },
    { "KEEL_TEST_FOUND", TEXT, .text = &words, .find_fallback = find_words },
    { "KEEL_TEST_MISSING", TEXT, .text = &missing },
    { "KEEL_TEST_COUNT", NUMBER(5, 4294967295), .number = &count },
    { "KEEL_TEST_COLOUR", CHOICE("red", "green", "blue"), .number = &colour,
	.fallback = "green" },
    { "KEEL_TEST_FLAG", FLAG, .number = &flag, .fallback = "0" },
    { "KEEL_TEST_KEY", TEXT, .text = &key, .fallback = "hidden",
	.secret = true });

static const char *const rows[] = {
	"KEEL_TEST_LATE", "KEEL_TEST_EARLY", "KEEL_TEST_WORDS",
	"KEEL_TEST_FOUND", "KEEL_TEST_MISSING", "KEEL_TEST_COUNT",
	"KEEL_TEST_COLOUR", "KEEL_TEST_FLAG", "KEEL_TEST_KEY",
};

static int
setup(void **state)
{
	size_t	 i;

	(void)state;
	setenv("KEEL_COMMAND", "serve", 1);
	setenv("KEEL_ALLOW_ROOT", "1", 1);
	setenv("KEEL_DATABASE_URL", "host=/nowhere", 1);
	setenv("KEEL_SECRET_KEY", "Zm9yIHRlc3RzIGFsb25lLCBub3RoaW5nIG1vcmU",
	    1);
	for (i = 0; i < ALL; i++)
		unsetenv(rows[i]);
	unsetenv("KEEL_TEST_NONE");
	count = 3;
	return (0);
}

/* What a setting, which is unset again, does to the start. */
static const char *
load_with(const char *name, const char *value)
{
	static char	 copy[1024];
	const char	*problem;

	setenv(name, value, 1);
	problem = load();
	unsetenv(name);
	if (problem == NULL)
		return ("good");
	snprintf(copy, sizeof(copy), "%s", problem);
	return (copy);
}

static void
test_each_row_fills_its_target(void **state)
{
	(void)state;
	setenv("KEEL_TEST_WORDS", "given", 1);
	setenv("KEEL_TEST_COLOUR", "blue", 1);
	setenv("KEEL_TEST_FLAG", "1", 1);
	assert_null(load());
	assert_string_equal(words, "127.0.0.1");
	assert_null(missing);
	assert_int_equal(count, 3);
	assert_int_equal(colour, 2);
	assert_int_equal(flag, 1);
	assert_string_equal(key, "hidden");

	setenv("KEEL_TEST_FOUND", "elsewhere", 1);
	setenv("KEEL_TEST_COUNT", "4294967295", 1);
	assert_null(load());
	assert_string_equal(words, "elsewhere");
	assert_int_equal(count, 4294967295);
}

/* What the server's own rows are to its rooms. */
static void
test_the_servers_targets(void **state)
{
	(void)state;
	assert_string_equal(load_with("KEEL_LOG_LEVEL", "warning"), "good");
	assert_int_equal(config.log_level, LEVEL_WARNING);
	assert_string_equal(load_with("KEEL_USER_DIRECTORY", "authenticated"),
	    "good");
	assert_int_equal(config.user_directory, DIRECTORY_AUTHENTICATED);
	assert_string_equal(load_with("KEEL_SMTP_TLS", "off"), "good");
	assert_false(mail_settings.tls);
	assert_null(load());
	assert_int_equal(config.log_level, LEVEL_INFO);
	assert_int_equal(config.user_directory, DIRECTORY_ADMIN);
	assert_true(mail_settings.tls);
}

static void
test_a_type_refuses_what_it_is_not(void **state)
{
	static const struct {
		const char	*name;
		const char	*value;
		const char	*must;
	} bad[] = {
		{ "KEEL_TEST_COUNT", "4", "a number from 5 to 4294967295" },
		{ "KEEL_TEST_COUNT", "42949672965",
		    "a number from 5 to 4294967295" },
		{ "KEEL_TEST_LATE", "0", "a number from 1 to 9" },
		{ "KEEL_TEST_LATE", "10", "a number from 1 to 9" },
		{ "KEEL_TEST_LATE", "1x", "a number from 1 to 9" },
		{ "KEEL_TEST_LATE", "-1", "a number from 1 to 9" },
		{ "KEEL_TEST_LATE", " 1", "a number from 1 to 9" },
		{ "KEEL_TEST_COLOUR", "pink", "red, green or blue" },
		{ "KEEL_TEST_COLOUR", "Red", "red, green or blue" },
		{ "KEEL_TEST_FLAG", "yes", "0 or 1" },
		{ "KEEL_TEST_FLAG", "01", "0 or 1" },
		{ "KEEL_SMTP_TLS", "on", "required or off" },
		{ "KEEL_SMTP_TLS", "Off", "required or off" },
		{ "KEEL_ALGORITHM", "hs256", "HS256, HS384 or HS512" },
	};
	char	 line[256];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "%s must be %s, not '%s'",
		    bad[i].name, bad[i].must, bad[i].value);
		assert_string_equal(load_with(bad[i].name, bad[i].value),
		    line);
	}
}

static void
test_a_table_is_read_after_the_servers_and_by_title(void **state)
{
	(void)state;
	thens = 0;
	assert_null(load());
	assert_int_equal(thens, 1);
	assert_string_equal(load_with("KEEL_TEST_LATE", "7"),
	    "KEEL_TEST_LATE may not be 7");
}

static void
test_all_are_printed_and_secrets_masked(void **state)
{
	const char	*text;
	char		 line[64];
	size_t		 i;

	(void)state;
	setenv("KEEL_TEST_WORDS", "given", 1);
	assert_null(load());
	text = printed();
	for (i = 0; i < ALL; i++) {
		snprintf(line, sizeof(line), "%-28s ", rows[i]);
		assert_non_null(strstr(text, line));
	}
	assert_non_null(strstr(text, "KEEL_HOST "));
	assert_non_null(strstr(text, "KEEL_LOG_LEVEL "));
	assert_non_null(strstr(text, "KEEL_TEST_WORDS              given\n"));
	assert_non_null(strstr(text,
	    "KEEL_TEST_COLOUR             green  (default)\n"));
	assert_non_null(strstr(text, "KEEL_TEST_MISSING            (unset)\n"));
	assert_null(strstr(text, "hidden"));
	assert_true(strstr(text, "KEEL_HOST ") <
	    strstr(text, "KEEL_TEST_EARLY "));
	assert_true(strstr(text, "KEEL_TEST_EARLY ") <
	    strstr(text, "KEEL_TEST_WORDS "));
	assert_true(strstr(text, "KEEL_TEST_WORDS ") <
	    strstr(text, "KEEL_TEST_LATE "));
}

static void
test_undeclared_settings(void **state)
{
	(void)state;
	assert_string_equal(load_with("KEEL_TEST_NONE", "x"),
	    "KEEL_TEST_NONE is not a setting");
	assert_string_equal(load_with("KEEL_TEST_LAT", "x"),
	    "KEEL_TEST_LAT is not a setting");
}

static void
test_an_empty_setting_is_unset(void **state)
{
	(void)state;
	assert_string_equal(load_with("KEEL_TEST_COLOUR", ""), "good");
	assert_int_equal(colour, 1);
	assert_string_equal(load_with("KEEL_SECRET_KEY", ""),
	    "KEEL_SECRET_KEY is not set (try: openssl rand -base64 48)");
}

/* A text of this many bytes, in which so many characters differ. */
static const char *
secret_of(size_t len, size_t distinct)
{
	static char	 text[128];
	size_t		 i;

	assert_true(len < sizeof(text));
	for (i = 0; i < len; i++)
		text[i] = (char)('k' + i % distinct);
	text[len] = '\0';
	return (text);
}

static void
test_the_length_of_a_secret(void **state)
{
	static const struct {
		const char	*algorithm;
		size_t		 least;
	} rules[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };
	char	 line[128];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		setenv("KEEL_ALGORITHM", rules[i].algorithm, 1);
		assert_string_equal(load_with("KEEL_SECRET_KEY",
		    secret_of(rules[i].least, 10)), "good");
		assert_string_equal(config.jwt_key.alg, rules[i].algorithm);
		assert_int_equal(config.jwt_key.secret_len, rules[i].least);
		snprintf(line, sizeof(line), "KEEL_SECRET_KEY has %zu bytes; "
		    "%s needs at least %zu (try: openssl rand -base64 48)",
		    rules[i].least - 1, rules[i].algorithm, rules[i].least);
		assert_string_equal(load_with("KEEL_SECRET_KEY",
		    secret_of(rules[i].least - 1, 10)), line);
	}
	unsetenv("KEEL_ALGORITHM");
}

static void
test_the_characters_of_a_secret(void **state)
{
	(void)state;
	assert_string_equal(load_with("KEEL_SECRET_KEY", secret_of(64, 8)),
	    "good");
	assert_string_equal(load_with("KEEL_SECRET_KEY", secret_of(64, 7)),
	    "KEEL_SECRET_KEY has only 7 different characters (try: openssl "
	    "rand -base64 48)");
	assert_string_equal(load_with("KEEL_SECRET_KEY",
	    "\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa9\xc3\xa8\xc3\xa0"
	    "\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa9\xc3\xa8\xc3\xa0"
	    "\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa9\xc3\xa8\xc3\xa0"),
	    "good");
}

/* In any case, at any place. */
static void
test_a_placeholder_is_no_secret(void **state)
{
	static const char *const	listed[] = {
		"changeme", "change-me", "change_me", "change me", "secret",
		"password", "example", "placeholder", "your-", "insecure",
		"default", "12345678", "CHANGEME", "Secret", "YOUR-",
	};
	char	 value[128], start[128];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
		snprintf(value, sizeof(value), "%s%s", secret_of(40, 10),
		    listed[i]);
		snprintf(start, sizeof(start), "KEEL_SECRET_KEY looks like a "
		    "placeholder: it contains '%.3s", listed[i]);
		assert_int_equal(strncasecmp(load_with("KEEL_SECRET_KEY",
		    value), start, strlen(start)), 0);
		snprintf(value, sizeof(value), "%s%s", listed[i],
		    secret_of(40, 10));
		assert_int_equal(strncasecmp(load_with("KEEL_SECRET_KEY",
		    value), start, strlen(start)), 0);
	}
	assert_string_equal(load_with("KEEL_SECRET_KEY",
	    "change1me-secre1-passwor1-1234567-your_x"), "good");
}

/* Commands that only need the database leave the other settings unread. */
static void
test_migrate_reads_the_database_alone(void **state)
{
	(void)state;
	setenv("KEEL_COMMAND", "migrate", 1);
	assert_string_equal(load_with("KEEL_PORT", "x"), "good");
	assert_string_equal(load_with("KEEL_DATABASE_URL", ""),
	    "KEEL_DATABASE_URL is not set (./keel serve starts a private "
	    "database when it is not; kore and kodev cannot)");
	setenv("KEEL_MIGRATE_URL", "", 1);
	assert_string_equal(load_with("KEEL_DATABASE_URL", ""),
	    "KEEL_MIGRATE_URL is empty, and KEEL_DATABASE_URL is not set");
	setenv("KEEL_MIGRATE_URL", "host=/nowhere", 1);
	assert_string_equal(load_with("KEEL_DATABASE_URL", ""), "good");
	assert_non_null(strstr(load_with("KEEL_MIGRATE_LOCK_SECOND", "5"),
	    "KEEL_MIGRATE_LOCK_SECOND is not a setting"));
	assert_string_equal(load_with("KEEL_MIGRATE_LOCK_SECONDS", "0"),
	    "KEEL_MIGRATE_LOCK_SECONDS must be a number from 1 to 86400, not "
	    "'0'");
	assert_string_equal(load_with("KEEL_MIGRATE_URL", "a b:secret"),
	    "KEEL_MIGRATE_URL is neither a valid URI nor key=value pairs "
	    "(percent-encode a URI's password)");
	setenv("KEEL_COMMAND", "openapi", 1);
	assert_null(load());
	setenv("KEEL_COMMAND", "routes", 1);
	assert_string_equal(load_with("KEEL_DATABASE_URL", ""), "good");
	setenv("KEEL_COMMAND", "queries", 1);
	assert_string_equal(load_with("KEEL_DATABASE_URL", ""), "good");
}

static void
test_openapi_reads_the_public_url_as_the_server_does(void **state)
{
	(void)state;
	setenv("KEEL_COMMAND", "openapi", 1);
	assert_string_equal(load_with("KEEL_PUBLIC_URL", "https://a.org/b"),
	    "good");
	assert_string_equal(public_path(), "/b");
	setenv("KEEL_TLS", "off", 1);
	assert_string_equal(load_with("KEEL_PUBLIC_URL", "http://a.org/c"),
	    "good");
	assert_string_equal(public_path(), "/c");
	setenv("KEEL_HOST", "/run/keel.sock", 1);
	assert_string_equal(load_with("KEEL_PUBLIC_URL", "https://a.org"),
	    "good");
	unsetenv("KEEL_HOST");
	unsetenv("KEEL_TLS");
	assert_null(load());
}

#define TEST(name)	cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_each_row_fills_its_target),
		TEST(test_the_servers_targets),
		TEST(test_a_type_refuses_what_it_is_not),
		TEST(test_a_table_is_read_after_the_servers_and_by_title),
		TEST(test_all_are_printed_and_secrets_masked),
		TEST(test_undeclared_settings),
		TEST(test_an_empty_setting_is_unset),
		TEST(test_the_length_of_a_secret),
		TEST(test_the_characters_of_a_secret),
		TEST(test_a_placeholder_is_no_secret),
		TEST(test_migrate_reads_the_database_alone),
		TEST(test_openapi_reads_the_public_url_as_the_server_does),
	};

	return (cmocka_run_group_tests_name("config", tests, NULL, NULL));
}
