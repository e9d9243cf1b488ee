/* SPDX-License-Identifier: ISC */
/* The assets of this program itself are found by their symbols. */

/* sources: src/base/assets.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/assets.h"

/* As kodev makes them. */
extern const unsigned char	asset_0001_users_sql[], asset_page_html[];
extern const unsigned int	asset_len_page_html;
extern const long		asset_mtime_page_html;
extern const char		*asset_sha256_page_html;
int				asset_serve_page_html(void);

/* Only its name is in the program. */
extern const unsigned char	asset_nowhere[] __attribute__((weak));

const unsigned char	asset_0001_users_sql[] = "CREATE TABLE users";
const unsigned char	asset_page_html[] = "<p>";
const unsigned int	asset_len_page_html = 3;
const long		asset_mtime_page_html = 0;
const char		*asset_sha256_page_html = "";

int
asset_serve_page_html(void)
{
	return (0);
}

static unsigned	users, pages, all, enough;

static bool
count(void *arg, const char *name, const char *text)
{
	assert_ptr_equal(arg, &all);
	all++;
	if (strcmp(name, "0001_users_sql") == 0) {
		assert_ptr_equal(text, asset_0001_users_sql);
		users++;
	} else if (strcmp(name, "page_html") == 0) {
		assert_ptr_equal(text, asset_page_html);
		pages++;
	}
	return (all < enough);
}

static void
test_every_asset_is_found_once(void **state)
{
	(void)state;
	assert_null(asset_nowhere);
	enough = 100;
	assets_each(count, &all);
	assert_int_equal(users, 1);
	assert_int_equal(pages, 1);
	assert_int_equal(all, 2);
}

static void
test_it_ends_when_it_is_told_to(void **state)
{
	(void)state;
	all = 0;
	enough = 1;
	assets_each(count, &all);
	assert_int_equal(all, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_every_asset_is_found_once),
		cmocka_unit_test(test_it_ends_when_it_is_told_to),
	};

	return (cmocka_run_group_tests_name("assets", tests, NULL, NULL));
}
