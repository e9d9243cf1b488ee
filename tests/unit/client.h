/* SPDX-License-Identifier: ISC */
/*
 * A client for tests: sends requests to the whole of Keel, in one process and
 * without a network.
 */

#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

/*
 * Requests as a client sends them, to real handlers, without Kore, TLS or a
 * database: FastAPI's TestClient and app.dependency_overrides. A test is a file
 * tests/unit/modules/NAME/test_*.c with the line `sources: app` in a comment of
 * its own, and goes like this:
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
 * The route is the one of kore.conf, and endpoint.c, the schemas, the services
 * and the error handler are those of the server. What stands in for something
 * does so for one handler (runtime/depend.h) and until the test ends. It may
 * raise; asserting is for the test, on what was answered or what a stand-in has
 * kept. A query that nothing stands in for is answered by 503: there is no
 * database.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

/*
 * Sends a request and returns the status; body may be NULL, further arguments
 * are header lines: "if-match: \"1\"". A body is JSON unless they say
 * otherwise. What was answered can be read until the next request.
 */
#define client_request(method, target, ...)				\
	client_send(method, target, (const char *const[]){		\
	    __VA_ARGS__, NULL })

/* The body and the lines. */
int		 client_send(const char *method, const char *target,
		    const char *const *body_and_lines);

/* A header of the answer, NULL if there is none of that name. */
const char	*client_header(const char *name);

/* The body as it came; "" if there is none. */
const char	*client_body(void);

/* A member of the body, "items.0.email"; NULL if there is none. */
json_t		*client_json(const char *path);

/* Its value: "(no text)" if it is none; a test fails if it is no number. */
const char	*client_text(const char *path);
long long	 client_number(const char *path);

/* What the handler raised, as only the log has it for a 500; "" if nothing. */
const char	*client_raised(void);

/* The setup of a group: what Keel does at its start. */
int	client_start(void **state);

/*
 * Around each test: nothing stands in for anything, the settings are those of
 * client_start(), and nobody was counted by a rate limit.
 */
int	client_setup(void **state);
int	client_teardown(void **state);

#define CLIENT_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, client_setup, client_teardown)

#endif
