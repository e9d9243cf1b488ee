/* SPDX-License-Identifier: ISC */
/* head_parse(): the request line, the target, and the host. */

/* sources: src/wire/wire_head.c src/base/error_kinds.c */
/* sources: src/wire/wire_target.c */

#include "head_fixture.h"

/* A head with this request line. */
#define HEAD(line)	line "\r\nHost: h\r\n\r\n"

/* A head with this target, and one with these header lines. */
#define TARGET(target)	HEAD("GET " target " HTTP/1.1")
#define LINES(lines)	"GET / HTTP/1.1\r\n" lines "\r\n\r\n"

static void
test_methods(void **state)
{
	static const struct sample	samples[] = {
		{ HEAD("GET / HTTP/1.1"), "GET / ? @h" },
		{ HEAD("HEAD / HTTP/1.1"), "HEAD / ? @h" },
		{ HEAD("POST / HTTP/1.1"), "POST / ? @h" },
		{ HEAD("PUT / HTTP/1.1"), "PUT / ? @h" },
		{ HEAD("PATCH / HTTP/1.1"), "PATCH / ? @h" },
		{ HEAD("DELETE / HTTP/1.1"), "DELETE / ? @h" },
		{ HEAD("OPTIONS / HTTP/1.1"), "OPTIONS / ? @h" },
		{ HEAD("TRACE / HTTP/1.1"), NO_METHOD },
		{ HEAD("CONNECT h:443 HTTP/1.1"), NO_METHOD },
		{ HEAD("PRI * HTTP/1.1"), NO_METHOD },
		{ HEAD("get / HTTP/1.1"), NO_METHOD },
		{ HEAD("GETS / HTTP/1.1"), NO_METHOD },
		{ HEAD("GE / HTTP/1.1"), NO_METHOD },
		{ HEAD("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1"), NO_METHOD },
		{ HEAD("G@T / HTTP/1.1"), BAD_METHOD },
		{ HEAD("G\xc3\x89T / HTTP/1.1"), BAD_METHOD },
		{ HEAD("\"GET\" / HTTP/1.1"), BAD_METHOD },
		{ HEAD("GET: / HTTP/1.1"), BAD_METHOD },
		{ HEAD("\tGET / HTTP/1.1"), BAD_METHOD },
		{ HEAD("GET\t / HTTP/1.1"), BAD_METHOD },
	};

	(void)state;
	ASSERT_ALL(samples);
}

