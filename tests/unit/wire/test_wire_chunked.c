/* SPDX-License-Identifier: ISC */
/* Chunked bodies: what is decoded, and what is refused. */

/* sources: src/wire/wire_chunked.c */

#include "chunked_fixture.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* "done N: data" with N bytes left over, "more: data" or "bad: data". */
static const char *
read_pieces(const char *in, size_t len, size_t piece)
{
	static char	 out[1024];
	size_t		 at, n;
	int		 k;

	body_begin(&body);
	for (at = 0; at < len && body.result == CHUNKED_MORE; at += n) {
		n = len - at > piece ? piece : len - at;
		body_feed(&body, in + at, n);
	}
	if (body.result == CHUNKED_DONE)
		k = snprintf(out, sizeof(out), "done %zu: %.*s",
		    len - body.read, (int)body.len, body.data);
	else
		k = snprintf(out, sizeof(out), "%s: %.*s",
		    body.result == CHUNKED_BAD ? "bad" : "more",
		    (int)body.len, body.data);
	assert_true(k > 0 && (size_t)k < sizeof(out));
	return (out);
}

/* In pieces of every size, from single bytes to all at once. */
static void
assert_reads(const char *in, const char *expected)
{
	const char	*outcome;
	size_t		 len = strlen(in), piece;

	for (piece = 1; piece <= len; piece++) {
		outcome = read_pieces(in, len, piece);
		if (strcmp(outcome, expected) != 0)
			fail_msg("\"%s\", not \"%s\", in pieces of %zu: %s",
			    outcome, expected, piece, in);
	}
}

