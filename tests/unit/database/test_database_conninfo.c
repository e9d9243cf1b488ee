/* SPDX-License-Identifier: ISC */
/* How KEEL_DATABASE_URL becomes a connection string, read back by libpq. */

/* sources: src/database/database_conninfo.c */
/* sources: src/database/conninfo_hosts.c src/database/servers.c */
/* sources: src/database/servers_lookup.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "conninfo_fixture.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define HIDDEN		"hunter2secret"

static const char *const	variables[] = {
	"PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT", "PGREQUIRESSL",
	"PGTARGETSESSIONATTRS", "PGCHANNELBINDING", "PGSERVICE", "PGUSER",
};

static PQconninfoOption	*options;

/* Any readable file will do: no test connects. */
static int
clear_environment(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	setenv("PGSSLROOTCERT", "/dev/null", 1);
	return (0);
}

static void
make(const char *url)
{
	const char	*what, *info;

	PQconninfoFree(options);
	if ((info = database_conninfo(url, &what)) == NULL)
		fail_msg("%s: %s", url, what);
	options = PQconninfoParse(info, NULL);
	assert_non_null(options);
}

static const char *
value(const char *keyword)
{
	const PQconninfoOption	*o;

	for (o = options; strcmp(o->keyword, keyword) != 0; o++)
		;
	return (o->val != NULL ? o->val : "");
}

static int
forget(void **state)
{
	(void)state;
	PQconninfoFree(options);
	options = NULL;
	return (0);
}

/* A network that has died ends a statement which waits without end. */
static void
test_keepalives(void **state)
{
	(void)state;
	make("host=127.0.0.1 dbname=keel");
	assert_string_equal(value("keepalives_idle"), "10");
	assert_string_equal(value("keepalives_interval"), "5");
	assert_string_equal(value("keepalives_count"), "3");
	assert_string_equal(value("tcp_user_timeout"), "25000");
	make("postgresql://127.0.0.1/keel?keepalives_idle=60&"
	    "tcp_user_timeout=0");
	assert_string_equal(value("keepalives_idle"), "60");
	assert_string_equal(value("keepalives_interval"), "5");
	assert_string_equal(value("tcp_user_timeout"), "0");
}

/* Counts the lines on standard error; each must be the warning. */
static int
count_warnings(const char *url)
{
	FILE	*f = tmpfile();
	char	 line[1024];
	int	 kept, n = 0;

	assert_non_null(f);
	kept = dup(2);
	dup2(fileno(f), 2);
	make(url);
	dup2(kept, 2);
	close(kept);
	rewind(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		n++;
		assert_non_null(strstr(line, "keel: warning: "));
		assert_non_null(strstr(line, "sslmode=verify-full"));
		assert_non_null(strstr(line, "192.0.2.7"));
		assert_null(strstr(line, HIDDEN));
	}
	fclose(f);
	return (n);
}

/* Runs first, because a process warns once. */
static void
test_one_warning(void **state)
{
	static const char *const	quiet[] = {
		"host=192.0.2.7",
		"host=192.0.2.7 sslmode=verify-full",
		"host=192.0.2.7 sslmode=require channel_binding=require",
		"host=127.0.0.1 sslmode=disable",
		"host=/tmp sslmode=disable",
		"sslmode=prefer",
	};
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(quiet); i++)
		assert_int_equal(count_warnings(quiet[i]), 0);
	assert_int_equal(count_warnings("postgresql://keel:" HIDDEN
	    "@192.0.2.7/keel?sslmode=prefer"), 1);
	assert_int_equal(count_warnings("host=192.0.2.7 sslmode=disable"), 0);
}

