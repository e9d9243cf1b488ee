/* SPDX-License-Identifier: ISC */
/* The settings of links in mails, and the links that they make. */

/* sources: app */

#include "config_fixture.h"
#include "mail/compose.h"
#include "modules/account/account.h"
#include "modules/account/tokens.h"

static void
test_the_frontend(void **state)
{
	static const char	 name[] = "KEEL_FRONTEND_URL";
	char			 url[256] = "https://";

	(void)state;
	assert_good(name, "https://app.example.org");
	assert_string_equal(account_settings.frontend_url,
	    "https://app.example.org");
	assert_good(name, "https://example.org:8443/app/account");
	assert_good(name, "http://localhost:5173");
	assert_good(name, "http://127.0.0.1/x");
	assert_good(name, "http://[::1]:1");
	assert_good(name, "");
	assert_null(account_settings.frontend_url);

	assert_bad(name, "app.example.org", "has no scheme");
	assert_bad(name, "ftp://x", "has another scheme");
	assert_bad(name, "http://app.example.org", "is http, which others");
	assert_bad(name, "http://192.0.2.1", "is http, which others");
	assert_bad(name, "https://app.example.org/", "ends with a slash");
	assert_bad(name, "https://x/verify?token=", "has a ? or a #");
	assert_bad(name, "https://x/#/verify", "has a ? or a #");
	assert_bad(name, "https://me@x", "has a user name");
	assert_bad(name, "https://x:0", "has a port");
	assert_bad(name, "https://[::1", "has a host");
	assert_bad(name, "https://x//a", "has a path");
	assert_bad(name, "https://x y", "has a blank");

	memset(url + 8, 'a', 192);
	assert_good(name, url);
	strcat(url, "a");
	assert_bad(name, url, "is longer than 200 bytes");
}

static void
test_the_lifetimes(void **state)
{
	(void)state;
	assert_null(load());
	assert_int_equal(*reset_purpose.seconds, 3600);
	assert_int_equal(*verify_purpose.seconds, 172800);
	setenv("KEEL_RESET_SECONDS", "60", 1);
	setenv("KEEL_VERIFY_SECONDS", "2592000", 1);
	assert_null(load());
	assert_int_equal(*reset_purpose.seconds, 60);
	assert_int_equal(*verify_purpose.seconds, 2592000);
	assert_bad("KEEL_RESET_SECONDS", "59", "from 60 to 604800");
	assert_bad("KEEL_VERIFY_SECONDS", "2592001", "from 60 to 2592000");
}

static void
assert_link(const struct token_purpose *purpose, const char *wanted)
{
	char	 link[LINK_MAX];

	token_link(purpose, "x", link);
	assert_string_equal(link, wanted);
}

static void
test_links(void **state)
{
	(void)state;
	setenv("KEEL_PUBLIC_URL", "https://example.org/backend", 1);
	assert_null(load());
	assert_link(&reset_purpose,
	    "https://example.org/backend/account/reset?token=x");
	assert_link(&verify_purpose,
	    "https://example.org/backend/account/verify?token=x");
	setenv("KEEL_FRONTEND_URL", "https://app.example.org/a", 1);
	assert_null(load());
	assert_link(&reset_purpose, "https://app.example.org/a/reset?token=x");
	assert_link(&verify_purpose,
	    "https://app.example.org/a/verify?token=x");
}

static void
test_words_for_a_time(void **state)
{
	static const struct {
		unsigned	 seconds;
		const char	*words;
	} rows[] = {
		{ 60, "1 minute" }, { 90, "1 minute" }, { 5400, "90 minutes" },
		{ 3600, "1 hour" }, { 7200, "2 hours" }, { 86400, "1 day" },
		{ 90000, "25 hours" }, { 604800, "7 days" },
		{ 86460, "1441 minutes" },
	};
	const struct mail_value	*values;
	struct ctx		 c = { 0 };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		account_settings.reset_seconds = rows[i].seconds;
		values = mail_say(&c.arena, "en", CONTEXT(
		    account_lifetime(&reset_purpose),
		    account_lifetime_count(&c, &reset_purpose)));
		assert_string_equal(values[0].value, rows[i].words);
	}
	arena_free(&c.arena, false);
}

static void
test_tokens(void **state)
{
	char	 first[TOKEN_TEXT], second[TOKEN_TEXT];
	char	 hash[TOKEN_HASH_TEXT];

	(void)state;
	assert_true(token_random(&reset_purpose, first));
	assert_true(token_random(&reset_purpose, second));
	assert_string_not_equal(first, second);
	assert_memory_equal(first, "keel_reset_", 11);
	assert_int_equal(strlen(first), 11 + 43);
	assert_int_equal(strspn(first + 11, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	/* Python's hashlib computes the same. */
	token_hash("keel_reset_x", hash);
	assert_string_equal(hash, "a3f9da3617fbed95d2a6352f941a5da1"
	    "f78d5b0951997e3d4b9283dc9d54f47a");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_the_frontend),
		TEST(test_the_lifetimes),
		TEST(test_links),
		TEST(test_words_for_a_time),
		TEST(test_tokens),
	};

	return (cmocka_run_group_tests_name("account_settings", tests, NULL,
	    NULL));
}