/* Exactly two blanks, and both are spaces. */
static void
test_request_line(void **state)
{
	static const struct sample	samples[] = {
		{ HEAD("GET"), BAD_LINE },
		{ HEAD("GET "), BAD_LINE },
		{ HEAD("GET /"), BAD_LINE },
		{ HEAD("GET / "), BAD_LINE },
		{ HEAD("GET  "), BAD_LINE },
		{ HEAD(" "), BAD_LINE },
		{ HEAD("\t"), BAD_LINE },
		{ HEAD("/ HTTP/1.1"), BAD_LINE },
		{ HEAD("GET HTTP/1.1"), BAD_LINE },
		{ HEAD("GET\t/\tHTTP/1.1"), BAD_LINE },
		{ HEAD("GET  / HTTP/1.1"), BAD_LINE },
		{ HEAD("GET /  HTTP/1.1"), BAD_LINE },
		{ HEAD("GET / HTTP/1.1 "), BAD_LINE },
		{ HEAD("GET / HTTP/1.1\t"), BAD_LINE },
		{ HEAD("GET / \tHTTP/1.1"), BAD_LINE },
		{ HEAD("GET /a b HTTP/1.1"), BAD_LINE },
		/* An empty method, an empty target. */
		{ HEAD(" / HTTP/1.1"), BAD_METHOD },
		{ HEAD("GET  HTTP/1.1"), BAD_TARGET },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_versions(void **state)
{
	static const struct sample	samples[] = {
		{ HEAD("GET / HTTP/1.1"), "GET / ? @h" },
		{ HEAD("GET / HTTP/1.0"), "GET / ? @h close" },
		/* RFC 9110, 2.5: a newer minor version is compatible. */
		{ HEAD("GET / HTTP/1.2"), "GET / ? @h" },
		{ HEAD("GET / HTTP/1.9"), "GET / ? @h" },
		{ HEAD("GET / HTTP/2.0"), NO_VERSION },
		{ HEAD("GET / HTTP/3.0"), NO_VERSION },
		{ HEAD("GET / HTTP/0.9"), NO_VERSION },
		{ HEAD("GET / HTTP/9.9"), NO_VERSION },
		/* The version is checked before the method. */
		{ HEAD("PRI * HTTP/2.0"), NO_VERSION },
		{ HEAD("GET / HTTP/2"), BAD_LINE },
		{ HEAD("GET / HTTP/1"), BAD_LINE },
		{ HEAD("GET / HTTP/1."), BAD_LINE },
		{ HEAD("GET / HTTP/"), BAD_LINE },
		{ HEAD("GET / HTTP"), BAD_LINE },
		{ HEAD("GET / HTTP/.1"), BAD_LINE },
		{ HEAD("GET / HTTP/1.10"), BAD_LINE },
		{ HEAD("GET / HTTP/11.1"), BAD_LINE },
		{ HEAD("GET / HTTP/1,1"), BAD_LINE },
		{ HEAD("GET / HTTP/a.1"), BAD_LINE },
		{ HEAD("GET / HTTP/1.a"), BAD_LINE },
		{ HEAD("GET / HTTP/+1.1"), BAD_LINE },
		{ HEAD("GET / http/1.1"), BAD_LINE },
		{ HEAD("GET / Http/1.1"), BAD_LINE },
		{ HEAD("GET / HTTPS/1.1"), BAD_LINE },
		{ HEAD("GET / XHTTP/1.1"), BAD_LINE },
		{ HEAD("GET / HTTP/\xb2.1"), BAD_LINE },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_paths_and_queries(void **state)
{
	static const struct sample	samples[] = {
		{ TARGET("/"), "GET / ? @h" },
		{ TARGET("/a/b"), "GET /a/b ? @h" },
		{ TARGET("/a?b"), "GET /a ?b @h" },
		{ TARGET("/?b=c&d"), "GET / ?b=c&d @h" },
		{ TARGET("/a?"), "GET /a ? @h" },
		{ TARGET("/a??b?c"), "GET /a ??b?c @h" },
		{ TARGET("/?/a"), "GET / ?/a @h" },
		/* The query is as it was sent. */
		{ TARGET("/a?%23%20"), "GET /a ?%23%20 @h" },
		{ TARGET("/a?%75&%zz&%1&%"), "GET /a ?%75&%zz&%1&% @h" },
		{ TARGET("//a/.././/b;c"), "GET //a/.././/b;c ? @h" },
		{ TARGET("/\"<>\\^`{|}~!$&'()*+,;=:@[]"),
		    "GET /\"<>\\^`{|}~!$&'()*+,;=:@[] ? @h" },
		{ TARGET("/http://a/b"), "GET /http://a/b ? @h" },
		{ TARGET("/?http://a/b"), "GET / ?http://a/b @h" },
	};

	(void)state;
	ASSERT_ALL(samples);
}

/* RFC 3986, 6.2.2: %75 and u are the same; %2f and / are not. */
static void
test_the_percent_encoding_of_paths(void **state)
{
	static const struct sample	samples[] = {
		{ TARGET("/%75sers"), "GET /users ? @h" },
		{ TARGET("/%75%73%65%72%73"), "GET /users ? @h" },
		{ TARGET("/%41%5a%61%7A%30%39%2d%2E%5f%7e"),
		    "GET /AZaz09-._~ ? @h" },
		{ TARGET("/%2Fa%2f"), "GET /%2Fa%2F ? @h" },
		{ TARGET("/%00%0d%0A%20%7f"), "GET /%00%0D%0A%20%7F ? @h" },
		{ TARGET("/%c3%A9%ff"), "GET /%C3%A9%FF ? @h" },
		{ TARGET("/%25%37%35"), "GET /%2575 ? @h" },
		{ TARGET("/%3f%23?a"), "GET /%3F%23 ?a @h" },
		{ TARGET("/a/%2e%2e/b"), "GET /a/../b ? @h" },
		{ TARGET("https://a/%75?%75"), "GET /u ?%75 @a" },
		{ HEAD("OPTIONS /%75 HTTP/1.1"), "OPTIONS /u ? @h" },
		{ TARGET("/%"), BAD_PERCENT },
		{ TARGET("/%?a"), BAD_PERCENT },
		{ TARGET("/%1"), BAD_PERCENT },
		{ TARGET("/%1?1"), BAD_PERCENT },
		{ TARGET("/%zz"), BAD_PERCENT },
		{ TARGET("/%1z"), BAD_PERCENT },
		{ TARGET("/%z1"), BAD_PERCENT },
		{ TARGET("/%%41"), BAD_PERCENT },
		{ TARGET("/%u0041"), BAD_PERCENT },
		{ TARGET("/a%20b%2"), BAD_PERCENT },
		{ TARGET("/%75%"), BAD_PERCENT },
		{ TARGET("https://a/%1"), BAD_PERCENT },
		{ TARGET("%75"), BAD_TARGET },
		{ HEAD("OPTIONS %2a HTTP/1.1"), BAD_TARGET },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_targets_that_are_not_valid(void **state)
{
	static const struct sample	samples[] = {
		{ TARGET("a"), BAD_TARGET },
		{ TARGET("?a"), BAD_TARGET },
		{ TARGET("?/a"), BAD_TARGET },
		{ TARGET("h:80"), BAD_TARGET },
		{ TARGET("\\a"), BAD_TARGET },
		{ TARGET("%2f"), BAD_TARGET },
		{ TARGET("/#"), BAD_TARGET },
		{ TARGET("#"), BAD_TARGET },
		{ TARGET("/a#b"), BAD_TARGET },
		{ TARGET("/a?b#c"), BAD_TARGET },
		{ TARGET("/a\tb"), BAD_TARGET },
		{ TARGET("\t/a"), BAD_TARGET },
		{ TARGET("/a\t"), BAD_TARGET },
		{ TARGET("/a?\t"), BAD_TARGET },
		{ TARGET("/\x80"), BAD_TARGET },
		{ TARGET("/caf\xc3\xa9"), BAD_TARGET },
		{ TARGET("/?\xff"), BAD_TARGET },
		{ TARGET("http://h/\xc3\xa9"), BAD_TARGET },
		{ TARGET("http://h/#a"), BAD_TARGET },
		/* The scan refuses it first. */
		{ TARGET("/\x7f"), BAD_CONTROL },
		{ TARGET("/\x01"), BAD_CONTROL },
		/* Other schemes, and texts that look like one. */
		{ TARGET("ftp://h/"), BAD_TARGET },
		{ TARGET("file:///a"), BAD_TARGET },
		{ TARGET("javascript:a"), BAD_TARGET },
		{ TARGET("http:/h/"), BAD_TARGET },
		{ TARGET("http:h"), BAD_TARGET },
		{ TARGET("https:/"), BAD_TARGET },
		{ TARGET("http:"), BAD_TARGET },
		{ TARGET("xhttp://h/"), BAD_TARGET },
		{ TARGET("httpss://h/"), BAD_TARGET },
		{ TARGET("http?://h/"), BAD_TARGET },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_a_star_is_for_options(void **state)
{
	static const struct sample	samples[] = {
		{ HEAD("OPTIONS * HTTP/1.1"), "OPTIONS * ? @h" },
		{ HEAD("OPTIONS * HTTP/1.0"), "OPTIONS * ? @h close" },
		{ HEAD("OPTIONS ** HTTP/1.1"), BAD_TARGET },
		{ HEAD("OPTIONS *?a HTTP/1.1"), BAD_TARGET },
		{ HEAD("OPTIONS */ HTTP/1.1"), BAD_TARGET },
		{ HEAD("OPTIONS a HTTP/1.1"), BAD_TARGET },
		{ HEAD("GET * HTTP/1.1"), BAD_TARGET },
		{ HEAD("HEAD * HTTP/1.1"), BAD_TARGET },
		{ HEAD("POST * HTTP/1.1"), BAD_TARGET },
	};

	(void)state;
	ASSERT_ALL(samples);
}

/* The target's host counts, not the Host header. */
static void
test_absolute_targets(void **state)
{
	static const struct sample	samples[] = {
		{ TARGET("https://a"), "GET / ? @a" },
		{ TARGET("https://a/"), "GET / ? @a" },
		{ TARGET("https://a/p?q"), "GET /p ?q @a" },
		{ TARGET("https://a?q"), "GET / ?q @a" },
		{ TARGET("https://a?"), "GET / ? @a" },
		{ TARGET("https://a?/q"), "GET / ?/q @a" },
		{ TARGET("https://a/?q?r/s"), "GET / ?q?r/s @a" },
		{ TARGET("https://a//p"), "GET //p ? @a" },
		{ TARGET("http://a/p"), "GET /p ? @a" },
		{ TARGET("http://a?q"), "GET / ?q @a" },
		{ TARGET("HTTP://a/p"), "GET /p ? @a" },
		{ TARGET("hTTpS://A/p"), "GET /p ? @A" },
		{ TARGET("https://a:8888/p"), "GET /p ? @a:8888" },
		{ TARGET("https://a:/p"), "GET /p ? @a:" },
		{ TARGET("https://a:1?q"), "GET / ?q @a:1" },
		{ TARGET("https://[::1]:8888/p"), "GET /p ? @[::1]:8888" },
		{ TARGET("https://192.0.2.1"), "GET / ? @192.0.2.1" },
		{ TARGET("https://long.example.com.host.name/p?q"),
		    "GET /p ?q @long.example.com.host.name" },
		{ TARGET("http://a/http://b/"), "GET /http://b/ ? @a" },
		{ HEAD("OPTIONS https://a HTTP/1.1"), "OPTIONS / ? @a" },
		{ TARGET("https://"), BAD_AUTHORITY },
		{ TARGET("http://"), BAD_AUTHORITY },
		{ TARGET("https:///p"), BAD_AUTHORITY },
		{ TARGET("https://?q"), BAD_AUTHORITY },
		{ TARGET("https://:80/"), BAD_AUTHORITY },
		{ TARGET("https://user@a/"), BAD_AUTHORITY },
		{ TARGET("https://user:pass@a/"), BAD_AUTHORITY },
		{ TARGET("https://@a/"), BAD_AUTHORITY },
		{ TARGET("https://a\\b/"), BAD_AUTHORITY },
		{ TARGET("https://a:b/"), BAD_AUTHORITY },
		{ TARGET("https://a%/"), BAD_AUTHORITY },
		/* It does not replace the Host header. */
		{ "GET https://a/ HTTP/1.1\r\n\r\n", NO_HOST },
		{ "GET https://a/ HTTP/1.1\r\nHost: @\r\n\r\n", BAD_HOST },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_the_host_header(void **state)
{
	static const struct sample	samples[] = {
		{ LINES("Host: a.example"), "GET / ? @a.example" },
		{ LINES("hOST:\t a \t"), "GET / ? @a" },
		{ LINES("A: b\r\nHost: a:8888\r\nC: d"), "GET / ? @a:8888" },
		{ LINES("Host: a:"), "GET / ? @a:" },
		{ LINES("Host: [::1]:8888"), "GET / ? @[::1]:8888" },
		{ LINES("Host: [::1]"), "GET / ? @[::1]" },
		{ LINES("Host: [::ffff:192.0.2.1]"),
		    "GET / ? @[::ffff:192.0.2.1]" },
		{ LINES("Host: [2001:DB8::a]:"), "GET / ? @[2001:DB8::a]:" },
		{ LINES("Host: 192.0.2.1:1"), "GET / ? @192.0.2.1:1" },
		{ LINES("Host: -._~!$&'()*+,;="),
		    "GET / ? @-._~!$&'()*+,;=" },
		{ LINES("Host: %41%e9%FF:8"), "GET / ? @%41%e9%FF:8" },
		{ "GET / HTTP/1.1\r\n\r\n", NO_HOST },
		{ "GET / HTTP/1.2\r\n\r\n", NO_HOST },
		{ "GET / HTTP/1.9\r\n\r\n", NO_HOST },
		{ LINES("Hosts: a"), NO_HOST },
		{ LINES("Host: a\r\nHost: a"), TWICE },
		{ LINES("Host: a\r\nB: c\r\nHOST: b"), TWICE },
		{ LINES("Host:\r\nHost:"), TWICE },
	};
	static const char *const	bad[] = {
		"", " ", ":80", "a:b", "a:80:80", "a:80a", "a:-1", "a: 80",
		"a b", "a/b", "a/", "/", "a?", "a#", "a@b", "http://a", "a,b c",
		"a\\b", "\"a\"", "<a>", "a^b", "a|b", "a`b", "{a}", "a\tb",
		"caf\xc3\xa9", "\x80", "[", "[]", "]", "[]:80", "[::1", "::1",
		"::1]", "[::1]a", "[::1]80", "[::1]:a", "[::1]:80:80", "a[::1]",
		"[::g]", "[fe80::1%25lo]", "[v1.a]", "[[::1]]", "[ ::1]",
		"[a b]", "%", "a%", "%4", "a%4:80", "%zz", "%4z", "%%41",
	};
	char				in[128];
	size_t				i;

	(void)state;
	ASSERT_ALL(samples);
	for (i = 0; i < COUNT(bad); i++) {
		snprintf(in, sizeof(in), LINES("Host: %s"), bad[i]);
		assert_reads(in, BAD_HOST);
	}
}

/* RFC 9112, 3.2: only HTTP/1.1 must have one. What is sent is checked. */
static void
test_http_1_0_may_have_no_host(void **state)
{
	static const struct sample	samples[] = {
		{ "GET / HTTP/1.0\r\n\r\n", "GET / ? @ close" },
		{ "OPTIONS / HTTP/1.0\r\n\r\n", "OPTIONS / ? @ close" },
		{ "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		    "HEAD / ? @" },
		{ "GET https://a/ HTTP/1.0\r\n\r\n", "GET / ? @a close" },
		{ "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / ? @a close" },
		{ "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", BAD_HOST },
		{ "GET / HTTP/1.0\r\nHost:\r\n\r\n", BAD_HOST },
		{ "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", TWICE },
		{ "GET https://@/ HTTP/1.0\r\n\r\n", BAD_AUTHORITY },
	};

	(void)state;
	ASSERT_ALL(samples);
}

/* A head with n letters in it. */
static const char *
with(const char *before, size_t n, const char *after)
{
	static char	 in[HEAD_TARGET_MAX + 128];
	char		 letters[HEAD_TARGET_MAX + 1];

	memset(letters, 'a', n);
	letters[n] = '\0';
	snprintf(in, sizeof(in), "%s%s%s", before, letters, after);
	return (in);
}

static void
test_lengths_of_hosts(void **state)
{
	static const char	 host[] = "GET / HTTP/1.1\r\nHost: ";
	static const char	 target[] = "GET https://";
	static const char	 rest[] = "/ HTTP/1.1\r\nHost: h\r\n\r\n";

	(void)state;
	head_read(with(host, HEAD_HOST_MAX, "\r\n\r\n"));
	assert_int_equal(strlen(head.host), 253);
	assert_reads(with(host, HEAD_HOST_MAX + 1, "\r\n\r\n"), BAD_HOST);
	head_read(with(host, HEAD_HOST_MAX - 2, ":1\r\n\r\n"));
	assert_int_equal(strlen(head.host), 253);
	assert_reads(with(host, HEAD_HOST_MAX - 1, ":1\r\n\r\n"), BAD_HOST);
	head_read(with(target, HEAD_HOST_MAX, rest));
	assert_int_equal(strlen(head.host), 253);
	assert_reads(with(target, HEAD_HOST_MAX + 1, rest), BAD_AUTHORITY);
}

static void
test_lengths_of_targets(void **state)
{
	static const char	 rest[] = " HTTP/1.1\r\nHost: h\r\n\r\n";
	const size_t		 max = HEAD_TARGET_MAX;

	(void)state;
	head_read(with("GET /", max - 1, rest));
	assert_int_equal(strlen(head.path), 8000);
	assert_reads(with("GET /", max, rest), LONG_TARGET);
	head_read(with("GET /?", max - 2, rest));
	assert_int_equal(strlen(head.query), 7998);
	assert_reads(with("GET /?", max - 1, rest), LONG_TARGET);
	head_read(with("GET https://a/", max - 10, rest));
	assert_int_equal(strlen(head.path), 7991);
	assert_reads(with("GET https://a/", max - 9, rest), LONG_TARGET);
	/* Whatever else the head has. */
	assert_reads(with("GET #", max, rest), LONG_TARGET);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, head_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_methods),
		TEST(test_request_line),
		TEST(test_versions),
		TEST(test_paths_and_queries),
		TEST(test_the_percent_encoding_of_paths),
		TEST(test_targets_that_are_not_valid),
		TEST(test_a_star_is_for_options),
		TEST(test_absolute_targets),
		TEST(test_the_host_header),
		TEST(test_http_1_0_may_have_no_host),
		TEST(test_lengths_of_hosts),
		TEST(test_lengths_of_targets),
	};

	return (cmocka_run_group_tests_name("wire_head_parse", tests, NULL,
	    NULL));
}
