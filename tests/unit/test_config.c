/* SPDX-License-Identifier: ISC */
/* sources: app */

/* Settings: any number can be declared; each is read, listed and masked. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#include "config.h"

/* More settings than a fixed table would hold. */
#define TEN(n)								\
	SETTING(n##0, "KEEL_TEST_" #n "0", "fallback");			\
	SETTING(n##1, "KEEL_TEST_" #n "1", NULL);			\
	SETTING(n##2, "KEEL_TEST_" #n "2", NULL);			\
	SETTING(n##3, "KEEL_TEST_" #n "3", NULL);			\
	SETTING(n##4, "KEEL_TEST_" #n "4", NULL);			\
	SETTING(n##5, "KEEL_TEST_" #n "5", NULL);			\
	SETTING(n##6, "KEEL_TEST_" #n "6", NULL);			\
	SETTING(n##7, "KEEL_TEST_" #n "7", NULL);			\
	SETTING(n##8, "KEEL_TEST_" #n "8", NULL);			\
	SETTING(n##9, "KEEL_TEST_" #n "9", "hidden", .secret = true)

TEN(A);
TEN(B);
TEN(C);
TEN(D);

static int
setup(void **state)
{
	(void)state;
	setenv("KEEL_COMMAND", "serve", 1);
	setenv("KEEL_ALLOW_ROOT", "1", 1);
	setenv("KEEL_DATABASE_URL", "host=/nowhere", 1);
	setenv("KEEL_SECRET_KEY", "Zm9yIHRlc3RzIGFsb25lLCBub3RoaW5nIG1vcmU",
	    1);
	unsetenv("KEEL_TEST_D8");
	unsetenv("KEEL_TEST_E0");
	return (0);
}

/* A process loads settings once; this forgets what an earlier test loaded. */
static const char *
load(void)
{
	const char	*what;

	__lsan_disable();
	what = config_load();
	__lsan_enable();
	return (what);
}

/* The output of check-config. */
static const char *
printed(void)
{
	static char	 text[16384];
	FILE		*file = tmpfile();
	int		 before = dup(STDOUT_FILENO);
	size_t		 len;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	config_print();
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return (text);
}

static void
test_any_number_of_settings(void **state)
{
	const char	*text, *p;
	unsigned	 lines = 0;

	(void)state;
	setenv("KEEL_TEST_D8", "given", 1);
	assert_null(load());
	assert_string_equal(setting_read(&A0_setting), "fallback");
	assert_null(setting_read(&C5_setting));
	assert_string_equal(setting_read(&D8_setting), "given");
	assert_string_equal(setting_read(&D9_setting), "hidden");

	text = printed();
	for (p = text; (p = strstr(p, "KEEL_TEST_")) != NULL; p++)
		lines++;
	assert_int_equal(lines, 40);
	assert_non_null(strstr(text, "KEEL_HOST "));
	assert_non_null(strstr(text, "KEEL_LOG_LEVEL "));
	assert_non_null(strstr(text, "KEEL_TEST_D8                 given\n"));
	assert_null(strstr(text, "hidden"));
}

static void
test_undeclared_settings(void **state)
{
	(void)state;
	setenv("KEEL_TEST_E0", "x", 1);
	assert_string_equal(load(), "KEEL_TEST_E0 is not a setting");
}

static void
test_an_empty_setting_is_unset(void **state)
{
	(void)state;
	setenv("KEEL_TEST_A0", "", 1);
	assert_string_equal(setting_read(&A0_setting), "fallback");
	assert_false(A0_setting.given);
	unsetenv("KEEL_TEST_A0");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_any_number_of_settings, setup),
		cmocka_unit_test_setup(
		    test_undeclared_settings, setup),
		cmocka_unit_test_setup(test_an_empty_setting_is_unset, setup),
	};

	return (cmocka_run_group_tests_name("config", tests, NULL, NULL));
}
