/* SPDX-License-Identifier: ISC */
/* Reads the settings from the environment (FastAPI's config.py). */

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/register.h"
#include "config.h"
#include "middleware/rate_limit.h"
#include "product.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define SERVERS_TABLE	"server"	/* in config_table.c */

struct config	config = { .host_name = ENV("HOST") };

REGISTERED(struct settings_table, settings);

/*
 * The server's table comes first, so that a module's row may use its values;
 * the others are in order of their titles. (The linker's order depends on the
 * file system.)
 */
static int
compare_titles(const char *a, const char *b)
{
	bool	 first = strcmp(a, SERVERS_TABLE) == 0;

	if (first != (strcmp(b, SERVERS_TABLE) == 0))
		return (first ? -1 : 1);
	return (strcmp(a, b));
}

/* The table after `last`, or the first if `last` is NULL. */
static const struct settings_table *
next_table(const struct settings_table *last)
{
	const struct settings_table	*next = NULL;
	struct settings_table		*const *t;

	EACH_REGISTERED(t, settings) {
		if ((last == NULL ||
		    compare_titles((*t)->title, last->title) > 0) &&
		    (next == NULL ||
		    compare_titles((*t)->title, next->title) < 0))
			next = *t;
	}
	return (next);
}

static struct setting *
find_setting(const char *name, size_t len)
{
	struct settings_table	*const *t;
	size_t			 i;

	EACH_REGISTERED(t, settings) {
		for (i = 0; i < (*t)->n; i++) {
			if (strlen((*t)->rows[i].name) == len &&
			    strncmp((*t)->rows[i].name, name, len) == 0)
				return (&(*t)->rows[i]);
		}
	}
	return (NULL);
}

static const char *
check_number(const struct setting *s, unsigned *out)
{
	uint64_t	 n = 0;
	const char	*p;

	for (p = s->value; isdigit((unsigned char)*p) && n <= s->max; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (*p != '\0' || p == s->value || n < s->min || n > s->max)
		return (start_error("%s must be a number from %u to %u, "
		    "not '%s'", s->name, s->min, s->max, s->value));
	*out = (unsigned)n;
	return (NULL);
}

/* Writes "a, b or c". */
static void
list_choices(const struct setting *s, char *out, size_t size)
{
	struct text	 t = text_in(out, size);
	size_t		 i;

	for (i = 0; s->choices[i] != NULL; i++)
		text_printf(&t, "%s%s", i == 0 ? "" :
		    s->choices[i + 1] != NULL ? ", " : " or ", s->choices[i]);
}

static const char *
check_choice(const struct setting *s, unsigned *out)
{
	char		 list[256] = "";
	unsigned	 i;

	for (i = 0; s->choices[i] != NULL; i++) {
		if (strcmp(s->choices[i], s->value) == 0) {
			*out = i;
			return (NULL);
		}
	}
	list_choices(s, list, sizeof(list));
	return (start_error("%s must be %s, not '%s'", s->name, list,
	    s->value));
}

static const char *
check_type(const struct setting *s, unsigned *number)
{
	switch (s->type) {
	case SETTING_NUMBER:
		return (check_number(s, number));
	case SETTING_CHOICE:
		return (check_choice(s, number));
	case SETTING_TEXT:
		break;
	}
	return (NULL);
}

static const char *
read_setting(struct setting *s)
{
	const char	*value = getenv(s->name), *problem;
	unsigned	 number = 0;
	bool		 ignored;

	s->given = value != NULL && *value != '\0';
	s->value = s->given ? value : s->find_fallback != NULL ?
	    s->find_fallback() : s->fallback;
	ignored = config.for_jobs && s->serving;
	if (s->value == NULL && s->required != NULL && !ignored)
		return (start_error("%s is not set (%s)", s->name,
		    s->required));
	if (s->value != NULL && (problem = check_type(s, &number)) != NULL)
		return (problem);
	if (s->text != NULL)
		*s->text = s->value;
	if (s->number != NULL && s->value != NULL)
		*s->number = number;
	return (s->then != NULL && !ignored ? s->then() : NULL);
}

static const char *
read_named(const char *name)
{
	return (read_setting(find_setting(name, strlen(name))));
}

static const char *
read_all(void)
{
	const struct settings_table	*t;
	const char			*problem;
	size_t				 i;

	for (t = next_table(NULL); t != NULL; t = next_table(t)) {
		for (i = 0; i < t->n; i++) {
			if ((problem = read_setting(&t->rows[i])) != NULL)
				return (problem);
		}
	}
	return (NULL);
}

/* The variables that ./keel itself uses. */
static bool
is_own(const char *variable, size_t len)
{
	static const char *const own[] = {
		ENV("COMMAND"), ENV("DRY_RUN"), ENV("EMAIL"), ENV("ROLE"),
		ENV("PART"), ENV("LINES"), ENV("ACTION"), ENV("USER"),
		ENV("SINCE"), ENV("JSON"), ENV("BUILD"), ENV("FLAVOR"),
		ENV("FOR_JOBS"),
	};
	size_t	 i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == len &&
		    strncmp(own[i], variable, len) == 0)
			return (true);
	}
	return (false);
}

