/* SPDX-License-Identifier: ISC */
/* Who is signed in, and whom the path names: one query finds both. */

/* sources: app */

#include "users_fixture.h"

#include <stdio.h>

#include "utils/jwt.h"
#include "utils/timefmt.h"

/* The rows of users.find_signed_in_and_target, and what it was asked. */
static struct user	found[2];
static size_t		nfound;
static char		asked[3][40];
static unsigned		again;		/* calls of users.find_by_id */

static void *
with_users(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	size_t	 i;

	(void)from;
	if (strcmp(title, "find_by_id") == 0) {
		again++;
		*n = 0;
		return (NULL);
	}
	if (strcmp(title, "find_signed_in_and_target") != 0)
		raise_unknown(c, "users", title);
	for (i = 0; i < 3; i++)
		snprintf(asked[i], sizeof(asked[i]), "%s", params[i]);
	*n = nfound;
	return (found);
}

static void
finds(const struct user *first, const struct user *second)
{
	nfound = 0;
	if (first != NULL)
		found[nfound++] = *first;
	if (second != NULL)
		found[nfound++] = *second;
}

/* Reads ADA with a token of this user; the status. */
static int
read_ada(const char *user_id)
{
	struct jwt_claims	 claims = { .sid = NOBODY, .jti = NOBODY,
				    .client_id = "tests" };
	char			 line[JWT_MAX + 64];
	size_t			 n;

	strcpy(claims.sub, user_id);
	strcpy(claims.iss, config.public_url);
	strcpy(claims.aud, config.public_url);
	claims.iat = timefmt_now() / 1000000;
	claims.exp = claims.iat + 60;
	strcpy(line, "authorization: Bearer ");
	n = strlen(line);
	assert_true(jwt_sign(&config.jwt_key, &claims, line + n,
	    sizeof(line) - n) > 0);
	again = 0;
	return (client_request("GET", USERS "/" ADA, NULL, line));
}

static int
setup(void **state)
{
	int	 status = client_setup(state);

	override_repository("users", with_users, "read_user");
	return (status);
}

/* PostgreSQL may return the two in any order. */
static void
test_either_order(void **state)
{
	const struct user	*ada = &people[0], *stan = &people[1],
				*root = &people[2];

	(void)state;
	finds(root, ada);
	assert_int_equal(read_ada(ROOT), 200);
	assert_string_equal(client_text("id"), ADA);
	assert_string_equal(asked[0], ROOT);
	assert_string_equal(asked[1], NOBODY);
	assert_string_equal(asked[2], ADA);
	finds(ada, root);
	assert_int_equal(read_ada(ROOT), 200);
	assert_string_equal(client_text("id"), ADA);

	finds(ada, stan);
	assert_int_equal(read_ada(STAN), 403);
	finds(stan, ada);
	assert_int_equal(read_ada(STAN), 403);

	finds(ada, NULL);
	assert_int_equal(read_ada(ADA), 200);
	assert_string_equal(client_text("id"), ADA);
	assert_int_equal(again, 0);
}

static void
test_one_is_missing(void **state)
{
	const struct user	*ada = &people[0], *root = &people[2];

	(void)state;
	finds(root, NULL);
	assert_int_equal(read_ada(ROOT), 404);
	finds(NULL, NULL);
	assert_int_equal(read_ada(ROOT), 401);
	assert_int_equal(read_ada(ADA), 401);
	assert_string_equal(client_header("www-authenticate"),
	    "Bearer error=\"invalid_token\"");

	/* The user that the path names is not who is signed in. */
	finds(ada, NULL);
	assert_int_equal(read_ada(ROOT), 401);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_either_order),
		TEST(test_one_is_missing),
	};

	return (cmocka_run_group_tests_name("users_signed_in", tests,
	    client_start, NULL));
}
