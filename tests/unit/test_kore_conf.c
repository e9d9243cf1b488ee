/* SPDX-License-Identifier: ISC */
/* The check of kore.conf's regexes, before Kore reads them. */

/* sources: src/kore_conf.c src/kore_conf_names.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c tests/unit/fakes/kore_fake.c */

#include "request/request_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kore_conf.h"

static char	 folder[] = "/tmp/kore_conf.XXXXXX";
static char	*shipped;

static void
write_file(const char *name, const char *text)
{
	FILE	*f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The problem of a file with this text, which may be NULL. */
static const char *
problem_of(const char *text)
{
	write_file("k.conf", text);
	return (kore_conf_problem("k.conf", NULL));
}

static void
check(const char *text, const char *says)
{
	const char	*problem = problem_of(text);

	if (problem == NULL || strcmp(problem, says) != 0)
		fail_msg("%s: %s", text, problem);
}

static void
test_lines(void **state)
{
	static const char	 digits[] = "\\d is not POSIX: write [0-9]";
	char			 says[200];

	(void)state;
	snprintf(says, sizeof(says), "k.conf:1: validator v: %s", digits);
	check("validator v regex ^\\d$\n", says);
	check("  validator\t\tv   regex\t ^\\d$  \r\n", says);
	check("validator v regex ^\\d$", says);
	snprintf(says, sizeof(says), "k.conf:4: validator v: %s", digits);
	check("# validator x regex a\n\nvalidator w function w\n"
	    "validator v regex ^\\d$\nvalidator u regex ^\\w$\n", says);
	snprintf(says, sizeof(says), "k.conf:2: route ^/a/\\d$: %s", digits);
	check("route /\\d f\n\troute\t^/a/\\d$\t\tf\n", says);
	check("validator v regex ^[a-z \t]$", "k.conf:1: validator v: a tab "
	    "would become a blank: write [[:blank:]]");
	check("route a f\n", "k.conf:1: route a: a path begins with /: write "
	    "/a, or a regex such as ^/a/([^/]+)$");
}

static void
test_lengths(void **state)
{
	static const char *const	 bad[] = { "length:", "length:5",
	    "length:5..", "length:..5", "length:5..4", "length:0...5",
	    "length:0..5x", "length:-1..5", "length:0..+5",
	    "length:0..1000000000", "length:0000000001..5", "length:0-5",
	    "length: 0..5" };
	static const char *const	 fine[] = { "length:0..100000",
	    "length:1..1", "length:0..999999999", "length:0..0" };
	static const char *const	 dots[][2] = {
		{ "^.{0,20000}$", "length:0..20000" },
		{ "^.{1,1001}$", "length:1..1001" },
		{ "^.{4096}$", "length:4096..4096" },
		{ "^.{0,4294967295}$", "length:0..999999999" },
	};
	char				 text[200], says[200];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		snprintf(text, sizeof(text), "validator v regex %s", fine[i]);
		assert_null(problem_of(text));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "validator v regex %s", bad[i]);
		assert_non_null(problem_of(text));
		assert_non_null(strstr(problem_of(text), " is not a length: "
		    "write length:0..20000, "));
	}
	for (i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
		snprintf(text, sizeof(text), "validator v regex %s",
		    dots[i][0]);
		snprintf(says, sizeof(says), "k.conf:1: validator v: %s takes "
		    "too much memory: write %s", dots[i][0], dots[i][1]);
		check(text, says);
	}
	check("validator v regex ^.{20000,5000}$", "k.conf:1: validator v: "
	    "{20000,5000} is upside down: write {5000,20000}");
}

static void
test_ranges_of_numbers(void **state)
{
	static const char *const	 bad[] = { "number:", "number:5",
	    "number:5..", "number:..5", "number:5..4", "number:0...5",
	    "number:0..5x", "number:0..+5", "number:01..5", "number:0..-0",
	    "number:0..9223372036854775808", "number: 0..5", "number:a..b" };
	static const char *const	 fine[] = { "number:0..1",
	    "number:-10..-1", "number:5..5",
	    "number:-9223372036854775808..9223372036854775807" };
	char				 text[200];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		snprintf(text, sizeof(text), "validator v regex %s", fine[i]);
		assert_null(problem_of(text));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "validator v regex %s", bad[i]);
		assert_non_null(problem_of(text));
		assert_non_null(strstr(problem_of(text), " is not a range: "
		    "write number:-10..1000, "));
	}
}

static void
test_included_files(void **state)
{
	(void)state;
	write_file("other.conf", "\nvalidator v regex a*?\n");
	check("load ./keel.so\ninclude other.conf\n", "other.conf:2: "
	    "validator v: *? is not POSIX: write * (all of a value must "
	    "match, whatever is taken first)");
	assert_null(problem_of("include none.conf\n"));
	assert_null(problem_of("include k.conf\n"));	/* itself */
	assert_null(kore_conf_problem("none.conf", NULL));
	assert_null(kore_conf_problem(NULL, NULL));
}

/* Kore's buffer has 8192 bytes. */
static void
test_long_lines(void **state)
{
	char	 text[8193 + 64];
	int	 n = snprintf(text, sizeof(text), "validator v regex ^(");

	(void)state;
	memset(text + n, 'a', 8192 - (size_t)n);
	strcpy(text + 8191 - 5, "|b)$\n");
	assert_null(problem_of(text));
	text[n] = 'x';
	strcpy(text + 8191 - 4, "|b)$\n");
	check(text, "k.conf:1: the line is too long");
}

static void
test_other_lines(void **state)
{
	(void)state;
	assert_null(problem_of("validator\nvalidator v\nvalidator v regex\n"
	    "route\nroute /a\ninclude\n}\nfoo bar\nvalidator v function "
	    "\\d\nvalidate a \\d\n\troute\t/\\d\tf\n"));
	assert_non_null(shipped);
	assert_null(kore_conf_problem(shipped, NULL));
}

static int
begin(void **state)
{
	(void)state;
	shipped = realpath("../../kore.conf", NULL);
	return (mkdtemp(folder) == NULL || chdir(folder) == -1);
}

static int
end(void **state)
{
	(void)state;
	free(shipped);
	unlink("k.conf");
	unlink("other.conf");
	return (rmdir(folder));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_ranges_of_numbers),
		cmocka_unit_test(test_included_files),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_other_lines),
	};

	return (cmocka_run_group_tests_name("kore_conf", tests, begin, end));
}