/* A misspelt setting is an error: otherwise its default would be used. */
static const char *
check_unknown(void)
{
	char	**v;
	size_t	  len;

	for (v = environ; *v != NULL; v++) {
		len = strcspn(*v, "=");
		if (strncmp(*v, ENV(""), strlen(ENV(""))) == 0 &&
		    !is_own(*v, len) && find_setting(*v, len) == NULL)
			return (start_error("%.*s is not a setting",
			    (int)len, *v));
	}
	return (NULL);
}

/* PUBLIC_URL depends on the others. */
static const char *
read_public_url(void)
{
	static const char *const names[] = { ENV("TLS"), ENV("HOST"),
	    ENV("PORT"), ENV("PUBLIC_URL") };
	const char	*problem = NULL;
	size_t		 i;

	for (i = 0; problem == NULL && i < sizeof(names) / sizeof(names[0]);
	    i++)
		problem = read_named(names[i]);
	return (problem);
}

/* What the description depends on. */
static const char *
read_described(void)
{
	const char	*problem;

	if ((problem = read_public_url()) != NULL ||
	    (problem = read_named(ENV("TAKEN_EMAILS"))) != NULL)
		return (problem);
	return (read_named(ENV("REQUIRE_IF_MATCH")));
}

/* What a link in a mail is made of. */
static const char *
read_link_settings(void)
{
	const char	*problem;

	if ((problem = read_public_url()) != NULL ||
	    (problem = read_named(ENV("FRONTEND_URL"))) != NULL)
		return (problem);
	return (read_named(ENV("RESET_SECONDS")));
}

/* A host that only migrates needs no URL of the server. */
static const char *
read_migrate_settings(void)
{
	const char	*url = getenv(ENV("DATABASE_URL"));
	const char	*problem;

	if ((problem = read_named(ENV("MIGRATE_URL"))) != NULL ||
	    (problem = read_named(ENV("MIGRATE_LOCK_SECONDS"))) != NULL)
		return (problem);
	if (config.migrate_url != NULL)
		return (NULL);
	if (getenv(ENV("MIGRATE_URL")) != NULL &&
	    (url == NULL || *url == '\0'))
		return (start_error(ENV("MIGRATE_URL") " is empty, and "
		    ENV("DATABASE_URL") " is not set"));
	return (read_named(ENV("DATABASE_URL")));
}

/*
 * All commands except these need the database: email-key, openapi, queries and
 * routes. ALLOW_ROOT comes before the rows whose checks open files.
 */
const char *
config_load(void)
{
	const char	*command = getenv(ENV("COMMAND")), *problem;

	if (command == NULL)
		command = "serve";
	config.for_jobs = strcmp(command, "jobs") == 0 ||
	    (strcmp(command, "check-config") == 0 &&
	    getenv(ENV("FOR_JOBS")) != NULL);
	if (strcmp(command, "routes") == 0 ||
	    strcmp(command, "queries") == 0 ||
	    strcmp(command, "email-key") == 0)
		return (NULL);
	if (strcmp(command, "openapi") == 0)
		return (read_described());
	if (strcmp(command, "migrate") == 0)
		return ((problem = check_unknown()) != NULL ? problem :
		    read_migrate_settings());
	if ((problem = read_named(ENV("DATABASE_URL"))) != NULL)
		return (problem);
	if (strcmp(command, "reset-password") == 0)
		return (read_link_settings());
	if (strcmp(command, "create-admin") == 0)
		return (read_named(ENV("PASSWORD_LIST")));
	if (strcmp(command, "serve") != 0 && strcmp(command, "jobs") != 0 &&
	    strcmp(command, "check-config") != 0)
		return (NULL);
	if ((problem = read_named(ENV("ALLOW_ROOT"))) != NULL ||
	    (problem = read_all()) != NULL)
		return (problem);
	return (check_unknown());
}

static void
print_setting(const struct setting *s)
{
	printf("%-28s %s%s\n", s->name, s->value == NULL ? "(unset)" :
	    s->secret ? "********" : s->value, s->given ? "" :
	    s->value != NULL ? "  (default)" : "");
}

/* From the last row to the first: the established order of check-config. */
void
config_print(void)
{
	const struct settings_table	*t;
	size_t				 i;

	for (t = next_table(NULL); t != NULL; t = next_table(t)) {
		for (i = t->n; i > 0; i--)
			print_setting(&t->rows[i - 1]);
	}
	rate_limit_print();
}
