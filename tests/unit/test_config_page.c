/* SPDX-License-Identifier: ISC */
/* The server's settings are as docs/settings.md says, at both borders. */

/* sources: app */

#include "config_fixture.h"

#include <stdbool.h>

#define PAGE	"../../docs/settings.md"	/* relative to tests/unit */
#define ROWS_MAX	128

/* A row of the page's table. */
struct row {
	char	name[64], fallback[256], values[512];
	bool	secret;
};

static struct row	rows[ROWS_MAX];
static size_t		nrows;

static void
copy_cell(char *out, size_t size, const char *cell)
{
	size_t	 len;

	while (*cell == ' ')
		cell++;
	len = strlen(cell);
	while (len > 0 && cell[len - 1] == ' ')
		len--;
	assert_true(len < size);
	memcpy(out, cell, len);
	out[len] = '\0';
}

static void
read_row(struct row *r, char *line)
{
	char	*cell[7], *rest = line;
	size_t	 i;

	for (i = 0; i < 7; i++)
		cell[i] = strsep(&rest, "|");
	assert_non_null(cell[6]);
	copy_cell(r->name, sizeof(r->name), cell[1]);
	copy_cell(r->fallback, sizeof(r->fallback), cell[2]);
	copy_cell(r->values, sizeof(r->values), cell[4]);
	r->secret = strstr(cell[5], "yes") != NULL;
	r->name[strlen(r->name) - 1] = '\0';
	memmove(r->name, r->name + 1, strlen(r->name));
}

static int
read_page(void **state)
{
	char	 line[1024];
	FILE	*f = fopen(PAGE, "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "| `KEEL_", 8) != 0)
			continue;
		assert_true(nrows < ROWS_MAX);
		read_row(&rows[nrows++], line);
	}
	fclose(f);
	assert_true(nrows >= 40);	/* Keel's own; a project has more */
	return (0);
}

static void
assert_printed(const char *text, const char *name, const char *value)
{
	char	 line[512];

	snprintf(line, sizeof(line), "%-28s %s\n", name, value);
	if (strstr(text, line) == NULL)
		fail_msg("not printed: %s", line);
}

static void
test_the_ranges_of_numbers(void **state)
{
	unsigned	 least, most, n = 0;
	size_t		 i;
	char		 value[32], range[64];

	(void)state;
	for (i = 0; i < nrows; i++) {
		if (sscanf(rows[i].values, "%u to %u", &least, &most) != 2)
			continue;
		n++;
		snprintf(range, sizeof(range), "must be a number from %u to "
		    "%u, not ", least, most);
		snprintf(value, sizeof(value), "%u", least);
		assert_good(rows[i].name, value);
		snprintf(value, sizeof(value), "%u", most);
		assert_good(rows[i].name, value);
		snprintf(value, sizeof(value), "%d", (int)least - 1);
		assert_bad(rows[i].name, value, range);
		snprintf(value, sizeof(value), "%u", most + 1);
		assert_bad(rows[i].name, value, range);
	}
	assert_true(n >= 17);
}

/* `a`, `b`: these and no other, in this case. */
static void
test_the_choices(void **state)
{
	char	 values[512], other[64], *choice, *rest;
	size_t	 i, n = 0;

	(void)state;
	for (i = 0; i < nrows; i++) {
		if (*rows[i].values != '`' || strchr(rows[i].values, ':') !=
		    NULL || strchr(rows[i].values, '<') != NULL ||
		    strstr(rows[i].values, "list") != NULL)
			continue;
		n++;
		snprintf(values, sizeof(values), "%s", rows[i].values);
		for (choice = strtok_r(values, "`, ", &rest); choice != NULL;
		    choice = strtok_r(NULL, "`, ", &rest)) {
			if (geteuid() != 0 || strcmp(rows[i].name,
			    "KEEL_ALLOW_ROOT") != 0 || *choice != '0')
				assert_good(rows[i].name, choice);
			snprintf(other, sizeof(other), "%sx", choice);
			assert_bad(rows[i].name, other, "must be ");
			snprintf(other, sizeof(other), "%.*s",
			    (int)strlen(choice) - 1, choice);
			if (*other != '\0')
				assert_bad(rows[i].name, other, "must be ");
		}
	}
	assert_true(n >= 8);
}

static void
test_the_defaults(void **state)
{
	const char	*text;
	char		 value[512];
	size_t		 i, n = 0;

	(void)state;
	assert_null(load());
	text = printed();
	for (i = 0; i < nrows; i++) {
		if (getenv(rows[i].name) != NULL)
			continue;
		if (*rows[i].fallback == '`') {
			snprintf(value, sizeof(value), "%.*s  (default)",
			    (int)strlen(rows[i].fallback) - 2,
			    rows[i].fallback + 1);
			assert_printed(text, rows[i].name, value);
			n++;
		} else if (strncmp(rows[i].fallback, "unset", 5) == 0)
			assert_printed(text, rows[i].name, "(unset)");
	}
	assert_true(n >= 25);
	assert_printed(text, "KEEL_PUBLIC_URL",
	    "https://127.0.0.1:8888  (default)");
}

static void
test_secrets_are_masked(void **state)
{
	const char	*text;
	size_t		 i, n = 0;

	(void)state;
	setenv("KEEL_SECRET_KEY_PREVIOUS", "Q29tbWVuY2VtZW50LW9mLWFuLW90aGVy",
	    1);
	setenv("KEEL_SMTP_URL", "smtp://me:hunter2@mail.example.org", 1);
	setenv("KEEL_MAIL_FROM", "me@example.org", 1);
	assert_null(load());
	text = printed();
	for (i = 0; i < nrows; i++) {
		if (!rows[i].secret || getenv(rows[i].name) == NULL)
			continue;
		n++;
		assert_printed(text, rows[i].name, "********");
		assert_null(strstr(text, getenv(rows[i].name)));
	}
	assert_true(n >= 4);
	assert_printed(text, "KEEL_MAIL_FROM", "me@example.org");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_the_ranges_of_numbers),
		TEST(test_the_choices),
		TEST(test_the_defaults),
		TEST(test_secrets_are_masked),
	};

	return (cmocka_run_group_tests_name("config_page", tests, read_page,
	    NULL));
}
