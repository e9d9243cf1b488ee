/* SPDX-License-Identifier: ISC */
/* What every connection has; what is kept of the URL and the defaults. */

/* sources: src/database/database_conninfo.c */
/* sources: src/database/conninfo_hosts.c src/database/servers.c */
/* sources: src/database/servers_lookup.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "conninfo_fixture.h"

static PQconninfoOption	*options;
static char		 url[8192];

static int
setup(void **state)
{
	static const char *const variables[] = {
		"PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGUSER", "PGOPTIONS",
		"PGTARGETSESSIONATTRS", "PGCONNECT_TIMEOUT", "PGAPPNAME",
		"PGCLIENTENCODING", "PGGSSENCMODE", "PGCHANNELBINDING"
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	setenv("PGSSLROOTCERT", "/dev/null", 1);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	PQconninfoFree(options);
	options = NULL;
	return (0);
}

static const char *
make(const char *text)
{
	const char	*what = NULL, *info;

	PQconninfoFree(options);
	if ((info = database_conninfo(text, &what)) == NULL)
		fail_msg("%s: %s", text, what);
	assert_null(what);
	options = PQconninfoParse(info, NULL);
	assert_non_null(options);
	return (info);
}

static const char *
value(const char *keyword)
{
	const PQconninfoOption	*o;

	for (o = options; strcmp(o->keyword, keyword) != 0; o++)
		;
	return (o->val != NULL ? o->val : "");
}

/* Each keyword once: of two, libpq would take the last. */
static void
check_once(const char *info)
{
	const PQconninfoOption	*o;
	const char		*at;
	char			 word[64];
	unsigned		 n;

	for (o = options; o->keyword != NULL; o++) {
		snprintf(word, sizeof(word), "%s='", o->keyword);
		n = strncmp(info, word, strlen(word)) == 0;
		snprintf(word, sizeof(word), " %s='", o->keyword);
		for (at = info; (at = strstr(at, word)) != NULL; at++)
			n++;
		if (n > 1)
			fail_msg("%s is there %u times", o->keyword, n);
	}
}

static void
test_what_is_set_whatever_the_url_says(void **state)
{
	static const struct {
		const char	*keyword, *value;
	} ours[] = {
		{ "client_encoding", "UTF8" },
		{ "connect_timeout", "3" },
		{ "gssencmode", "disable" },
		{ "application_name", "keel" },
	};
	static const char *const	theirs[] = {
		"host=/tmp",
		"host=/tmp connect_timeout=60 gssencmode=prefer "
		    "application_name=psql client_encoding=LATIN1 "
		    "hostaddr=127.0.0.1 user=ada",
		"postgresql:///?host=/tmp&connect_timeout=0",
	};
	size_t				 i, k;

	(void)state;
	setenv("PGCONNECT_TIMEOUT", "60", 1);
	setenv("PGAPPNAME", "psql", 1);
	setenv("PGGSSENCMODE", "require", 1);
	setenv("PGCLIENTENCODING", "LATIN1", 1);
	for (i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		check_once(make(theirs[i]));
		for (k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
			if (strcmp(value(ours[k].keyword), ours[k].value) != 0)
				fail_msg("%s: %s is '%s'", theirs[i],
				    ours[k].keyword, value(ours[k].keyword));
		}
	}
}

static void
test_what_the_url_says_is_kept(void **state)
{
	const char	*info;

	(void)state;
	info = make("postgresql://u:p%27w%5C@127.0.0.1:6543/base?keepalives=0"
	    "&sslmode=disable&krbsrvname=x");
	assert_string_equal(value("password"), "p'w\\");
	assert_string_equal(value("port"), "6543");
	assert_string_equal(value("dbname"), "base");
	assert_string_equal(value("keepalives"), "0");
	assert_string_equal(value("krbsrvname"), "x");
	assert_string_equal(value("user"), "u");
	check_once(info);
}

static void
test_the_user(void **state)
{
	const PQconninfoOption	*o;
	PQconninfoOption	*defaults;

	(void)state;
	make("host=/tmp user=ada");
	assert_string_equal(value("user"), "ada");
	setenv("PGUSER", "eve", 1);
	make("host=/tmp user=ada");
	assert_string_equal(value("user"), "ada");
	make("host=/tmp");
	assert_string_equal(value("user"), "eve");
	unsetenv("PGUSER");
	make("host=/tmp");		/* libpq's: who runs it */
	defaults = PQconndefaults();
	for (o = defaults; strcmp(o->keyword, "user") != 0; o++)
		;
	assert_string_equal(value("user"), o->val != NULL ? o->val : "keel");
	PQconninfoFree(defaults);
}

/* The URL's alone: what we need is set by a statement. */
static void
test_options(void **state)
{
	(void)state;
	make("host=/tmp options='-c statement_timeout=1000'");
	assert_string_equal(value("options"), "-c statement_timeout=1000");
	setenv("PGOPTIONS", "-c statement_timeout=1", 1);
	make("host=/tmp options='-c x=y'");
	assert_string_equal(value("options"), "-c x=y");
	assert_non_null(strstr(make("host=/tmp"), "options='' "));
}

/* A buffer of 4096 bytes. */
static void
test_lengths(void **state)
{
	int		 i, most = 0;
	const char	*what;

	(void)state;
	for (i = 3000; i < 5000; i++) {
		snprintf(url, sizeof(url), "host=/tmp password='%0*d'", i, 0);
		if (database_conninfo(url, &what) == NULL)
			break;
		most = i;
	}
	assert_string_equal(what, "KEEL_DATABASE_URL: it is too long");
	snprintf(url, sizeof(url), "host=/tmp password='%0*d'", most, 0);
	assert_in_range(strlen(make(url)), 4090, 4095);
	assert_int_equal(strlen(value("password")), most);
	assert_string_equal(value("target_session_attrs"), "read-write");
}

/* Without HOME, as under systemd: the user's own folder. */
static void
test_the_folder_of_the_authorities(void **state)
{
	const struct passwd	*pw = getpwuid(geteuid());
	const char		*what = NULL;
	char			 path[512];

	(void)state;
	if (pw == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/.postgresql/root.crt", pw->pw_dir);
	if (access(path, R_OK) == 0)
		skip();
	unsetenv("PGSSLROOTCERT");
	unsetenv("HOME");
	assert_null(database_conninfo("host=192.0.2.7", &what));
	assert_non_null(strstr(what, path));
	setenv("HOME", "", 1);
	assert_null(database_conninfo("host=192.0.2.7", &what));
	assert_non_null(strstr(what, path));
}

/* The warning names what can be impersonated. */
static void
test_the_warning_of_verify_ca(void **state)
{
	char	 text[1024];
	FILE	*f = tmpfile();
	int	 kept;
	size_t	 n;

	(void)state;
	assert_non_null(f);
	kept = dup(2);
	dup2(fileno(f), 2);
	make("host=192.0.2.7 sslmode=verify-ca");
	dup2(kept, 2);
	close(kept);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_string_equal(text, "keel: warning: KEEL_DATABASE_URL: with its "
	    "sslmode, any server that has a certificate of the same authority "
	    "and answers at 192.0.2.7 gets the password and the data; "
	    "sslmode=verify-full with sslrootcert=FILE prevents that\n");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_what_is_set_whatever_the_url_says),
		TEST(test_what_the_url_says_is_kept),
		TEST(test_the_user),
		TEST(test_options),
		TEST(test_lengths),
		TEST(test_the_folder_of_the_authorities),
		TEST(test_the_warning_of_verify_ca),
	};

	return (cmocka_run_group_tests_name("conninfo_session", tests, NULL,
	    NULL));
}
