/* SPDX-License-Identifier: ISC */
/*
 * Heads with random faults: no byte outside is touched (AddressSanitizer checks
 * it), and a head that is accepted is valid.
 */

/* sources: src/wire/wire_head.c src/base/error_kinds.c */
/* sources: src/wire/wire_target.c */

#include "head_fixture.h"

#define ROUNDS	200000
#define NOISE	4		/* most faults in a head */

static const char *const	good[] = {
	"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
	"\r\nGET /a/b?c=d HTTP/1.0\r\nHost: [::1]:8888\r\n"
	    "Connection: keep-alive, a\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a.example\r\nAccept: \t \r\n\r\n",
	"POST https://a.example:80/p?q HTTP/1.1\r\nHost: b\r\n"
	    "Content-Type: application/json\r\nContent-Length: 12\r\n"
	    "Expect: 100-continue\r\n\r\n{\"a\":\"b\"}\r\n",
	"PUT HTTP://a?q HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\nAuthorization: Bearer a.b.c\r\n"
	    "X-Forwarded-For: 192.0.2.1\r\n\r\n5\r\n",
};

/* Texts that a fault may insert. */
static const char *const	words[] = {
	"\r\n", "\r", "\n", " ", "\t", ":", "/", "?", "#", "@", "*", "[", "]",
	",", "%", "\x7f", "\x80", "\xff", "\x01", "HTTP/1.1", "HTTP/1.0",
	"https://", "http://", "Host: a\r\n", "Content-Length: 0\r\n",
	"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
	"Expect: 100-continue\r\n", "Connection: close\r\n", "a: b\r\n",
	"\r\n\r\n", "chunked", "close", "0", "5",
};

static unsigned	seed = 1;

static size_t
below(size_t n)
{
	return ((size_t)rand_r(&seed) % n);
}

/* Replaces `gone` bytes at `at` by n others. */
static size_t
splice(char *in, size_t len, size_t at, size_t gone, const char *bytes,
    size_t n)
{
	memmove(in + at + n, in + at + gone, len - at - gone);
	memcpy(in + at, bytes, n);
	return (len - gone + n);
}

/* Makes one fault; there is room for it. */
static size_t
disturb(char *in, size_t len)
{
	size_t		 at = below(len + 1), n = below(8);
	char		 some[64], c;
	const char	*word = words[below(COUNT(words))];

	if (n > len - at)
		n = len - at;
	switch (below(6)) {
	case 0:			/* another byte */
		c = (char)below(256);
		return (splice(in, len, at, n > 0, &c, 1));
	case 1:			/* another bit */
		if (at < len)
			in[at] = (char)(in[at] ^ 1 << below(8));
		return (len);
	case 2:			/* bytes gone */
		return (splice(in, len, at, n, "", 0));
	case 3:			/* bytes repeated */
		memcpy(some, in + at, n);
		return (splice(in, len, at, 0, some, n));
	case 4:			/* a word inserted, or replacing */
		return (splice(in, len, at, below(2) * n, word,
		    strlen(word)));
	default:		/* bytes from elsewhere */
		memcpy(some, in + at, n);
		return (splice(in, len, below(len + 1), 0, some, n));
	}
}

/* The string is in the text, or is one of the two constants. */
static void
assert_inside(const char *s)
{
	const char	*end = head_text + head_len;

	if (strcmp(s, "") == 0 && (s < head_text || s >= end))
		return;
	if (strcmp(s, "/") == 0 && (s < head_text || s >= end))
		return;
	assert_true(s >= head_text && s < end);
	assert_non_null(memchr(s, '\0', (size_t)(end - s)));
}

/* It has neither blanks around it, nor a byte that could end a line. */
static void
assert_value(const char *s)
{
	size_t	 len = strlen(s);

	assert_null(strpbrk(s, "\r\n\x7f"));
	if (len > 0) {
		assert_null(strchr(" \t", s[0]));
		assert_null(strchr(" \t", s[len - 1]));
	}
}

static void
assert_sound(void)
{
	static const char	 methods[] = " GET HEAD POST PUT PATCH DELETE "
				    "OPTIONS ";
	char			 method[16];
	const char		*p;
	unsigned		 i;

	snprintf(method, sizeof(method), " %s ", head.method);
	assert_non_null(strstr(methods, method));
	assert_inside(head.method);
	assert_inside(head.path);
	assert_inside(head.query);
	assert_inside(head.host);
	assert_true(head.path[0] == '/' || strcmp(head.path, "*") == 0);
	assert_null(strpbrk(head.path, "?#"));
	assert_null(strchr(head.query, '#'));
	for (p = head.path; *p != '\0'; p++)
		assert_true(*p > ' ' && *p < 0x7f);
	for (p = head.query; *p != '\0'; p++)
		assert_true(*p > ' ' && *p < 0x7f);
	assert_in_range(strlen(head.host), 0, HEAD_HOST_MAX);
	assert_null(strpbrk(head.host, " \t/?#@\\\r\n"));
	assert_true(head.content_length >= 0);
	assert_false(head.chunked && head.content_length > 0);
	assert_in_range(head.nlines, 0, HEAD_LINES_MAX);
	for (i = 0; i < head.nlines; i++) {
		assert_inside(head.lines[i].name);
		assert_inside(head.lines[i].value);
		assert_true(head.lines[i].name[0] != '\0');
		assert_null(strpbrk(head.lines[i].name, " \t:\r\n"));
		assert_value(head.lines[i].value);
	}
	/* The fixture's HTTP/1.0 may have lost its Host. */
	assert_true(*head.host != '\0' || head_value(&head, "host") == NULL);
}

/* Scans, at once and in pieces, and parses. Returns whether it passed. */
static bool
try(const char *in, size_t len)
{
	struct head_scan	 s;
	char			 whole[128], pieces[128];
	size_t			 end;

	scan_pieces(&s, in, len, HEAD_MAX, 1 + below(40), pieces,
	    sizeof(pieces));
	end = scan_pieces(&s, in, len, HEAD_MAX, len, whole, sizeof(whole));
	assert_string_equal(whole, pieces);
	if (end == 0)
		return (false);
	assert_true(s.start < end && end <= len);
	assert_memory_equal(in + end - 4, "\r\n\r\n", 4);
	head_parse_block(in + s.start, end - s.start);
	return (head_accepted);
}

static void
test_noise(void **state)
{
	char		 in[2048];
	const char	*sample;
	size_t		 len;
	unsigned	 i, k, accepted = 0;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		sample = good[i % COUNT(good)];
		len = strlen(sample);
		memcpy(in, sample, len);
		for (k = 1 + (unsigned)below(NOISE); k > 0 && len > 0; k--)
			len = disturb(in, len);
		if (len == 0 || !try(in, len))
			continue;
		assert_sound();
		accepted++;
	}
	/* Some heads were accepted, and some refused. */
	assert_in_range(accepted, ROUNDS / 50, ROUNDS - ROUNDS / 50);
}

/* Without a fault the heads are accepted, so the faults are what is tested. */
static void
test_without_noise(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_true(try(good[i], strlen(good[i])));
		assert_sound();
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_teardown(test_without_noise, head_teardown),
		cmocka_unit_test_teardown(test_noise, head_teardown),
	};

	return (cmocka_run_group_tests_name("wire_head_noise", tests, NULL,
	    NULL));
}
