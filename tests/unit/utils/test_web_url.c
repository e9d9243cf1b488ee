/* SPDX-License-Identifier: ISC */
/* The URL of a web server: its parts, and what is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/web_url.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define A61	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL		A61 "aa"
#define HOST_253	LABEL "." LABEL "." LABEL "." A61

static void
test_parts(void **state)
{
	static const struct {
		const char	*text;
		bool		 secure;
		const char	*host;
		unsigned	 port;
		const char	*path;
	} good[] = {
		{ "https://api.example.org", true, "api.example.org", 0, "" },
		{ "http://API.example", false, "API.example", 0, "" },
		{ "https://x:1", true, "x", 1, "" },
		{ "https://x:65535", true, "x", 65535, "" },
		{ "https://192.0.2.1:443", true, "192.0.2.1", 443, "" },
		{ "https://[::1]:8443/a", true, "::1", 8443, "/a" },
		{ "https://[2001:db8::1]", true, "2001:db8::1", 0, "" },
		{ "https://x_y-z.", true, "x_y-z.", 0, "" },
		{ "https://x/backend", true, "x", 0, "/backend" },
		{ "https://x/a/b.c/...", true, "x", 0, "/a/b.c/..." },
		{ "https://x/-._~!$&()*+,;=:@", true, "x", 0,
		    "/-._~!$&()*+,;=:@" },
		{ "https://x/%41%fF", true, "x", 0, "/%41%fF" },
		{ "https://x/..a/.b", true, "x", 0, "/..a/.b" },
		{ "https://" HOST_253, true, HOST_253, 0, "" },
	};
	struct web_url	 url;
	size_t		 i;

	(void)state;
	assert_int_equal(strlen(HOST_253), 253);
	for (i = 0; i < COUNT(good); i++) {
		if (!web_url_parse(good[i].text, &url))
			fail_msg("%s", good[i].text);
		assert_int_equal(url.secure, good[i].secure);
		assert_string_equal(url.host, good[i].host);
		assert_int_equal(url.port, good[i].port);
		assert_string_equal(url.path, good[i].path);
		assert_null(web_url_problem(good[i].text));
	}
}

static void
test_what_is_none(void **state)
{
	static const char *const	bad[] = {
		"", "x", "x.example", "ftp://x", "HTTPS://x", "https:/x",
		"https://", "http://", "https:///a", "https://:1",
		"https://x:", "https://x:0", "https://x:65536",
		"https://x:99999999999999999999", "https://x:1a",
		"https://x:-1", "https://x:1:2", "https://user@x",
		"https://user:p@x", "https://x y",
		"https://b\xc3\xbcro.example", "https://x%41",
		"https://[::1", "https://::1", "https://[]",
		"https://[127.0.0.1]", "https://[x]", "https://[::1]x",
		"https://x/", "https://x/a/", "https://x//a", "https://x/a//b",
		"https://x/.", "https://x/..", "https://x/../a",
		"https://x/a/./b", "https://x?", "https://x/a?b",
		"https://x#", "https://x/a#b", "https://x/%", "https://x/%4",
		"https://x/%4g", "https://x/%g4", "https://x/a b",
		"https://x/\"", "https://x/<", "https://x/>", "https://x/'",
		"https://x/\xc3\xbc", "https://x/a\\b", "https://x/\r\n",
		"https://" HOST_253 "a",
	};
	struct web_url	 url;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (web_url_parse(bad[i], &url))
			fail_msg("%s", bad[i]);
		if (web_url_problem(bad[i]) == NULL)
			fail_msg("%s", bad[i]);
	}
}

static void
test_problems(void **state)
{
	static const char	 host[] = "has a host that is not valid";
	static const char	 path[] = "has a path that is not valid";
	static const char	 port[] =
	    "has a port that is no number from 1 to 65535";
	static const char	 blank[] = "has a blank";
	static const char	 more[] = "has a ? or a #";
	static const char	 slash[] = "ends with a slash";
	static const char *const	bad[][2] = {
		{ "", "has no scheme: write https:// in front" },
		{ "app.example.org", "has no scheme: write https:// in front" },
		{ "//x", "has no scheme: write https:// in front" },
		{ "ftp://x", "has another scheme than https and http" },
		{ "HTTPS://x", "has another scheme than https and http" },
		{ "https://x y", blank }, { " https://x", blank },
		{ "https://x\n", blank }, { "https://x\x1f", blank },
		{ "https://b\xc3\xbcro", "is not in ASCII: write a host as "
		    "xn--..., and a path percent-encoded" },
		{ "https://x/\x7f", "is not in ASCII: write a host as "
		    "xn--..., and a path percent-encoded" },
		{ "https://x?a", more }, { "https://x/#", more },
		{ "https://me@x", "has a user name" },
		{ "https://me:p@x/a", "has a user name" },
		{ "https://x/", slash }, { "https://x/a/", slash },
		{ "https://", slash },
		{ "https://:1", host }, { "https://x%41", host },
		{ "https://[::1", host }, { "https://[::1]x", host },
		{ "https://x:", port }, { "https://x:0", port },
		{ "https://x:65536", port }, { "https://x:1a", port },
		{ "https://x:1:2", port },
		{ "https://x//a", path }, { "https://x/..", path },
		{ "https://x/%4g", path }, { "https://x/<", path },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_string_equal(web_url_problem(bad[i][0]), bad[i][1]);
	/* An @ in a path is no user. */
	assert_null(web_url_problem("https://x/@me"));
}

static void
test_loopback(void **state)
{
	static const char *const	own[] = {
		"https://localhost", "https://LocalHost:1",
		"https://a.localhost",
		"https://localhost.", "https://127.0.0.1", "https://127.9.8.7",
		"https://[::1]", "https://[0:0::1]",
		"https://[0:0:0:0:0:0:0:1]",
		"https://[::ffff:127.0.0.1]",
	};
	static const char *const	others[] = {
		"https://example.org", "https://localhost.org",
		"https://notlocalhost", "https://localhos", "https://128.0.0.1",
		"https://126.0.0.1", "https://[::2]", "https://[7f00::1]",
		"https://.", "https://x",
	};
	struct web_url	 url;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(own); i++) {
		assert_true(web_url_parse(own[i], &url));
		if (!web_url_is_loopback(&url))
			fail_msg("%s", own[i]);
	}
	for (i = 0; i < COUNT(others); i++) {
		assert_true(web_url_parse(others[i], &url));
		if (web_url_is_loopback(&url))
			fail_msg("%s", others[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_loopback),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
