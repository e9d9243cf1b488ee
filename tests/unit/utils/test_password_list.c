/* SPDX-License-Identifier: ISC */
/* A list of leaked passwords, in Pwned Passwords' format. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utils/hex.h"
#include "utils/password_list.h"

#define NAME	"LIST"
#define ZEROS	"0000000000000000000000000000000000000000"
#define ONES	"1111111111111111111111111111111111111111"
#define EFS	"ffffffffffffffffffffffffffffffffffffffff"

static char	path[] = "/tmp/test_password_list.XXXXXX";

static void
write_file(const char *text)
{
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static enum password_listing
find(const char *password)
{
	int	 error = -1;

	return (password_list_find(password, &error));
}

static const char *
open_problem(const char *text)
{
	write_file(text);
	return (password_list_open(NAME, path));
}

static void
hash_line(const char *password, char *out, const char *digits,
    const char *tail)
{
	unsigned char	 digest[20];
	size_t		 i;

	assert_int_equal(EVP_Digest(password, strlen(password), digest, NULL,
	    EVP_sha1(), NULL), 1);
	for (i = 0; i < sizeof(digest); i++, out += 2)
		hex_pair(out, digest[i], digits);
	strcpy(out, tail);
}

static int
compare(const void *a, const void *b)
{
	return (memcmp(a, b, 40));
}

/* n passwords, "password 0" and so on, in lines with this end. */
static char *
make_list(size_t n, const char *digits, const char *tail, bool last_end)
{
	char	(*lines)[64] = calloc(n + 1, sizeof(*lines));
	char	*text = calloc(n + 1, sizeof(*lines)), *end = text;
	char	 password[40];
	size_t	 i;

	assert_true(lines != NULL && text != NULL);
	for (i = 0; i < n; i++) {
		snprintf(password, sizeof(password), "password %zu", i);
		hash_line(password, lines[i], digits, tail);
	}
	qsort(lines, n, sizeof(*lines), compare);
	for (i = 0; i < n; i++)
		end = stpcpy(end, lines[i]);
	if (!last_end)
		end[-(ptrdiff_t)strlen(strpbrk(tail, "\r\n"))] = '\0';
	free(lines);
	return (text);
}

static void
check_list(size_t n, const char *digits, const char *tail, bool last_end)
{
	char	*text = make_list(n, digits, tail, last_end), password[40];
	size_t	 i;

	assert_null(open_problem(text));
	for (i = 0; i < n; i++) {
		snprintf(password, sizeof(password), "password %zu", i);
		assert_int_equal(find(password), PASSWORD_LISTED);
		snprintf(password, sizeof(password), "password %zu", i + n);
		assert_int_equal(find(password), PASSWORD_UNLISTED);
	}
	free(text);
}

static void
test_every_line_is_found(void **state)
{
	size_t	 n;

	(void)state;
	for (n = 1; n < 100; n++) {
		check_list(n, HEX_UPPER, ":37359195\r\n", true);
		check_list(n, HEX_LOWER, ":1\n", false);
	}
	check_list(3, HEX_UPPER, ":12345678901234567890\r\n", true);
	check_list(3000, HEX_UPPER, ":2\r\n", false);
}

/* The normal form is looked for. */
static void
test_forms(void **state)
{
	char	 line[64];

	(void)state;
	hash_line("caf\xc3\xa9 au lait", line, HEX_UPPER, ":1\r\n");
	assert_null(open_problem(line));
	assert_int_equal(find("caf\xc3\xa9 au lait"), PASSWORD_LISTED);
	assert_int_equal(find("cafe\xcc\x81\xc2\xa0" "au lait"),
	    PASSWORD_LISTED);
	assert_int_equal(find("Caf\xc3\xa9 au lait"), PASSWORD_UNLISTED);
}

static void
check_problem(const char *text, const char *problem)
{
	char		 expect[400];
	const char	*told = open_problem(text);

	snprintf(expect, sizeof(expect), "%s: %s %s", NAME, path, problem);
	assert_non_null(told);
	assert_string_equal(told, expect);
}

static void
test_what_is_no_list(void **state)
{
#define BEGIN	"does not begin like Pwned Passwords: with the 40 hex digits " \
		"of a SHA-1, a colon and a count"
#define LINE(byte)							\
		"has a line at byte " byte " that is not the 40 hex digits "  \
		"of a SHA-1, a colon and a count"
	static const char *const first[] = { "\n", "password\n", ZEROS,
	    ZEROS "\n", ZEROS ":\n", ZEROS ":x\n", ZEROS "0:1\n",
	    ZEROS ":1\r\r\n", ZEROS ":1 \n", " " ZEROS ":1\n",
	    "\xef\xbb\xbf" ZEROS ":1\n", "7z\xbc\xaf\x27\x1c" };
	size_t	 i;

	(void)state;
	check_problem("", "is empty");
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		check_problem(first[i], BEGIN);
	check_problem("00000000000000000000000000000000:1\r\n", "is the NTLM "
	    "edition of Pwned Passwords, but the SHA-1 one is needed");
	check_problem(ZEROS ":1\n" ONES ":1\n" "abc", LINE("86"));
	check_problem(ZEROS ":1\n" ONES ":1\n\n", LINE("86"));
	check_problem(ONES ":9\n" ZEROS ":1\n", "is not ordered by hash");
	check_problem(ONES ":9\n" ONES ":1\n", "is not ordered by hash");
	check_problem(ZEROS ":1\n" EFS ":1\n" ONES ":1\n",
	    "is not ordered by hash");
	assert_null(open_problem(ZEROS ":1\n" ONES ":1\n" EFS ":1"));
}

static void
test_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_string_equal(strchr(password_list_open(NAME, path), '/') +
	    strlen(path), ": No such file or directory");
	assert_string_equal(password_list_open(NAME, "/tmp"),
	    NAME ": /tmp is not a file");
	assert_string_equal(password_list_open(NAME, "/dev/null"),
	    NAME ": /dev/null is not a file");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(strchr(password_list_open(NAME, path), '/') +
	    strlen(path), " is not a file");
	assert_int_equal(unlink(path), 0);
}

/* No password may pass because the list was damaged. */
static void
test_a_list_that_changes(void **state)
{
	char	*text = make_list(100, HEX_UPPER, ":1\n", true);
	int	 error = -1;

	(void)state;
	assert_null(open_problem(text));
	assert_int_equal(truncate(path, 40), 0);
	assert_int_equal(password_list_find("x", &error),
	    PASSWORD_LIST_FAILED);
	assert_int_equal(error, 0);
	assert_int_equal(truncate(path, 4300), 0);	/* NULs */
	error = -1;
	assert_int_equal(password_list_find("x", &error),
	    PASSWORD_LIST_FAILED);
	assert_int_equal(error, 0);

	/* Who renames a file over it does not change it. */
	assert_null(open_problem(text));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(password_list_find("password 7", &error),
	    PASSWORD_LISTED);
	assert_int_equal(password_list_find("x", &error), PASSWORD_UNLISTED);
	free(text);
}

static void
test_no_list(void **state)
{
	(void)state;
	assert_int_equal(find("password"), PASSWORD_UNLISTED);
}

static int
setup(void **state)
{
	int	 fd = mkstemp(path);

	(void)state;
	return (fd == -1 ? -1 : close(fd));
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_every_line_is_found),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_what_is_no_list),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_a_list_that_changes),
	};

	return (cmocka_run_group_tests_name("password_list", tests, setup,
	    teardown));
}
