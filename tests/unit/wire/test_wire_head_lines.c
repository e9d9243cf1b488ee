/* SPDX-License-Identifier: ISC */
/* head_parse(): header lines, Connection, and how the body ends. */

/* sources: src/wire/wire_head.c src/base/error_kinds.c */
/* sources: src/wire/wire_target.c */

#include "head_fixture.h"

#define BAD_FOLD	BAD "A header line is folded"
#define BAD_COLON	BAD "A header line has no colon"
#define BAD_NAME	BAD "The name of a header is not valid"
#define BAD_LENGTH	BAD "Content-Length is not a number"
#define BOTH		BAD "Content-Length beside Transfer-Encoding"
#define OLD_CODING	BAD "Transfer-Encoding in HTTP/1.0"

/* A head with Host and these header lines. */
#define HEAD(first, lines)	first "\r\nHost: h\r\n" lines "\r\n\r\n"
#define GET(lines)		HEAD("GET / HTTP/1.1", lines)
#define POST(lines)		HEAD("POST / HTTP/1.1", lines)
#define OLD_GET(lines)		HEAD("GET / HTTP/1.0", lines)
#define OLD_POST(lines)		HEAD("POST / HTTP/1.0", lines)
#define LINE(line)		HEAD("GET / HTTP/1.1", line)

#define GOT		"GET / ? @h"
#define POSTED		"POST / ? @h"

/* The second header line, as "name=value". */
static void
assert_line(const char *in, const char *expected)
{
	char	 out[256];

	assert_reads(in, GOT);
	assert_int_equal(head.nlines, 2);
	snprintf(out, sizeof(out), "%s=%s", head.lines[1].name,
	    head.lines[1].value);
	assert_string_equal(out, expected);
}

static void
test_names_and_values(void **state)
{
	(void)state;
	assert_line(LINE("Name: value"), "Name=value");
	assert_line(LINE("Name:value"), "Name=value");
	assert_line(LINE("Name: \t value\t \t"), "Name=value");
	assert_line(LINE("Name: a \t b"), "Name=a \t b");
	assert_line(LINE("Name: a: b:"), "Name=a: b:");
	assert_line(LINE("Name::"), "Name=:");
	assert_line(LINE("Name:"), "Name=");
	assert_line(LINE("Name: \t "), "Name=");
	assert_line(LINE("!#$%&'*+-.^_`|~09azAZ: a"),
	    "!#$%&'*+-.^_`|~09azAZ=a");
	assert_line(LINE("a: \"b\", (c); <d>"), "a=\"b\", (c); <d>");
	/* RFC 9110, 5.5: obs-text. */
	assert_line(LINE("a: J\xc3\xbcrgen \xff\x80"),
	    "a=J\xc3\xbcrgen \xff\x80");
	assert_line(LINE("a: \xa0 \x85"), "a=\xa0 \x85");
}

