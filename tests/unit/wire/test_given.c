/* SPDX-License-Identifier: ISC */
/* The sockets of LISTEN_FDS: their number, names and addresses. */

/* sources: src/wire/given.c src/wire/wire_settings.c */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/given.h"
#include "wire/wire.h"

static void
assert_sorted(const char *count, const char *names, int api, int admin)
{
	int	 fds[GIVEN_USES] = { 99, 99 };

	assert_null(given_sort(count, names, fds));
	assert_int_equal(fds[GIVEN_API], api);
	assert_int_equal(fds[GIVEN_ADMIN], admin);
}

static void
assert_problem(const char *problem, const char *phrase)
{
	assert_non_null(problem);
	if (strstr(problem, phrase) == NULL)
		fail_msg("%s: lacks %s", problem, phrase);
}

static void
test_what_they_are_for(void **state)
{
	(void)state;
	assert_sorted("1", NULL, 3, -1);
	assert_sorted("2", NULL, 3, 4);
	assert_sorted("2", "", 3, 4);
	assert_sorted("1", "x", 3, -1);
	assert_sorted("1", "admin", -1, 3);
	assert_sorted("2", "admin:", 4, 3);
	assert_sorted("2", ":admin", 3, 4);
	assert_sorted("2", "admi:admin", 3, 4);
	assert_sorted("2", "admins:admin", 3, 4);
}

static void
test_which_are_refused(void **state)
{
	static const char *const	 counts[] = { "", "0", "3", "-1", "+1",
	    " 1", "1 ", "01", "12", "x", "4294967297" };
	static const char *const	 names[] = { "a", "a:b", "a:admin:b",
	    "a:b:", "admin:admin" };
	int				 fds[GIVEN_USES];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		assert_problem(given_sort(counts[i], NULL, fds),
		    "LISTEN_FDS must be 1 or 2");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_problem(given_sort("2", names[i], fds), names[i]);
	assert_problem(given_sort("1", "a:b", fds), "as many names");
	assert_problem(given_sort("2", "a:b", fds), "for the API");
	assert_problem(given_sort("2", "admin:admin", fds), "for the admin");
}

static int
bound(const void *address, socklen_t len, int type)
{
	int	 fd = socket(*(const sa_family_t *)address, type, 0);

	assert_int_equal(bind(fd, address, len), 0);
	return (fd);
}

static int
listening(const void *address, socklen_t len)
{
	int	 fd = bound(address, len, SOCK_STREAM);

	assert_int_equal(listen(fd, 1), 0);
	return (fd);
}

static void
test_ip_addresses(void **state)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	socklen_t		 len = sizeof(in);
	struct given		 g;
	char			 port[6];
	int			 fd = listening(&in, sizeof(in));

	(void)state;
	assert_null(given_look(fd, GIVEN_API, &g));
	getsockname(fd, (struct sockaddr *)&in, &len);
	snprintf(port, sizeof(port), "%u", ntohs(in.sin_port));
	assert_int_equal(g.fd, fd);
	assert_int_equal(g.family, AF_INET);
	assert_string_equal(g.host, "0.0.0.0");
	assert_string_equal(g.port, port);
	assert_problem(given_look(fd, GIVEN_ADMIN, &g), "0.0.0.0");
	close(fd);

	in6.sin6_addr = in6addr_loopback;
	fd = listening(&in6, sizeof(in6));
	assert_null(given_look(fd, GIVEN_ADMIN, &g));
	assert_int_equal(g.family, AF_INET6);
	assert_string_equal(g.host, "::1");
	assert_int_not_equal(atoi(g.port), 0);
	close(fd);
}

static void
test_paths(void **state)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct given		 g = { .fd = -1 };
	int			 fd;

	(void)state;
	/* As long as can be: without a NUL at its end. */
	snprintf(sun.sun_path, sizeof(sun.sun_path), "/tmp/given-%d-",
	    (int)getpid());
	memset(sun.sun_path + strlen(sun.sun_path), 'x',
	    sizeof(sun.sun_path) - strlen(sun.sun_path));
	fd = listening(&sun, sizeof(sun));
	assert_null(given_look(fd, GIVEN_API, &g));
	assert_int_equal(strlen(g.host), sizeof(sun.sun_path));
	assert_memory_equal(g.host, sun.sun_path, sizeof(sun.sun_path));
	assert_string_equal(g.port, "");
	assert_int_equal(chmod(g.host, 0602), 0);
	assert_problem(given_look(fd, GIVEN_API, &g), "everybody may use");
	assert_null(given_look(fd, GIVEN_ADMIN, &g));
	assert_int_equal(unlink(g.host), 0);
	assert_null(given_look(fd, GIVEN_API, &g));
	close(fd);

	memcpy(sun.sun_path, "\0given", 6);
	fd = listening(&sun, offsetof(struct sockaddr_un, sun_path) + 6);
	assert_null(given_look(fd, GIVEN_API, &g));
	assert_string_equal(g.host, "@given");
	close(fd);
}

static void
test_what_is_no_listening_socket(void **state)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct given		 g;
	int			 fd;

	(void)state;
	assert_problem(given_look(999, GIVEN_API, &g), "999 is not open");
	fd = open("/dev/null", O_RDONLY);
	assert_problem(given_look(fd, GIVEN_API, &g), "is no stream socket");
	close(fd);
	fd = bound(&in, sizeof(in), SOCK_DGRAM);
	assert_problem(given_look(fd, GIVEN_API, &g), "is no stream socket");
	close(fd);
	fd = bound(&in, sizeof(in), SOCK_STREAM);
	assert_problem(given_look(fd, GIVEN_API, &g), "does not listen");
	close(fd);
}

/* With the socket as descriptor 3. Returns what given_take() does. */
static const char *
take(const char *pid, const char *count, const char *names)
{
	const char	*problem;

	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	problem = given_take();
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
	return (problem);
}

static void
test_whose_they_are(void **state)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET,
				    .sin_addr.s_addr =
				    htonl(INADDR_LOOPBACK) };
	int			 fd = listening(&in, sizeof(in));
	char			 pid[16], longer[32];

	(void)state;
	if (fd != GIVEN_FIRST) {
		dup2(fd, GIVEN_FIRST);
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	snprintf(longer, sizeof(longer), "%s0", pid);
	assert_null(given_take());
	assert_null(take("1", "x", ""));
	assert_null(take(longer, "x", ""));
	assert_null(take("", "x", ""));
	assert_null(given_for(GIVEN_API));
	assert_problem(take(pid, "x", ""), "'x'");
	assert_null(given_for(GIVEN_API));

	assert_null(take(pid, "1", "admin"));
	assert_null(given_for(GIVEN_API));
	assert_null(wire_settings.given_host);
	assert_int_equal(given_for(GIVEN_ADMIN)->fd, GIVEN_FIRST);
	assert_true(wire_settings.given_admin);

	assert_null(take(pid, "1", "api"));
	assert_int_equal(given_for(GIVEN_API)->fd, GIVEN_FIRST);
	assert_string_equal(wire_settings.given_host, "127.0.0.1");
	assert_string_equal(wire_settings.given_port,
	    given_for(GIVEN_API)->port);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_what_they_are_for),
		cmocka_unit_test(test_which_are_refused),
		cmocka_unit_test(test_ip_addresses),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_what_is_no_listening_socket),
		cmocka_unit_test(test_whose_they_are),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
