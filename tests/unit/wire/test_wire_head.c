/* SPDX-License-Identifier: ISC */
/* head_scan(); test_wire_head_parse.c tests what a head says. */

/* sources: src/wire/wire_head.c src/base/error_kinds.c */
/* sources: src/wire/wire_target.c */

#include "head_fixture.h"

#define LINE	"GET / HTTP/1.1\r\n"
#define SAMPLE	"POST /a?b HTTP/1.1\r\nHost: h\r\nX: y z\r\n\r\n"

static const char *
scan(const char *in, size_t len)
{
	struct head_scan	 s;
	size_t			 end;

	return (scan_within(&s, in, len, HEAD_MAX, &end));
}

static void
assert_scans(const char *in, const char *expected)
{
	const char	*outcome = scan(in, strlen(in));

	if (strcmp(outcome, expected) != 0)
		fail_msg("\"%s\", not \"%s\", of: %s", outcome, expected, in);
}

static void
test_a_head_ends_with_an_empty_line(void **state)
{
	static const struct {
		const char	*in;
		const char	*outcome;
	} cases[] = {
		{ LINE "\r\n", "0..18" },
		{ LINE "Host: h\r\n\r\n", "0..27" },
		{ LINE ":\r\n\r\n", "0..21" },
		{ " \r\n\r\n", "0..5" },
		/* Anything may follow the head. */
		{ LINE "\r\nbody", "0..18" },
		{ LINE "\r\n\r\n\r\n\r\n\r\n", "0..18" },
		{ LINE "\r\n\n\r\x01\x7f", "0..18" },
		{ LINE "\r\n" LINE "\r\n", "0..18" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_scans(cases[i].in, cases[i].outcome);
}

/* Every beginning of a head asks for more. */
static void
test_incomplete_heads(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < strlen("\r\n" SAMPLE); i++)
		assert_string_equal(scan("\r\n" SAMPLE, i), "more");
	assert_string_equal(scan("\r\n" SAMPLE, i), "2..41");
}

/* Pieces of every size: a line's end may be split. */
static void
test_pieces_of_any_size(void **state)
{
	static const char	 in[] = "\r\n\r\n" SAMPLE "next";
	struct head_scan	 s;
	char			 out[64];
	size_t			 piece;

	(void)state;
	for (piece = 1; piece < sizeof(in); piece++) {
		scan_pieces(&s, in, strlen(in), HEAD_MAX, piece, out,
		    sizeof(out));
		assert_string_equal(out, "4..43");
	}
}

static void
test_two_leading_empty_lines(void **state)
{
	(void)state;
	assert_scans("\r\n", "more");
	assert_scans("\r\n\r\n", "more");
	assert_scans("\r\n" LINE "\r\n", "2..20");
	assert_scans("\r\n\r\n" LINE "\r\n", "4..22");
	assert_scans("\r\n\r\n\r", "more");
	assert_scans("\r\n\r\n\r\n", BAD_EMPTY);
	assert_scans("\r\n\r\n\r\n" LINE "\r\n", BAD_EMPTY);
	/* With a blank it is a line. */
	assert_scans("\r\n \r\n\r\n", "2..7");
}

static void
test_lines_end_in_cr_lf(void **state)
{
	static const struct {
		const char	*in;
		const char	*outcome;
	} cases[] = {
		{ "\n", BAD_LF },
		{ "\r\n\n", BAD_LF },
		{ "GET / HTTP/1.1\n", BAD_LF },
		{ "GET / HTTP/1.1\nHost: h\n\n", BAD_LF },
		{ LINE "\n", BAD_LF },
		{ LINE "A: b\n\r\n", BAD_LF },
		{ LINE "A: b\r\n\n", BAD_LF },
		{ LINE "A:\n b\r\n\r\n", BAD_LF },
		{ LINE " \n\r\n", BAD_LF },
		{ "\r", "more" },
		{ "\rG", BAD_CR },
		{ "\r\r", BAD_CR },
		{ "\r\r\n", BAD_CR },
		{ "GET\r / HTTP/1.1\r\n\r\n", BAD_CR },
		{ "GET / HTTP/1.1\rHost: h\r\r", BAD_CR },
		{ "GET / HTTP/1.1\r\r\n\r\n", BAD_CR },
		{ LINE "A\r: b\r\n\r\n", BAD_CR },
		{ LINE "A:\rb\r\n\r\n", BAD_CR },
		{ LINE "A: b\r\r\n\r\n", BAD_CR },
		{ LINE "\rA: b\r\n\r\n", BAD_CR },
		{ LINE "A: b\r\n\r\r\n", BAD_CR },
		{ LINE "A: b\r\t\n", BAD_CR },
		{ LINE "A: b\r\x01", BAD_CR },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_scans(cases[i].in, cases[i].outcome);
}

/* At every place of a head, every byte that is not allowed there. */
static void
test_control_characters_are_refused(void **state)
{
	char		 in[] = "\r\n" SAMPLE, was;
	size_t		 i;
	int		 c;
	const char	*outcome, *expected;

	(void)state;
	for (i = 0; i < sizeof(in) - 1; i++) {
		was = in[i];
		for (c = 0; c <= 0x7f; c++) {
			if ((c >= ' ' && c != 0x7f) || c == '\t' ||
			    c == '\r' || c == '\n')
				continue;
			in[i] = (char)c;
			expected = i > 0 && in[i - 1] == '\r' ? BAD_CR :
			    BAD_CONTROL;
			outcome = scan(in, sizeof(in) - 1);
			if (strcmp(outcome, expected) != 0)
				fail_msg("0x%02x at %zu: %s", c, i, outcome);
		}
		in[i] = was;
	}
}

/* CR and LF at every place where no line ends. */
static void
test_line_ends_elsewhere_are_refused(void **state)
{
	char	 in[] = SAMPLE, was;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(in) - 1; i++) {
		if ((was = in[i]) == '\r' || was == '\n')
			continue;
		in[i] = '\n';
		assert_string_equal(scan(in, sizeof(in) - 1), BAD_LF);
		in[i] = '\r';
		assert_string_equal(scan(in, sizeof(in) - 1), BAD_CR);
		in[i] = was;
	}
}

static void
test_all_other_bytes_are_allowed(void **state)
{
	char	 in[] = LINE "A: ?\r\n\r\n";
	char	*at = strchr(in, '?');
	int	 c;

	(void)state;
	for (c = 0; c < 256; c++) {
		if ((c < ' ' && c != '\t') || c == 0x7f)
			continue;
		*at = (char)c;
		assert_string_equal(scan(in, sizeof(in) - 1), "0..24");
	}
}

/* A head with n header lines. */
static char *
of_lines(size_t n)
{
	char	*in = malloc(sizeof(LINE) + 6 * n + 2);
	size_t	 i;

	strcpy(in, LINE);
	for (i = 0; i < n; i++)
		memcpy(in + strlen(LINE) + 6 * i, "A: b\r\n", 6);
	memcpy(in + strlen(LINE) + 6 * n, "\r\n", 3);
	return (in);
}

static void
test_there_may_be_100_header_lines(void **state)
{
	char	*in;

	(void)state;
	in = of_lines(100);
	assert_scans(in, "0..618");
	in[616] = '\0';
	assert_scans(in, "more");
	free(in);

	in = of_lines(101);
	assert_scans(in, TOO_MANY);
	/* It is refused as soon as the line has ended, and not before. */
	in[622] = '\0';
	assert_scans(in, TOO_MANY);
	in[621] = '\0';
	assert_scans(in, "more");
	free(in);
}

/* A head of len bytes with one header line. */
static const char *
of_length(size_t len)
{
	static char	 in[2048];

	memset(in, 'a', len);
	memcpy(in, LINE "A: ", strlen(LINE "A: "));
	memcpy(in + len - 4, "\r\n\r\n", 4);
	return (in);
}

static const char *
scan_max(const char *in, size_t len, size_t max)
{
	struct head_scan	 s;
	size_t			 end;

	return (scan_within(&s, in, len, max, &end));
}

static void
test_a_head_may_have_max_bytes(void **state)
{
	char	 blanks[4 + 1020] = "\r\n\r\n";

	(void)state;
	assert_string_equal(scan_max(of_length(1023), 1023, 1024), "0..1023");
	assert_string_equal(scan_max(of_length(1024), 1024, 1024), "0..1024");
	/* Empty lines before it count. */
	memcpy(blanks + 4, of_length(1020), 1020);
	assert_string_equal(scan_max(blanks, 1024, 1024), "4..1024");
}

/* Even if its end arrives with the rest. */
static void
test_a_head_beyond_max_is_too_large(void **state)
{
	char	 blanks[4 + 1021] = "\r\n\r\n";

	(void)state;
	assert_string_equal(scan_max(of_length(1025), 1025, 1024), TOO_LARGE);
	assert_string_equal(scan_max(of_length(2000), 2000, 1024), TOO_LARGE);
	memcpy(blanks + 4, of_length(1021), 1021);
	assert_string_equal(scan_max(blanks, 1025, 1024), TOO_LARGE);
}

/* max bytes without an end: too large. */
static void
test_a_head_without_end_is_too_large(void **state)
{
	static char	 in[1025];

	(void)state;
	memset(in, 'a', sizeof(in));
	assert_string_equal(scan_max(in, 1023, 1024), "more");
	assert_string_equal(scan_max(in, 1024, 1024), LONG_LINE);
	assert_string_equal(scan_max(in, 1025, 1024), LONG_LINE);
	in[1022] = '\r';
	assert_string_equal(scan_max(in, 1023, 1024), "more");
	in[1023] = '\n';
	assert_string_equal(scan_max(in, 1024, 1024), TOO_LARGE);
	memcpy(in, LINE, strlen(LINE));
	in[1022] = in[1023] = 'a';
	assert_string_equal(scan_max(in, 1023, 1024), "more");
	assert_string_equal(scan_max(in, 1024, 1024), TOO_LARGE);

	memcpy(in, "\r\n\r\naaaaaaaaaaaaaaaaaa", 22);
	assert_string_equal(scan_max(in, 1023, 1024), "more");
	assert_string_equal(scan_max(in, 1024, 1024), LONG_LINE);
}

/* The bytes of the body do not count. */
static void
test_a_body_may_be_large(void **state)
{
	static char		 in[20000] = LINE "\r\n";
	struct head_scan	 s = { 0, 0, 0, 0, 0 };
	struct head_error	 error = { NULL, NULL };

	(void)state;
	assert_int_equal(head_scan(&s, in, sizeof(in), 1024, &error), 18);
	assert_null(error.kind);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_a_head_ends_with_an_empty_line),
		cmocka_unit_test(test_incomplete_heads),
		cmocka_unit_test(test_pieces_of_any_size),
		cmocka_unit_test(test_two_leading_empty_lines),
		cmocka_unit_test(test_lines_end_in_cr_lf),
		cmocka_unit_test(test_control_characters_are_refused),
		cmocka_unit_test(test_line_ends_elsewhere_are_refused),
		cmocka_unit_test(test_all_other_bytes_are_allowed),
		cmocka_unit_test(test_there_may_be_100_header_lines),
		cmocka_unit_test(test_a_head_may_have_max_bytes),
		cmocka_unit_test(test_a_head_beyond_max_is_too_large),
		cmocka_unit_test(test_a_head_without_end_is_too_large),
		cmocka_unit_test(test_a_body_may_be_large),
	};

	return (cmocka_run_group_tests_name("wire_head", tests, NULL, NULL));
}