static void
test_lines_that_are_not_valid(void **state)
{
	static const struct sample	samples[] = {
		{ LINE(" a: b"), BAD_FOLD },
		{ LINE("\ta: b"), BAD_FOLD },
		{ LINE("a: b\r\n c"), BAD_FOLD },
		{ LINE("a: b\r\n\tc: d"), BAD_FOLD },
		{ LINE(" "), BAD_FOLD },
		{ "GET / HTTP/1.1\r\n Host: h\r\n\r\n", BAD_FOLD },
		{ LINE("a"), BAD_COLON },
		{ LINE("a b"), BAD_COLON },
		{ LINE("\xc3\xa9"), BAD_COLON },
		{ LINE("a;b"), BAD_COLON },
		{ LINE(":"), BAD_NAME },
		{ LINE(": a"), BAD_NAME },
		{ LINE("::"), BAD_NAME },
		{ LINE("a : b"), BAD_NAME },
		{ LINE("a\t: b"), BAD_NAME },
		{ LINE("a b: c"), BAD_NAME },
		{ LINE("a\"b: c"), BAD_NAME },
		{ LINE("a(b): c"), BAD_NAME },
		{ LINE("a/b: c"), BAD_NAME },
		{ LINE("a,b: c"), BAD_NAME },
		{ LINE("a;b: c"), BAD_NAME },
		{ LINE("a=b: c"), BAD_NAME },
		{ LINE("a@b: c"), BAD_NAME },
		{ LINE("{a}: c"), BAD_NAME },
		{ LINE("[a]: c"), BAD_NAME },
		{ LINE("a\\b: c"), BAD_NAME },
		{ LINE("<a>: c"), BAD_NAME },
		{ LINE("a?: c"), BAD_NAME },
		{ LINE("\xc3\xa9: c"), BAD_NAME },
		{ LINE("a\xff: c"), BAD_NAME },
		{ LINE("Content-Length : 5"), BAD_NAME },
		{ LINE("Transfer-Encoding\t: chunked"), BAD_NAME },
		/* The scan refuses it first. */
		{ LINE("a: \x01"), BAD_CONTROL },
		{ LINE("a: b\x1b[0m"), BAD_CONTROL },
		{ LINE("a\x7f: b"), BAD_CONTROL },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_lines_that_may_not_repeat(void **state)
{
	static const struct sample	samples[] = {
		{ GET("Authorization: Bearer a"), GOT },
		{ GET("Authorization: a\r\nAuthorization: b"), TWICE },
		{ GET("Authorization: a\r\nauthorization: a"), TWICE },
		{ GET("Authorization: a\r\nB: c\r\nAUTHORIZATION:"), TWICE },
		{ GET("Authorization:\r\nAuthorization: a"), TWICE },
		{ POST("Content-Type: a/b"), POSTED },
		{ POST("Content-Type: a/b\r\ncontent-type: a/b"), TWICE },
		{ POST("Content-Length: 5\r\nContent-Length: 5"), TWICE },
		{ POST("Content-Length: 5\r\nContent-Length: 6"), TWICE },
		{ POST("Transfer-Encoding: chunked\r\n"
		    "Transfer-Encoding: chunked"), TWICE },
		{ POST("Transfer-Encoding: gzip\r\n"
		    "Transfer-Encoding: chunked"), TWICE },
		{ POST("Expect: 100-continue\r\nExpect: 100-continue"), TWICE },
		/* Other headers may be repeated. */
		{ GET("Accept: a\r\nAccept: b\r\naccept: c"), GOT },
		{ GET("Cookie: a\r\nCookie: b"), GOT },
		{ GET("X-Forwarded-For: ::1\r\nX-Forwarded-For: ::2"), GOT },
		{ GET("Authorizations: a\r\nAuthorization: b"), GOT },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_values_are_found_by_name(void **state)
{
	(void)state;
	assert_reads(GET("Accept: a\r\naccept: b\r\nEmpty:"), GOT);
	assert_int_equal(head.nlines, 4);
	assert_string_equal(head_value(&head, "host"), "h");
	assert_string_equal(head_value(&head, "HOST"), "h");
	/* The first of several. */
	assert_string_equal(head_value(&head, "accept"), "a");
	assert_string_equal(head_value(&head, "empty"), "");
	assert_null(head_value(&head, "accep"));
	assert_null(head_value(&head, "accept-"));
	assert_null(head_value(&head, ""));
}

/* The values of the lines of that name, forwards, then backwards. */
static const char *
values_of(const char *name)
{
	const struct head_line	*line = NULL;
	static char		 out[256];
	size_t			 n = 0;

	out[0] = '\0';
	while ((line = head_next(&head, line, name)) != NULL)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s ",
		    line->value);
	n += (size_t)snprintf(out + n, sizeof(out) - n, "|");
	while ((line = head_previous(&head, line, name)) != NULL)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " %s",
		    line->value);
	return (out);
}

static void
test_all_lines_of_a_name(void **state)
{
	(void)state;
	assert_reads(LINE("a: 1\r\nb: 2\r\nA: 3\r\naa: 4\r\na: 5"), GOT);
	assert_string_equal(values_of("a"), "1 3 5 | 5 3 1");
	assert_string_equal(values_of("B"), "2 | 2");
	assert_string_equal(values_of("host"), "h | h");
	assert_string_equal(values_of("c"), "|");
	assert_string_equal(values_of(""), "|");
	head.nlines = 0;
	assert_string_equal(values_of("a"), "|");
}

/* All hundred lines are found. */
static void
test_a_hundred_lines(void **state)
{
	char		 in[2048], name[16];
	unsigned	 i, n;

	(void)state;
	n = (unsigned)sprintf(in, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (i = 1; i < HEAD_LINES_MAX; i++)
		n += (unsigned)sprintf(in + n, "n%u: v%u\r\n", i, i);
	sprintf(in + n, "\r\n");
	assert_reads(in, GOT);
	assert_int_equal(head.nlines, 100);
	for (i = 1; i < HEAD_LINES_MAX; i++) {
		sprintf(name, "n%u", i);
		assert_string_equal(head.lines[i].name, name);
		name[0] = 'v';
		assert_string_equal(head.lines[i].value, name);
	}
	sprintf(in + n, "n100: v100\r\n\r\n");
	assert_reads(in, TOO_MANY);
}

static void
test_the_connection(void **state)
{
	static const struct sample	samples[] = {
		{ GET("Connection: close"), GOT " close" },
		{ GET("connection: CLOSE"), GOT " close" },
		{ GET("Connection: keep-alive"), GOT },
		{ GET("Connection: keep-alive, close"), GOT " close" },
		{ GET("Connection: close, keep-alive"), GOT " close" },
		{ GET("Connection: TE,close"), GOT " close" },
		{ GET("Connection: , ,\t,Close ,"), GOT " close" },
		{ GET("Connection: a\r\nConnection: close"), GOT " close" },
		{ GET("Connection: close\r\nConnection: keep-alive"),
		    GOT " close" },
		{ GET("Connection:"), GOT },
		{ GET("Connection: ,"), GOT },
		{ GET("Connection: closed"), GOT },
		{ GET("Connection: clos"), GOT },
		{ GET("Connection: xclose"), GOT },
		{ GET("Connection: close-notify"), GOT },
		{ GET("Connection: \"close\""), GOT },
		{ GET("Connection: upgrade\r\nUpgrade: h2c"), GOT },
		{ GET("Proxy-Connection: close"), GOT },
		{ OLD_GET("A: b"), GOT " close" },
		{ OLD_GET("Connection: keep-alive"), GOT },
		{ OLD_GET("Connection: Keep-Alive"), GOT },
		{ OLD_GET("Connection: a, keep-alive"), GOT },
		{ OLD_GET("Connection: a\r\nConnection: keep-alive"), GOT },
		{ OLD_GET("Connection: keep-alive, close"), GOT " close" },
		{ OLD_GET("Connection: close"), GOT " close" },
		{ OLD_GET("Connection: keep-alives"), GOT " close" },
		{ OLD_GET("Connection:"), GOT " close" },
		{ OLD_GET("Keep-Alive: timeout=5"), GOT " close" },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_content_length(void **state)
{
	static const struct sample	samples[] = {
		{ POST("A: b"), POSTED },
		{ POST("Content-Length: 0"), POSTED },
		{ POST("Content-Length: 5"), POSTED " length=5" },
		{ POST("Content-Length:\t 5 \t"), POSTED " length=5" },
		{ POST("Content-Length: 0005"), POSTED " length=5" },
		{ POST("Content-Length: 999999999999999999"),
		    POSTED " length=999999999999999999" },
		{ POST("Content-Length: 1000000000000000000"), LONG_BODY },
		{ POST("Content-Length: 9223372036854775808"), LONG_BODY },
		{ POST("Content-Length: 00000000000000000000000000005"),
		    POSTED " length=5" },
		{ POST("Content-Length: 00000000000000000000"), POSTED },
		{ POST("Content-Length: 01000000000000000000"), LONG_BODY },
		{ POST("Content-Length: 18446744073709551621"), LONG_BODY },
		{ OLD_POST("Content-Length: 5"), POSTED " length=5 close" },
		{ POST("Content-Length:"), BAD_LENGTH },
		{ POST("Content-Length: \t"), BAD_LENGTH },
		{ POST("Content-Length: +5"), BAD_LENGTH },
		{ POST("Content-Length: -5"), BAD_LENGTH },
		{ POST("Content-Length: -0"), BAD_LENGTH },
		{ POST("Content-Length: 5, 5"), BAD_LENGTH },
		{ POST("Content-Length: 5,5"), BAD_LENGTH },
		{ POST("Content-Length: 5 5"), BAD_LENGTH },
		{ POST("Content-Length: 5\t5"), BAD_LENGTH },
		{ POST("Content-Length: 5;"), BAD_LENGTH },
		{ POST("Content-Length: 5.0"), BAD_LENGTH },
		{ POST("Content-Length: 5e1"), BAD_LENGTH },
		{ POST("Content-Length: 0x5"), BAD_LENGTH },
		{ POST("Content-Length: a"), BAD_LENGTH },
		{ POST("Content-Length: \"5\""), BAD_LENGTH },
		{ POST("Content-Length: \xb2"), BAD_LENGTH },
		{ POST("Content-Length: 1000000000000000000a"), BAD_LENGTH },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_transfer_encoding(void **state)
{
	static const struct sample	samples[] = {
		{ POST("Transfer-Encoding: chunked"), POSTED " chunked" },
		{ POST("transfer-encoding:CHUNKED"), POSTED " chunked" },
		{ POST("Transfer-Encoding: \tChunked \t"), POSTED " chunked" },
		{ POST("Transfer-Encoding: chunked\r\nContent-Length: 5"),
		    BOTH },
		{ POST("Content-Length: 0\r\nTransfer-Encoding: chunked"),
		    BOTH },
		{ POST("Content-Length: a\r\nTransfer-Encoding: b"), BOTH },
		{ GET("Content-Length: 0\r\nTransfer-Encoding: chunked"),
		    BOTH },
		{ POST("Transfer-Encoding: \x0b" "chunked"), BAD_CONTROL },
		{ OLD_POST("Transfer-Encoding: chunked"), OLD_CODING },
		{ OLD_POST("Transfer-Encoding: gzip"), OLD_CODING },
		{ OLD_POST("Transfer-Encoding: chunked\r\n"
		    "Connection: keep-alive"), OLD_CODING },
	};

	(void)state;
	ASSERT_ALL(samples);
}

/* RFC 9112, 6.3: nobody can tell where such a request ends. */
static void
test_chunked_is_the_last_coding(void **state)
{
	static const char *const	codings[] = {
		"gzip", "identity", "deflate", "xchunked", "chunkedx", "chunk",
		"\"chunked\"", "\xa0" "chunked", "", ",", "a b", "chunked a",
		"chunked;a=b", "chunked;", "chunked ;a", "gzip;a=\"chunked\"",
		"chunked, gzip", "chunked, identity", "gzip, chunked, gzip",
		"chunked, chunked", "chunked,chunked", "Chunked, CHUNKED",
		"chunked, gzip, chunked", "gzip, chunked, chunked",
		"chunked;a, chunked", "chunked ;a=b, chunked",
		"gzip, chunked;a=b",
		/* A list with an empty element. */
		"chunked,", "chunked, ", ",chunked", ", chunked", ",,chunked",
		"gzip,,chunked", "gzip, ,chunked", ",gzip, chunked",
		"gzip, chunked,",
		/* Not a coding. */
		"\"gzip\", chunked", "(a), chunked", ";a=b, chunked",
		"\xff, chunked", "=, chunked",
	};
	char				in[128];
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(codings); i++) {
		snprintf(in, sizeof(in), POST("Transfer-Encoding: %s"),
		    codings[i]);
		assert_reads(in, BAD_CODING);
	}
}

/* RFC 9112, 6.1: a coding that the server does not understand. */
static void
test_other_codings_are_not_implemented(void **state)
{
	static const struct sample	samples[] = {
		{ POST("Transfer-Encoding: gzip, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: gzip,chunked"), NO_CODING },
		{ POST("Transfer-Encoding: gzip \t, \tChunked"), NO_CODING },
		{ POST("Transfer-Encoding: identity, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: a, b, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: xchunked, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: chunkedx, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: chunke, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: a;b=c, chunked"), NO_CODING },
		{ POST("Transfer-Encoding: a ;b=\"c\", chunked"), NO_CODING },
	};

	(void)state;
	ASSERT_ALL(samples);
}

static void
test_bodies_by_method(void **state)
{
	static const char *const	without[] = { "GET", "HEAD", "DELETE",
					    "OPTIONS" };
	static const char *const	with[] = { "POST", "PUT", "PATCH" };
	char				in[128], out[64];
	size_t				i;

#define METHOD(method, line)						\
	(snprintf(in, sizeof(in), "%s / HTTP/1.1\r\nHost: h\r\n"	\
	    line "\r\n\r\n", method), in)
#define DESCRIBED(method, rest)						\
	(snprintf(out, sizeof(out), "%s / ? @h" rest, method), out)
	(void)state;
	for (i = 0; i < COUNT(without); i++) {
		assert_reads(METHOD(without[i], "Content-Length: 5"), NO_BODY);
		assert_reads(METHOD(without[i], "Transfer-Encoding: chunked"),
		    NO_BODY);
		assert_reads(METHOD(without[i], "Content-Length: 0"),
		    DESCRIBED(without[i], ""));
	}
	for (i = 0; i < COUNT(with); i++) {
		assert_reads(METHOD(with[i], "Content-Length: 5"),
		    DESCRIBED(with[i], " length=5"));
		assert_reads(METHOD(with[i], "Transfer-Encoding: chunked"),
		    DESCRIBED(with[i], " chunked"));
	}
}

static void
test_expectations(void **state)
{
#define BODY	"\r\nContent-Length: 5"
	static const struct sample	samples[] = {
		{ POST("Expect: 100-continue" BODY),
		    POSTED " length=5 continue" },
		{ POST("expect: 100-Continue" BODY),
		    POSTED " length=5 continue" },
		{ POST("Expect: 100-continue\r\nTransfer-Encoding: chunked"),
		    POSTED " chunked continue" },
		{ GET("Expect: 100-continue"), GOT " continue" },
		{ POST("Expect: 200-ok" BODY), NO_EXPECT },
		{ POST("Expect: 100-continue, a" BODY), NO_EXPECT },
		{ POST("Expect: 100-continue;a" BODY), NO_EXPECT },
		{ POST("Expect: 100" BODY), NO_EXPECT },
		{ POST("Expect:" BODY), NO_EXPECT },
		{ GET("Expect: a"), NO_EXPECT },
		/* RFC 9110, 10.1.1: in HTTP/1.0 it is ignored. */
		{ OLD_POST("Expect: 100-continue" BODY),
		    POSTED " length=5 close" },
		{ OLD_POST("Expect: a" BODY), POSTED " length=5 close" },
		/* How the body ends is checked first. */
		{ POST("Expect: a\r\nContent-Length: b"), BAD_LENGTH },
	};

	(void)state;
	ASSERT_ALL(samples);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, head_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_names_and_values),
		TEST(test_lines_that_are_not_valid),
		TEST(test_lines_that_may_not_repeat),
		TEST(test_values_are_found_by_name),
		TEST(test_all_lines_of_a_name),
		TEST(test_a_hundred_lines),
		TEST(test_the_connection),
		TEST(test_content_length),
		TEST(test_transfer_encoding),
		TEST(test_chunked_is_the_last_coding),
		TEST(test_other_codings_are_not_implemented),
		TEST(test_bodies_by_method),
		TEST(test_expectations),
	};

	return (cmocka_run_group_tests_name("wire_head_lines", tests, NULL,
	    NULL));
}
