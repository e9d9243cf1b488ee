/* SPDX-License-Identifier: ISC */
/* What the tests of request heads share. */

#ifndef TESTS_WIRE_HEAD_FIXTURE_H
#define TESTS_WIRE_HEAD_FIXTURE_H

/*
 * Scans and parses heads of requests as wire_read.c does; the outcome is a
 * text.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire_head.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define HEAD_MAX	16384	/* kore.conf's http_header_max */

#define BAD		"400 BAD_REQUEST: "
#define BAD_CONTROL	BAD "A control character in the head"
#define BAD_LF		BAD "A line feed without a carriage return"
#define BAD_CR		BAD "A carriage return without a line feed"
#define BAD_EMPTY	BAD "Empty lines before the request"
#define BAD_LINE	BAD "The request line is not valid"
#define BAD_METHOD	BAD "The method is not valid"
#define BAD_TARGET	BAD "The request target is not valid"
#define BAD_AUTHORITY	BAD "The target's host is not valid"
#define BAD_PERCENT	BAD "The percent-encoding of the path is not valid"
#define BAD_HOST	BAD "The Host header is not valid"
#define NO_HOST		BAD "The Host header is missing"
#define TWICE		BAD "A header stands twice"
#define NO_BODY		BAD "This method takes no body"
#define TOO_MANY	"431 REQUEST_HEADER_FIELDS_TOO_LARGE: " \
			"More than 100 header lines"
#define TOO_LARGE	"431 REQUEST_HEADER_FIELDS_TOO_LARGE: " \
			"The header lines are too large"
#define LONG_LINE	"414 URI_TOO_LONG: The request line is too long"
#define LONG_TARGET	"414 URI_TOO_LONG: The request target is too long"
#define LONG_BODY	"413 CONTENT_TOO_LARGE: The body is too large"
#define NO_METHOD	"501 NOT_IMPLEMENTED: The method is not implemented"
#define BAD_CODING	BAD "The last transfer coding must be chunked, " \
			"and no other"
#define NO_CODING	"501 NOT_IMPLEMENTED: " \
			"The transfer coding is not implemented"
#define NO_VERSION	"505 HTTP_VERSION_NOT_SUPPORTED: " \
			"The HTTP version is not supported"
#define NO_EXPECT	"417 EXPECTATION_FAILED: " \
			"The expectation cannot be met"

/* A copy in a block of its own size: AddressSanitizer sees reads past it. */
static inline char *
block_of(const char *in, size_t len)
{
	char	*copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, in, len);
	return (copy);
}

static inline void
refusal(char *out, size_t size, const struct head_error *error)
{
	assert_non_null(error->message);
	snprintf(out, size, "%d %s: %s", error->kind->status,
	    error->kind->code, error->message);
}

/*
 * Scans bytes that arrive `piece` at a time, each time in another block. Writes
 * "start..end", "more", or the error.
 */
static inline size_t
scan_pieces(struct head_scan *s, const char *in, size_t len, size_t max,
    size_t piece, char *out, size_t size)
{
	struct head_error	 error = { NULL, NULL };
	size_t			 n = 0, end;
	char			*block;

	memset(s, 0, sizeof(*s));
	do {
		n = len - n > piece ? n + piece : len;
		block = block_of(in, n);
		end = head_scan(s, block, n, max, &error);
		free(block);
	} while (n < len && end == 0 && error.kind == NULL);
	if (error.kind != NULL) {
		assert_int_equal(end, 0);
		refusal(out, size, &error);
	} else if (end == 0)
		snprintf(out, size, "more");
	else
		snprintf(out, size, "%zu..%zu", s->start, end);
	return (end);
}

/* Scans byte by byte and all at once; the outcome must be the same. */
static inline const char *
scan_within(struct head_scan *s, const char *in, size_t len, size_t max,
    size_t *end)
{
	static char	 whole[128], bytes[128];

	scan_pieces(s, in, len, max, 1, bytes, sizeof(bytes));
	*end = scan_pieces(s, in, len, max, len, whole, sizeof(whole));
	if (strcmp(whole, bytes) != 0)
		fail_msg("%zu bytes at once: \"%s\", byte by byte: \"%s\": "
		    "%.100s", len, whole, bytes, in);
	return (whole);
}

/* The last head, and the block that it points into. */
static struct head	 head;
static char		*head_text;
static size_t		 head_len;
static bool		 head_accepted;

/* "GET /path ?query @host", and the rest. */
static inline const char *
head_describe(void)
{
	static char	 out[HEAD_TARGET_MAX + 512];
	size_t		 n;

	n = (size_t)snprintf(out, sizeof(out), "%s %s ?%s @%s", head.method,
	    head.path, head.query, head.host);
	assert_true(n < sizeof(out) - 100);
	if (head.content_length != 0)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " length=%lld",
		    (long long)head.content_length);
	snprintf(out + n, sizeof(out) - n, "%s%s%s",
	    head.chunked ? " chunked" : "",
	    head.expects_continue ? " continue" : "",
	    head.close ? " close" : "");
	return (out);
}

/* Parses a head of len bytes, as wire_read.c does. */
static inline const char *
head_parse_block(const char *in, size_t len)
{
	static char		 out[128];
	struct head_error	 error = { NULL, NULL };

	free(head_text);
	head_text = block_of(in, len);
	head_len = len;
	memset(&head, 0xff, sizeof(head));
	head_accepted = head_parse(&head, head_text, len, &error);
	if (head_accepted) {
		assert_null(error.kind);
		return (head_describe());
	}
	assert_non_null(error.kind);
	refusal(out, sizeof(out), &error);
	/* The log will show the method, or nothing. */
	if (*head.method != '\0' && strlen(head.method) != strcspn(in, " "))
		fail_msg("refused with the method \"%s\"", head.method);
	return (out);
}

/* Scans, both ways, and parses the head that was found. */
static inline const char *
head_read(const char *in)
{
	struct head_scan	 s;
	const char		*found;
	size_t			 end;

	found = scan_within(&s, in, strlen(in), HEAD_MAX, &end);
	if (end == 0)
		return (found);
	return (head_parse_block(in + s.start, end - s.start));
}

static inline void
assert_reads(const char *in, const char *expected)
{
	const char	*outcome = head_read(in);

	if (strcmp(outcome, expected) != 0)
		fail_msg("\"%s\", not \"%s\", of: %s", outcome, expected, in);
}

struct sample {
	const char	*in;
	const char	*outcome;
};

static inline void
assert_all(const struct sample *samples, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		assert_reads(samples[i].in, samples[i].outcome);
}

#define ASSERT_ALL(samples)	assert_all(samples, COUNT(samples))

/* The teardown of a test. */
static inline int
head_teardown(void **state)
{
	(void)state;
	free(head_text);
	head_text = NULL;
	return (0);
}

#endif
