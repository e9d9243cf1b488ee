/* SPDX-License-Identifier: ISC */
/* Bearer tokens: which header is one, and when its times are good. */

/* sources: src/middleware/auth.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "../request/request_fixture.h"

#include <jansson.h>

#include "base/mem.h"
#include "middleware/middleware.h"
#include "utils/jwt.h"
#include "utils/timefmt.h"

#define ISSUER	"https://keel.test"
#define SUB	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define SID	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define LEEWAY	60	/* seconds that a token may be from the future */

static const struct jwt_key	key = {
	.alg = "HS256", .secret = "0123456789abcdef0123456789abcdef",
	.secret_len = 32
};
static const struct jwt_key	other_key = {
	.alg = "HS256", .secret = "0123456789abcdef0123456789abcdeg",
	.secret_len = 32
};

static struct jwt_claims	claims;
static char			line[JWT_MAX + 64];
static bool			found;

static int64_t
now(void)
{
	return (timefmt_now() / 1000000);
}

static int
setup(void **state)
{
	(void)state;
	auth_init(&key, ISSUER);
	memset(&claims, 0, sizeof(claims));
	strcpy(claims.iss, ISSUER);
	strcpy(claims.aud, ISSUER);
	strcpy(claims.sub, SUB);
	strcpy(claims.sid, SID);
	strcpy(claims.jti, SID);
	strcpy(claims.client_id, "tests");
	claims.iat = now();
	claims.exp = claims.iat + 900;
	return (0);
}

static void
read_claims(struct ctx *c)
{
	const struct jwt_claims	*read = auth_claims(c);

	found = read != NULL;
	if (read != NULL && memcmp(read, &claims, sizeof(claims)) != 0)
		raise_error(c, &ERR_INTERNAL, "Other claims");
}

/* Is a request with this Authorization header signed in? */
static bool
accepts(const char *authorization)
{
	request_begin();
	request.authorization = authorization;
	assert_string_equal(request_run(read_claims), "ok");
	return (found);
}

static bool
accepts_signed(const char *scheme, const struct jwt_key *by)
{
	size_t	 n = strlen(scheme);

	strcpy(line, scheme);
	assert_true(jwt_sign(by, &claims, line + n, sizeof(line) - n) > 0);
	return (accepts(line));
}

static bool
accepts_claims(void)
{
	return (accepts_signed("Bearer ", &key));
}

static void
test_schemes(void **state)
{
	static const char *const	good[] = {
		"Bearer ", "bearer ", "BEARER ", "BeArEr ", "Bearer   ",
	};
	static const char *const	bad[] = {
		"", "Bearer", "Bearers ", "Bearer\t", "Bearer=", "Basic ",
		"Beare ", " Bearer ", "Bear ",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(accepts_signed(good[i], &key));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(accepts_signed(bad[i], &key));
		assert_null(auth_bearer_token(&request));
	}
	assert_false(accepts(NULL));
	assert_null(auth_bearer_token(&request));
	assert_false(accepts("Bearer"));
	assert_null(auth_bearer_token(&request));
	assert_false(accepts("Bearer  x"));
	assert_string_equal(auth_bearer_token(&request), "x");
	assert_false(accepts("Bearer "));
	assert_string_equal(auth_bearer_token(&request), "");
}

static void
test_key_issuer_and_audience(void **state)
{
	(void)state;
	assert_true(accepts_claims());
	assert_false(accepts_signed("Bearer ", &other_key));
	strcpy(claims.iss, ISSUER "/");
	assert_false(accepts_claims());
	strcpy(claims.iss, ISSUER);
	strcpy(claims.aud, "tests");
	assert_false(accepts_claims());
}

/* Hosts' clocks differ by a minute at most; the end is never put off. */
static void
test_clocks(void **state)
{
	int64_t	 second;

	(void)state;
	claims.iat = now() + 30;
	assert_true(accepts_claims());
	claims.iat = now() + LEEWAY;
	assert_true(accepts_claims());
	claims.iat = now() + 120;
	assert_false(accepts_claims());

	/* One second more; again, if a second ended meanwhile. */
	do {
		second = now();
		claims.iat = second + LEEWAY + 1;
		found = accepts_claims();
	} while (now() != second);
	assert_false(found);

	claims.iat = now() - 900;
	claims.exp = now() + 5;
	assert_true(accepts_claims());
	claims.exp = now();
	assert_false(accepts_claims());
	claims.exp = now() - 30;
	assert_false(accepts_claims());
}

/* Each allocation fails in turn: then the token is not at fault. */
static void
test_no_memory(void **state)
{
	const char	*outcome;
	unsigned	 n = 0;

	(void)state;
	assert_true(accepts_claims());
	json_set_alloc_funcs(mem_reserve_alloc, mem_reserve_free);
	for (;;) {
		request_begin();
		request.authorization = line;
		request.faults.countdown[FAULT_ALLOC] = ++n;
		outcome = request_run(read_claims);
		faults_select(NULL);
		if (strcmp(outcome, "ok") == 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(found);
	assert_true(n > 8);
}

static void
refuse(struct ctx *c)
{
	auth_raise(c);
}

static const char *
challenge(const char *authorization)
{
	request_begin();
	request.authorization = authorization;
	assert_string_equal(request_run(refuse), "401 UNAUTHORIZED");
	assert_string_equal(request.error.message,
	    "Could not validate credentials");
	assert_string_equal(request.error.headers->name, "www-authenticate");
	assert_null(request.error.headers->next);
	return (request.error.headers->value);
}

/* RFC 6750, 3.1 */
static void
test_challenge(void **state)
{
	(void)state;
	assert_string_equal(challenge(NULL), "Bearer");
	assert_string_equal(challenge("Basic eA=="), "Bearer");
	assert_string_equal(challenge("Bearer x"),
	    "Bearer error=\"invalid_token\"");
}

#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_schemes),
		TEST(test_key_issuer_and_audience),
		TEST(test_clocks),
		TEST(test_no_memory),
		TEST(test_challenge),
	};

	return (cmocka_run_group_tests_name("bearer", tests, NULL, NULL));
}
