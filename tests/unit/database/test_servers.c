/* SPDX-License-Identifier: ISC */
/* The list of servers, which processes share. */

/* sources: src/database/servers.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "servers_fixture.h"

static const char *const	three[] = { "a", "b", "c" };

static struct servers	*servers;

static int
setup(void **state)
{
	(void)state;
	servers = servers_new();
	publish(servers, 3, three);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	servers_free(servers);
	return (0);
}

/* The names in the order in which a connection tries them. */
static const char *
walk_all(void)
{
	static char		 names[64];
	static struct server	 server;
	struct servers_walk	 walk;

	names[0] = '\0';
	servers_begin(servers, &walk);
	while (servers_next(servers, &walk, &server)) {
		strcat(names, server.name);
		assert_string_equal(server.conninfo + 3, server.name);
	}
	return (names);
}

static void
test_the_order(void **state)
{
	(void)state;
	assert_string_equal(walk_all(), "abc");
	assert_true(servers_works(servers, "b"));
	assert_string_equal(walk_all(), "bca");
	assert_true(servers_works(servers, "c"));
	assert_string_equal(walk_all(), "cab");
	assert_true(servers_works(servers, "a"));
	assert_string_equal(walk_all(), "abc");
}

static void
test_an_empty_list(void **state)
{
	(void)state;
	publish(servers, 0, three);
	assert_string_equal(walk_all(), "");
	assert_false(servers_works(servers, "a"));
	assert_false(servers_has_other(servers, "a"));
}

static void
test_what_works(void **state)
{
	(void)state;
	assert_false(servers_has_other(servers, "a"));
	assert_true(servers_works(servers, "b"));
	assert_false(servers_works(servers, "b"));	/* no news */
	assert_true(servers_has_other(servers, "a"));
	assert_false(servers_has_other(servers, "b"));
	assert_false(servers_works(servers, "unknown"));
	assert_string_equal(walk_all(), "bca");
	assert_true(servers_has_other(servers, "unknown"));
}

/* What works stays so in another list, whatever its place. */
static void
test_the_list_is_replaced(void **state)
{
	static const char *const	with[] = { "x", "y", "b" };
	static const char *const	without[] = { "x", "y" };

	(void)state;
	servers_works(servers, "b");
	publish(servers, 3, with);
	assert_string_equal(walk_all(), "bxy");
	assert_true(servers_has_other(servers, "a"));
	assert_false(servers_works(servers, "b"));

	publish(servers, 2, without);
	assert_string_equal(walk_all(), "xy");
	assert_false(servers_has_other(servers, "b"));
	publish(servers, 3, with);	/* it is forgotten */
	assert_string_equal(walk_all(), "xyb");
}

/* A walk in a list that is replaced ends. */
static void
test_a_walk_meanwhile(void **state)
{
	static struct server	 server;
	struct servers_walk	 walk;

	(void)state;
	servers_begin(servers, &walk);
	assert_true(servers_next(servers, &walk, &server));
	publish(servers, 3, three);
	assert_false(servers_next(servers, &walk, &server));
}

/* One that takes no writes is tried last; what works is not known then. */
static void
test_one_to_avoid(void **state)
{
	(void)state;
	servers_works(servers, "b");
	servers_avoid(servers, "b");
	assert_string_equal(walk_all(), "cab");
	assert_false(servers_has_other(servers, "a"));
	assert_int_equal(servers_asked(servers), 1);
	servers_avoid(servers, "c");
	assert_string_equal(walk_all(), "abc");
	servers_works(servers, "c");
	servers_avoid(servers, "b");		/* which nobody uses */
	assert_string_equal(walk_all(), "cab");
	servers_avoid(servers, NULL);		/* the one that works */
	assert_string_equal(walk_all(), "abc");
	assert_true(servers_works(servers, "c"));
	servers_avoid(servers, "unknown");
	assert_string_equal(walk_all(), "cab");
	publish(servers, 1, three);
	servers_works(servers, "a");
	servers_avoid(servers, "a");
	assert_string_equal(walk_all(), "a");
}

static void
test_several(void **state)
{
	(void)state;
	assert_true(servers_are_several(servers));
	publish(servers, 1, three);
	assert_false(servers_are_several(servers));
}

/* A process reads while the parent writes: it never sees halves of two. */
static void
test_two_processes(void **state)
{
	static const char *const	other[] = { "bb", "cc", "dd", "ee" };
	static struct server		 server;
	struct servers_walk		 walk;
	unsigned			 i;
	int				 status;
	pid_t				 pid;

	(void)state;
	if ((pid = fork()) == 0) {
		while (servers_asked(servers) == 0) {
			servers_begin(servers, &walk);
			while (servers_next(servers, &walk, &server)) {
				if (strcmp(server.conninfo + 3,
				    server.name) != 0)
					_exit(1);
				servers_works(servers, server.name);
			}
		}
		_exit(0);
	}
	for (i = 0; i < 2000; i++) {
		publish(servers, 3, three);
		publish(servers, 4, other);
	}
	servers_ask(servers);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_the_order),
		TEST(test_an_empty_list),
		TEST(test_what_works),
		TEST(test_the_list_is_replaced),
		TEST(test_a_walk_meanwhile),
		TEST(test_one_to_avoid),
		TEST(test_several),
		TEST(test_two_processes),
	};

	return (cmocka_run_group_tests_name("servers", tests, NULL, NULL));
}
