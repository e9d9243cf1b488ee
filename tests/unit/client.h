/* SPDX-License-Identifier: ISC */
/*
 * A client for tests: sends requests to the whole of Keel, in one process and
 * without a network.
 */

#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

/*
 * Sends requests to real handlers, without Kore, TLS or a database; like
 * FastAPI's TestClient and app.dependency_overrides. A test is a file
 * tests/unit/modules/NAME/test_*.c with the line `sources: app` in a comment of
 * its own:
 *
 *	static struct user	ada = { .id = ADA, .name = "Ada", ... };
 *
 *	static void
 *	as_ada(struct ctx *c, const struct dependency *d)
 *	{
 *		(void)d;
 *		c->user = &ada;
 *	}
 *
 *	static void
 *	test_read_me(void **state)
 *	{
 *		(void)state;
 *		override_dependency(&signed_in, as_ada, "read_me");
 *		assert_int_equal(client_request("GET", "/api/v1/users/me",
 *		    NULL), 200);
 *		assert_string_equal(client_text("name"), "Ada");
 *	}
 *
 *	const struct CMUnitTest	tests[] = { CLIENT_TEST(test_read_me) };
 *
 *	return (cmocka_run_group_tests(tests, client_start, NULL));
 *
 * The routes are kore.conf's; app.c, the schemas, the services and the
 * error handler are the server's. An override applies to one handler
 * (request/depend.h), until the test ends. It may raise, but must not assert:
 * assert in the test, on the response or on what the override has noted. A
 * query without an override gets 503, because there is no database, unless the
 * test makes one (fakes/pool_fake.h).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

/*
 * Sends a request and returns the response's status. body may be NULL; the
 * other arguments are header lines: "if-match: \"1\"". A body is JSON unless
 * they say otherwise. The response can be read until the next request.
 */
#define client_request(method, target, ...)				\
	client_send(method, target, (const char *const[]){		\
	    __VA_ARGS__, NULL })

/* The route that kore.conf has for the path. */
struct kore_module_handle	*client_route(const char *path);

/* The array holds the body, then the header lines, then NULL. */
int		 client_send(const char *method, const char *target,
		    const char *const *body_and_lines);

/* A header of the response; NULL if there is none with that name. */
const char	*client_header(const char *name);

/* The status and all headers, each on a line, in their order. */
const char	*client_head(void);

/* The response's body; "" if there is none. */
const char	*client_body(void);

/* A member of the body, such as "items.0.email"; NULL if there is none. */
json_t		*client_json(const char *path);

/* Its value: "(no text)" unless a string; not a number fails the test. */
const char	*client_text(const char *path);
long long	 client_number(const char *path);

/* The message that the handler raised, as in the log; "" if none. */
const char	*client_raised(void);

/*
 * The client of the request disconnects: to be called while it is handled. The
 * request then runs to its end, without a response: its status is 0.
 */
void		 client_leaves(void);

/* The setup of a group: does what Keel does at start. */
int	client_start(void **state);

/*
 * Setup and teardown of each test: there are no overrides, the settings are
 * those of client_start(), and all rate limits are unused.
 */
int	client_setup(void **state);
int	client_teardown(void **state);

#define CLIENT_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, client_setup, client_teardown)

#endif