static void
test_sslmode(void **state)
{
	static const struct {
		const char	*url;
		const char	*sslmode;
		const char	*hostaddr;
	} table[] = {
		/* On this host: libpq's default. */
		{ "", "", "" },
		{ "dbname=keel", "", "" },
		{ "host=/tmp", "", "" },
		{ "host=@keel", "", "" },
		{ "host=''", "", "" },
		{ "postgresql:///keel", "", "" },
		{ "postgresql://%2Ftmp/keel", "", "" },
		{ "host=/tmp hostaddr=127.0.0.1", "", "127.0.0.1" },
		{ "host=127.0.0.1", "", "127.0.0.1" },
		{ "host=127.255.255.254", "", "127.255.255.254" },
		{ "host=127.1", "", "127.0.0.1" },
		{ "host=::1", "", "::1" },
		{ "postgresql://[::1]:5432/keel", "", "::1" },
		{ "host=::ffff:127.0.0.1", "", "::ffff:127.0.0.1" },
		{ "host=::ffff:7f00:1", "", "::ffff:127.0.0.1" },
		{ "hostaddr=127.0.0.2", "", "127.0.0.2" },
		{ "host=db.example.org hostaddr=127.0.0.1", "", "127.0.0.1" },
		{ "host=127.0.0.1 sslmode=disable", "disable", "127.0.0.1" },
		{ "host=127.0.0.1 sslmode=verify-full", "verify-full",
		    "127.0.0.1" },

		/* On other hosts. */
		{ "host=192.0.2.7", "verify-full", "192.0.2.7" },
		{ "postgresql://192.0.2.7/keel", "verify-full", "192.0.2.7" },
		{ "hostaddr=192.0.2.7", "verify-full", "192.0.2.7" },
		{ "host=localhost hostaddr=192.0.2.7", "verify-full",
		    "192.0.2.7" },
		{ "host=/tmp hostaddr=192.0.2.7", "verify-full", "192.0.2.7" },
		{ "postgresql:///keel?hostaddr=192.0.2.7", "verify-full",
		    "192.0.2.7" },
		{ "host=128.0.0.1", "verify-full", "128.0.0.1" },
		{ "host=126.255.255.255", "verify-full", "126.255.255.255" },
		{ "host=0.0.0.0", "verify-full", "0.0.0.0" },
		{ "host=::", "verify-full", "::" },
		{ "host=::2", "verify-full", "::2" },
		{ "host=2001:db8::1", "verify-full", "2001:db8::1" },
		{ "host=::ffff:192.0.2.7", "verify-full",
		    "::ffff:192.0.2.7" },
		{ "host=::127.0.0.1", "verify-full", "::127.0.0.1" },
		{ "hostaddr=127.1", "verify-full", "127.1" },
		{ "hostaddr=nonsense", "verify-full", "nonsense" },

		/* Where the URL sets it. */
		{ "host=192.0.2.7 sslmode=disable", "disable", "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=allow", "allow", "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=prefer", "prefer", "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=require", "require", "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=verify-ca", "verify-ca",
		    "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=verify-full", "verify-full",
		    "192.0.2.7" },
		{ "host=192.0.2.7 sslmode=''", "", "192.0.2.7" },
		{ "postgresql://192.0.2.7/keel?sslmode=require", "require",
		    "192.0.2.7" },
		{ "postgresql://192.0.2.7/keel?ssl=true", "require",
		    "192.0.2.7" },
		{ "host=192.0.2.7 requiressl=1", "require", "192.0.2.7" },
		{ "host=192.0.2.7 requiressl=0", "prefer", "192.0.2.7" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		make(table[i].url);
		if (strcmp(value("sslmode"), table[i].sslmode) != 0 ||
		    strcmp(value("hostaddr"), table[i].hostaddr) != 0)
			fail_msg("%s: sslmode '%s', hostaddr '%s'",
			    table[i].url, value("sslmode"), value("hostaddr"));
	}
}

/* The environment may name the server, but not set its sslmode. */
static void
test_environment(void **state)
{
	(void)state;
	setenv("PGSSLMODE", "disable", 1);
	setenv("PGREQUIRESSL", "0", 1);
	make("host=192.0.2.7");
	assert_string_equal(value("sslmode"), "verify-full");
	make("host=127.0.0.1");
	assert_string_equal(value("sslmode"), "");

	setenv("PGHOST", "192.0.2.7", 1);
	make("dbname=keel");
	assert_string_equal(value("sslmode"), "verify-full");
	make("dbname=keel host=''");
	assert_string_equal(value("sslmode"), "");
	unsetenv("PGHOST");

	setenv("PGHOSTADDR", "192.0.2.7", 1);
	make("host=127.0.0.1");
	assert_string_equal(value("hostaddr"), "192.0.2.7");
	assert_string_equal(value("sslmode"), "verify-full");
	make("host=127.0.0.1 hostaddr=''");
	assert_string_equal(value("hostaddr"), "127.0.0.1");
	assert_string_equal(value("sslmode"), "");
}

/* The host that the certificate is compared with. */
static void
test_host(void **state)
{
	(void)state;
	make("host=localhost");
	assert_string_equal(value("host"), "localhost");
	assert_string_not_equal(value("hostaddr"), "");
	make("host=db.example.org hostaddr=192.0.2.7");
	assert_string_equal(value("host"), "db.example.org");
	make("hostaddr=192.0.2.7");
	assert_string_equal(value("host"), "192.0.2.7");
	make("host='' hostaddr=192.0.2.7");
	assert_string_equal(value("host"), "192.0.2.7");
	make("host=/tmp");
	assert_string_equal(value("host"), "/tmp");
}

static void
test_target(void **state)
{
	static const struct {
		const char	*url;
		const char	*target;
	} table[] = {
		{ "", "read-write" },
		{ "host=127.0.0.1", "read-write" },
		{ "postgresql://192.0.2.7/keel", "read-write" },
		{ "target_session_attrs=any", "any" },
		{ "target_session_attrs=standby", "standby" },
		{ "postgresql:///keel?target_session_attrs=primary",
		    "primary" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		make(table[i].url);
		assert_string_equal(value("target_session_attrs"),
		    table[i].target);
	}
	/* libpq reads this variable, too. */
	setenv("PGTARGETSESSIONATTRS", "any", 1);
	make("");
	assert_string_equal(value("target_session_attrs"), "");
	make("target_session_attrs=primary");
	assert_string_equal(value("target_session_attrs"), "primary");
}

static void
refuse(const char *url, const char *phrase)
{
	const char	*what = NULL;

	assert_null(database_conninfo(url, &what));
	assert_non_null(what);
	if (strstr(what, phrase) == NULL ||
	    strncmp(what, "KEEL_DATABASE_URL", 17) != 0 ||
	    strstr(what, HIDDEN) != NULL || strchr(what, '\n') != NULL)
		fail_msg("%s: %s", url, what);
}

static void
test_refused(void **state)
{
	(void)state;
	refuse("service=x", "service files are not read");
	refuse("postgresql://keel:x@" HIDDEN "@127.0.0.1/keel", "%40 for an @");
	refuse("postgresql://keel:@" HIDDEN "@db/keel", "%40 for an @");
	refuse("password=" HIDDEN " dbname", "neither a valid URI");
	refuse("host=no.such.name.invalid password=" HIDDEN,
	    "no.such.name.invalid");
}

/* The certificate of the authority must exist if it is needed. */
static void
test_authorities(void **state)
{
	(void)state;
	refuse("host=192.0.2.7 sslrootcert=/nonexistent/ca.pem password="
	    HIDDEN, "sslmode=verify-full, the default");
	refuse("host=127.0.0.1 sslmode=verify-ca sslrootcert="
	    "'/nonexistent/a\nb'",
	    "sslmode=verify-ca needs");
	make("host=192.0.2.7 sslmode=require sslrootcert=/nonexistent/ca.pem");
	make("host=/tmp sslmode=verify-full sslrootcert=/nonexistent/ca.pem");

	unsetenv("PGSSLROOTCERT");
	setenv("HOME", "/nonexistent/home", 1);
	refuse("host=192.0.2.7", "/nonexistent/home/.postgresql/root.crt");
	make("host=192.0.2.7 sslrootcert=/dev/null");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, clear_environment, forget)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_one_warning),
		TEST(test_sslmode),
		TEST(test_environment),
		TEST(test_host),
		TEST(test_target),
		TEST(test_refused),
		TEST(test_authorities),
		TEST(test_keepalives),
	};

	return (cmocka_run_group_tests_name("conninfo", tests, NULL, NULL));
}