static void
test_bodies(void **state)
{
	(void)state;
	assert_reads("0\r\n\r\n", "done 0: ");
	assert_reads("5\r\nhello\r\n0\r\n\r\n", "done 0: hello");
	assert_reads("4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n"
	    "0\r\n\r\n", "done 0: Wikipedia in \r\nchunks.");
	assert_reads("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "done 0: abc");
	/* Data may look like framing. */
	assert_reads("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "done 0: 0\r\n\r\n");
	assert_reads("2\r\n\r\n\r\n0\r\n\r\n", "done 0: \r\n");
}

static void
test_sizes(void **state)
{
	(void)state;
	assert_reads("a\r\n0123456789\r\n0\r\n\r\n", "done 0: 0123456789");
	assert_reads("A\r\n0123456789\r\n0\r\n\r\n", "done 0: 0123456789");
	assert_reads("0a\r\n0123456789\r\n0\r\n\r\n", "done 0: 0123456789");
	assert_reads("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
	    "done 0: abcdefghijklmnopqrstuvwxyz");
	assert_reads("00000005\r\nhello\r\n00000000\r\n\r\n",
	    "done 0: hello");
	assert_reads("FfFfFfFf\r\nhello", "more: hello");
	assert_int_equal(body.state.left, UINT64_C(0xffffffff) - 5);
	/* Each size may have up to eight digits. */
	assert_reads("1\r\na\r\n00000002\r\nbc\r\n03\r\ndef\r\n0\r\n\r\n",
	    "done 0: abcdef");
}

static void
test_bad_sizes(void **state)
{
	static const char *const	bad[] = {
		"\r\n", "\n", "\r\n0\r\n\r\n", ";a\r\n", " \r\n", "\t\r\n",
		"+5\r\nhello", "-5\r\nhello", "-0\r\n\r\n", " 5\r\nhello",
		"\t5\r\nhello", "0x5\r\nhello", "0X5\r\nhello", "x5\r\nhello",
		"5h\r\nhello", "h\r\n", "g\r\n", "G\r\n", "5.0\r\nhello",
		"5,5\r\nhello", "5:5\r\nhello", "\"5\"\r\nhello", "5_\r\nhello",
		"000000005\r\nhello", "100000000\r\n", "000000000\r\n\r\n",
		"ffffffffffffffff\r\n", "10000000000000005\r\nhello",
		"@\r\n", "`\r\n", "/\r\n", ":\r\n", "\xb2\r\n", "\x7f\r\n",
		"\x01\r\n", "5\x01\r\n", "5\x0b\r\n", "5\x0c\r\n",
	};
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_reads(bad[i], "bad: ");
	assert_string_equal(read_pieces("\0" "5\r\n", 4, 4), "bad: ");
	assert_string_equal(read_pieces("5\0\r\n", 4, 4), "bad: ");
	/* The second size is invalid, too. */
	assert_reads("1\r\na\r\n\r\n0\r\n\r\n", "bad: a");
	assert_reads("1\r\na\r\n;b\r\n0\r\n\r\n", "bad: a");
	assert_reads("1\r\na\r\n-1\r\nb\r\n0\r\n\r\n", "bad: a");
}

static void
test_bad_line_ends(void **state)
{
	static const struct {
		const char	*in;
		const char	*outcome;
	} bad[] = {
		{ "5\nhello", "bad: " },
		{ "5\rhello", "bad: " },
		{ "5\r\r\nhello", "bad: " },
		{ "5;a\nhello", "bad: " },
		{ "5;a\rb\r\nhello", "bad: " },
		{ "5;a\r\r\nhello", "bad: " },
		{ "5 \nhello", "bad: " },
		{ "5\r\nhello0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello\r0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello\r\r\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello \r\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello!\r\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello!\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello\n\n0\r\n\r\n", "bad: hello" },
		{ "5\r\nhello\r!0\r\n\r\n", "bad: hello" },
		{ "6\r\nhello\r\n0\r\n\r\n", "bad: hello\r" },
		{ "0\n\n", "bad: " },
		{ "0\r\n\n", "bad: " },
		{ "0\r\n\r\r\n", "bad: " },
		{ "0\r\n\r0", "bad: " },
		{ "0\r\na: b\n\r\n", "bad: " },
		{ "0\r\na: b\r\r\n\r\n", "bad: " },
		{ "0\r\na: b\rc\r\n\r\n", "bad: " },
		{ "0\r\na: b\r\n\n", "bad: " },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_reads(bad[i].in, bad[i].outcome);
}

static void
test_extensions_are_dropped(void **state)
{
	(void)state;
	assert_reads("5;a\r\nhello\r\n0\r\n\r\n", "done 0: hello");
	assert_reads("5;a=b\r\nhello\r\n0;c=d\r\n\r\n", "done 0: hello");
	assert_reads("5;a=\"b; c\\\"\";d\r\nhello\r\n0\r\n\r\n",
	    "done 0: hello");
	assert_reads("5 ; a = b\r\nhello\r\n0\t;c\r\n\r\n", "done 0: hello");
	assert_reads("5;a=\"caf\xc3\xa9 \xff\"\r\nhello\r\n0\r\n\r\n",
	    "done 0: hello");
	/* Digits in an extension are not part of the size. */
	assert_reads("5;123456789abcdef\r\nhello\r\n0\r\n\r\n",
	    "done 0: hello");
	assert_reads("5;a\x01\r\nhello", "bad: ");
	assert_reads("5;a\x7f\r\nhello", "bad: ");
	assert_string_equal(read_pieces("5;\0\r\n", 5, 5), "bad: ");
}

/* RFC 9112, 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS value ] ) */
static void
test_the_grammar_of_extensions(void **state)
{
	static const char *const	good[] = {
		";a", ";a=b", ";a=\"b\"", ";a;b", ";a=b;c=d", " ;a", "\t \t;a",
		"; a", ";\ta", ";a ;b", ";a =b", ";a\t=b", ";a= b", ";a=\tb",
		";a = \"b\" ; c = d ; e", ";a=b ;c", ";a=\"b\";c",
		";a=\"\"", ";a=\" \"", ";a=\"\t\"", ";a=\"\\\"\"",
		";a=\"\\\\\"", ";a=\"\\b\"", ";a=\"\\\xff\"",
		";a=\"\xc3\xa9\"", ";a=\";b=\"", ";a=\"(,/:;<=>?@[]{}\"",
		";!#$%&'*+-.^_`|~0=~|`_^.-+*'&%$#!9", ";0=1", ";5",
	};
	static const char *const	bad[] = {
		";", "; ", ";\t", ";;", ";;a", ";a;", ";a; ", ";a;;b", " ; ",
		" ", "\t", ";a ", ";a=b ", ";a=\"b\" ", ";a=", ";a= ",
		";a=;b", ";=", ";=b", "; =b", ";a==b", ";a=b=c", ";a b",
		";a=b c", ";a=\"b\"c", ";a=\"b\"\"c\"", ";a=b\"c\"",
		";a=\"b\"=c", ";\"a\"", ";\"a\"=b", ";a=\"", ";a=\"b",
		";a=\"b\\", ";a=\"b\\\"", ";a,b", ";a=b,c", ";(a)",
		";a=(b)", ";a/b", ";a:b", ";a=b:c", ";a=[b]", ";a={b}",
		";\xc3\xa9", ";a=\xc3\xa9", ";a\xff", ";a=b\xff",
		";a=\"\x01\"", ";a=\"\x7f\"", ";a=\"\x1b[0m\"",
		";a=\"\\\x01\"", ";a=\"\\\x7f\"", ";a\x0b", ";a\x0c=b",
		"=b", "g", " a", ",a", "\"a\"", ";a\n", ";a=\"b\n\"",
		";a\rb", ";a=\"b\r\"", ";a=\"\\\r\"",
	};
	char				in[128];
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		snprintf(in, sizeof(in), "5%s\r\nhello\r\n0%s\r\n\r\n",
		    good[i], good[i]);
		assert_reads(in, "done 0: hello");
	}
	for (i = 0; i < COUNT(bad); i++) {
		snprintf(in, sizeof(in), "5%s\r\nhello\r\n0\r\n\r\n", bad[i]);
		assert_reads(in, "bad: ");
		snprintf(in, sizeof(in), "5\r\nhello\r\n0%s\r\n\r\n", bad[i]);
		assert_reads(in, "bad: hello");
	}
}

/* RFC 9112, 7.1.1: an extension begins with a semicolon. */
static void
test_only_extensions_follow_a_size(void **state)
{
	(void)state;
	assert_reads("5 5\r\nhello\r\n0\r\n\r\n", "bad: ");
	assert_reads("5 a\r\nhello\r\n0\r\n\r\n", "bad: ");
	assert_reads("5\t0\r\nhello\r\n0\r\n\r\n", "bad: ");
	assert_reads("0 5\r\nhello\r\n0\r\n\r\n", "bad: ");
}

static void
test_trailers_are_dropped(void **state)
{
	(void)state;
	assert_reads("0\r\na: b\r\n\r\n", "done 0: ");
	assert_reads("5\r\nhello\r\n0\r\na: b\r\nc: d\r\n\r\n",
	    "done 0: hello");
	assert_reads("0\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
	    "done 5: ");
	assert_reads("0\r\na: caf\xc3\xa9\t\xff\r\n\r\n", "done 0: ");
	assert_reads("0\r\na: b\r\n", "more: ");
	assert_reads("0\r\na: b\r\n\r", "more: ");
	assert_reads("0\r\na: \x01\r\n\r\n", "bad: ");
	assert_reads("0\r\na: \x7f\r\n\r\n", "bad: ");
	assert_string_equal(read_pieces("0\r\na\0\r\n\r\n", 9, 9), "bad: ");
}

/* RFC 9112, 7.1.2: they are header lines. */
static void
test_the_grammar_of_trailers(void **state)
{
	static const char *const	good[] = {
		"a:", "a: ", "a:b", "a:\tb", "a: b ", "a: b: c", "a::",
		"!#$%&'*+-.^_`|~09azAZ: a", "a: \"b\"", "a: \xa0\xff",
		"Transfer-Encoding: chunked", "a: b\r\na: b",
	};
	static const char *const	bad[] = {
		"a", "a b", ":", ": b", "::", " a: b", "\ta: b", " ", "a : b",
		"a\t: b", "a b: c", "a(b): c", "\"a\": b", "a=b", "a;b: c",
		"[a]: b", "a/b: c", "a@b: c", "\xc3\xa9: a", "a\xff: b",
		"a: \x01", "a\x01: b", "a: \x7f", "a: \x0b", "a: b\x1b[0m",
		"a: b\r\n c", "a: b\r\n\tc: d", "a: b\r\nc", "\n",
		"a\r\n: b", "a\n: b", "a: b\nc: d", "a: b\rc: d",
		"0", "5\r\nhello", "GET / HTTP/1.1",
	};
	char				in[128];
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		snprintf(in, sizeof(in), "1\r\na\r\n0\r\n%s\r\n\r\n", good[i]);
		assert_reads(in, "done 0: a");
	}
	for (i = 0; i < COUNT(bad); i++) {
		snprintf(in, sizeof(in), "1\r\na\r\n0\r\n%s\r\n\r\n", bad[i]);
		assert_reads(in, "bad: a");
	}
}

static void
test_the_next_request_is_left_alone(void **state)
{
	size_t	 used = 99, data = 0;

	(void)state;
	assert_reads("0\r\n\r\nGET / HTTP/1.1\r\n", "done 16: ");
	assert_reads("1\r\na\r\n0\r\n\r\n\r\n", "done 2: a");
	assert_reads("1\r\na\r\n0\r\n\r\n\x01\n", "done 2: a");
	assert_reads("0\r\n\r\n0\r\n\r\n", "done 5: ");
	/* After the end it stays at the end. */
	assert_int_equal(chunked_next(&body.state, "0", 1, &used, &data),
	    CHUNKED_DONE);
	assert_int_equal(used, 0);
	assert_int_equal(data, 0);
}

/* Every beginning of a body asks for more. */
static void
test_incomplete_bodies(void **state)
{
	static const char	 in[] = "3;a=b\r\nabc\r\n1\r\nd\r\n0\r\n"
				    "e: f\r\n\r\n";
	size_t			 i, used = 99, data = 0;

	(void)state;
	for (i = 0; i < sizeof(in) - 1; i++) {
		read_pieces(in, i, sizeof(in));
		assert_int_equal(body.result, CHUNKED_MORE);
		/* No new bytes change nothing. */
		assert_int_equal(chunked_next(&body.state, "", 0, &used,
		    &data), CHUNKED_MORE);
		assert_int_equal(used, 0);
	}
	assert_string_equal(read_pieces(in, i, sizeof(in)), "done 0: abcd");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_bad_sizes),
		cmocka_unit_test(test_bad_line_ends),
		cmocka_unit_test(test_extensions_are_dropped),
		cmocka_unit_test(test_the_grammar_of_extensions),
		cmocka_unit_test(test_only_extensions_follow_a_size),
		cmocka_unit_test(test_trailers_are_dropped),
		cmocka_unit_test(test_the_grammar_of_trailers),
		cmocka_unit_test(test_the_next_request_is_left_alone),
		cmocka_unit_test(test_incomplete_bodies),
	};

	return (cmocka_run_group_tests_name("wire_chunked", tests, NULL,
	    NULL));
}
