/* SPDX-License-Identifier: ISC */
/* Which texts are the origin of a web page, and what is wrong with others. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/origin.h"

#define L61	"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd" \
		"eeeeeeeeeeffffffffff1"
#define L63	L61 "23"
#define HOST253	L63 "." L63 "." L63 "." L61

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static const char *
problem_of(const char *text)
{
	char		*copy = strdup(text);
	const char	*problem;

	assert_non_null(copy);
	problem = origin_problem(copy);
	free(copy);
	return (problem);
}

static void
test_origins(void **state)
{
	static const char *const	 good[] = {
		"https://app.example.org", "http://localhost:5173",
		"http://localhost:3000", "http://a", "https://a:8443",
		"http://a:443", "https://a:80", "https://a:1",
		"https://a:65535", "http://a:8", "https://a-b_c.d0.e1",
		"https://xn--bcher-kva.example", "https://1a.2b",
		"https://0xg", "https://1.2.3.4.a",
		"http://127.0.0.1:5173", "https://255.255.255.255",
		"http://[::1]:3000", "https://[::1]", "https://[2001:db8::1]",
		"https://[::ffff:102:304]", "https://[::ffff:0:0]",
		"https://[::102:304]", "https://[1::2:0:0:3:4]",
		"https://[fe80::a:b:c:d]:1", "https://" L63,
		"https://" HOST253 ":65535",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (problem_of(good[i]) != NULL)
			fail_msg("%s %s", good[i], problem_of(good[i]));
	}
	assert_int_equal(strlen("https://" HOST253 ":65535"), ORIGIN_MAX);
}

/* One for each kind of mistake, with the words that say what is wrong. */
static const struct {
	const char	*text;
	const char	*says;
} mistakes[] = {
	{ "", "is empty" },
	{ "*", "name each origin" },
	{ "https://*.example.org", "name each origin" },
	{ "http://localhost:*", "name each origin" },
	{ "null", "cannot be allowed" },
	{ " https://a", "blank" },
	{ "https://a ", "blank" },
	{ "https://a\thttps://b", "blank" },
	{ "https://a\r\nx: y", "blank" },
	{ "https://a\x01", "blank" },
	{ "https://b\xc3\xbc" "cher.example", "punycode" },
	{ "https://a\x80", "punycode" },
	{ "a.example.org", "has no scheme" },
	{ "localhost:5173", "has no scheme" },
	{ "//a", "has no scheme" },
	{ "https:/a", "has no scheme" },
	{ "https:a", "has no scheme" },
	{ "https://App.example.org", "capital letters" },
	{ "HTTPS://a", "capital letters" },
	{ "https://[2001:DB8::1]", "capital letters" },
	{ "ftp://a", "another scheme" },
	{ "ws://a", "another scheme" },
	{ "chrome-extension://abc", "another scheme" },
	{ "xhttps://a", "another scheme" },
	{ "httpss://a", "another scheme" },
	{ "://a", "another scheme" },
	{ "https://u@a", "user name" },
	{ "https://u:p@a:1", "user name" },
	{ "https://a/", "slash" },
	{ "https://a:8443/", "slash" },
	{ "https://a/app", "slash" },
	{ "https://a?x", "slash" },
	{ "https://a#x", "slash" },
	{ "https://a\\", "slash" },
	{ "https:///", "slash" },
	{ "https://", "has no host" },
	{ "https://:8443", "has no host" },
	{ "https://a:443", "default port" },
	{ "http://a:80", "default port" },
	{ "https://[::1]:443", "default port" },
	{ "https://a:", "has a port" },
	{ "https://a:0", "has a port" },
	{ "https://a:00", "has a port" },
	{ "https://a:0443", "has a port" },
	{ "https://a:65536", "has a port" },
	{ "https://a:100000", "has a port" },
	{ "https://a:99999999999999999999", "has a port" },
	{ "https://a:x", "has a port" },
	{ "https://a:1x", "has a port" },
	{ "https://a:-1", "has a port" },
	{ "https://a:1:2", "has a port" },
	{ "https://a..b", "host that is not valid" },
	{ "https://.a", "host that is not valid" },
	{ "https://a.", "host that is not valid" },
	{ "https://a%41", "host that is not valid" },
	{ "https://a\"", "host that is not valid" },
	{ "https://a;b", "host that is not valid" },
	{ "https://a\x7f", "host that is not valid" },
	{ "https://" L63 "4", "host that is not valid" },
	{ "https://" HOST253 "2", "host that is not valid" },
	{ "https://[", "host that is not valid" },
	{ "https://[]", "host that is not valid" },
	{ "https://[::1", "host that is not valid" },
	{ "https://[::1]x", "host that is not valid" },
	{ "https://[::1%25eth0]", "host that is not valid" },
	{ "https://[127.0.0.1]", "host that is not valid" },
	{ "https://::1", "has no host" },
	{ "https://127.1", "IP address" },
	{ "https://127.0.0.01", "IP address" },
	{ "https://127.0.0.256", "IP address" },
	{ "https://2130706433", "IP address" },
	{ "https://0x7f000001", "IP address" },
	{ "https://127.0.0.0x", "IP address" },
	{ "https://a.1", "IP address" },
	{ "https://[0:0:0:0:0:0:0:1]", "IP address" },
	{ "https://[::0001]", "IP address" },
	{ "https://[::ffff:1.2.3.4]", "IP address" },
	{ "https://[::1.2.3.4]", "IP address" },
};

static void
test_mistakes(void **state)
{
	const char	*problem;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		problem = problem_of(mistakes[i].text);
		if (problem == NULL || strstr(problem, mistakes[i].says) ==
		    NULL)
			fail_msg("'%s' %s", mistakes[i].text, problem != NULL ?
			    problem : "is accepted");
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_mistakes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
