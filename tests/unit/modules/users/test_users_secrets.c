/* SPDX-License-Identifier: ISC */
/* Nothing that is freed after a request holds its password or its token. */

/* sources: app tests/unit/fakes/freed_fake.c */

#include "users_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "fakes/freed_fake.h"
#include "modules/auth/auth_repository.h"
#include "utils/jwt.h"
#include "utils/timefmt.h"

#define PRIVATE	"Correct-h0rse-battery"
#define TOKEN	"/api/v1/auth/token"
#define LOGIN	"/api/v1/auth/login"
#define FORM	"content-type: application/x-www-form-urlencoded"
#define LONG	"0123456789012345678901234567890123456789012345678901234567890"

/* For another password. */
#define BCRYPT	"$2b$05$bmgHgds/ddsXhmqckKyqp.rzFlKSONciBvz53ucm8Xyy.7YWYqT66"

static const char	*stored;	/* hash of the user; NULL: no user */

static void *
with_user(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	static struct user	 user;

	(void)from;
	(void)params;
	if (strcmp(title, "find_by_email") != 0)
		raise_unknown(c, "users", title);
	user = people[0];
	user.hashed_password = (char *)(uintptr_t)stored;
	*n = stored != NULL;
	return (&user);
}

/* No attempt has failed. */
static void *
with_attempts(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)params;
	if (strcmp(title, "count_attempt") != 0)
		raise_unknown(c, "sign_ins", title);
	*n = 1;
	return (ctx_alloc(c, sizeof(struct attempt_count)));
}

/* Nothing of it is in the audit log. */
static void *
with_audit(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	size_t	 i;

	(void)from;
	for (i = 0; i < 9; i++) {
		if (params[i] != NULL && strstr(params[i], PRIVATE) != NULL)
			raise_unknown(c, "audit", title);
	}
	*n = 1;
	return (NULL);
}

static void *
registered(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	const struct user	*row = from;

	(void)params;
	if (strcmp(title, "create") != 0)
		raise_unknown(c, "users", title);
	/* What is stored is not the password. */
	if (strstr(row->hashed_password, PRIVATE) != NULL)
		raise_unknown(c, "users", title);
	*n = 0;
	return (NULL);
}

static void
test_the_search_finds_a_secret(void **state)
{
	char	*text = strdup("so " PRIVATE ".");

	(void)state;
	freed_watch(PRIVATE);
	free(text);
	free(malloc(100));
	assert_int_equal(freed_watch(NULL), 1);
}

static const struct {
	const char	*body;
	int		 status;
} registrations[] = {
	{ "{\"email\": \"new@example.com\", \"name\": \"New\", "
	    "\"password\": \"" PRIVATE "\"}", 409 },
	/* Written otherwise: jansson makes a copy. */
	{ "{\"email\": \"new@example.com\", \"name\": \"\\u00e9\", "
	    "\"password\": \"\\u0043orrect-h0rse-battery\"}", 409 },
	{ "{\"email\": \"new\", \"name\": \"New\", "
	    "\"password\": \"" PRIVATE "\"}", 422 },
	{ "{\"email\": \"new@example.com\", \"name\": \"New\", "
	    "\"password\": \"" PRIVATE LONG LONG "\"}", 422 },
	{ "{\"email\": \"new@example.com\", \"name\": \"New\", "
	    "\"password\": [\"" PRIVATE "\"]}", 422 },
	{ "{\"password\": \"" PRIVATE "\", \"password\": \"" PRIVATE "\"}",
	    422 },
	{ "{\"password\": \"" PRIVATE "\"", 400 },
	{ "{\"password\": \"" PRIVATE, 400 },
};

static void
test_registrations(void **state)
{
	size_t	 i;
	int	 status;
	unsigned	 held;

	(void)state;
	override_repository("users", registered, "create_user");
	for (i = 0; i < sizeof(registrations) / sizeof(registrations[0]);
	    i++) {
		freed_watch(PRIVATE);
		status = client_request("POST", USERS, registrations[i].body);
		held = freed_watch(NULL);
		if (status != registrations[i].status || held > 0)
			fail_msg("%zu: %d, %u blocks", i, status, held);
	}
	/* Without a database. */
	overrides_clear();
	freed_watch(PRIVATE);
	assert_int_equal(client_request("POST", USERS, registrations[0].body),
	    503);
	assert_int_equal(freed_watch(NULL), 0);
}

static const struct {
	const char	*stored, *body;
	int		 status;
} sign_ins[] = {
	{ NULL, "username=ada%40example.com&password=" PRIVATE, 400 },
	{ HASH, "username=ada%40example.com&password=" PRIVATE, 400 },
	{ BCRYPT, "username=ada%40example.com&password=" PRIVATE, 400 },
	{ BCRYPT, "password=%43orrect-h0rse-battery&username=a", 400 },
	{ NULL, "password=" PRIVATE, 400 },
	{ NULL, "password=" PRIVATE "&password=" PRIVATE "&username=a", 400 },
	{ NULL, "username=a&password=" PRIVATE "%", 400 },
	{ NULL, "username=a&grant_type=x&password=" PRIVATE, 400 },
	{ NULL, "grant_type=refresh_token&refresh_token=" PRIVATE, 400 },
};

static void
test_sign_ins(void **state)
{
	size_t	 i;
	int	 status;
	unsigned	 held;

	(void)state;
	override_repository("users", with_user, "create_token");
	override_repository("sign_ins", with_attempts, "create_token");
	override_repository("audit", with_audit, "create_token");
	for (i = 0; i < sizeof(sign_ins) / sizeof(sign_ins[0]); i++) {
		stored = sign_ins[i].stored;
		freed_watch(PRIVATE);
		status = client_request("POST", TOKEN, sign_ins[i].body, FORM);
		held = freed_watch(NULL);
		if (status != sign_ins[i].status || held > 0)
			fail_msg("%zu: %d, %u blocks", i, status, held);
	}
}

static const struct {
	const char	*stored, *body;
	int		 status;
} json_sign_ins[] = {
	{ NULL, "{\"username\":\"a\",\"password\":\"" PRIVATE "\"}", 400 },
	{ HASH, "{\"username\":\"a\",\"password\":\"" PRIVATE "\"}", 400 },
	{ NULL, "{\"password\":\"" PRIVATE "\"}", 400 },
	{ NULL, "{\"password\":\"" PRIVATE "\",\"password\":1}", 400 },
	{ NULL, "{\"username\":\"a\",\"password\":\"" PRIVATE, 400 },
	{ NULL, "{\"username\":[\"" PRIVATE "\"]}", 400 },
	{ NULL, "{\"password\":\"" PRIVATE "\",\"username\":99999999999999"
	    "99999999}", 400 },
};

static void
test_json_sign_ins(void **state)
{
	size_t		 i;
	int		 status;
	unsigned	 held;

	(void)state;
	override_repository("users", with_user, "log_in");
	override_repository("sign_ins", with_attempts, "log_in");
	override_repository("audit", with_audit, "log_in");
	for (i = 0; i < sizeof(json_sign_ins) / sizeof(*json_sign_ins); i++) {
		stored = json_sign_ins[i].stored;
		freed_watch(PRIVATE);
		status = client_request("POST", LOGIN, json_sign_ins[i].body);
		held = freed_watch(NULL);
		if (status != json_sign_ins[i].status || held > 0)
			fail_msg("%zu: %d, %u blocks", i, status, held);
	}
}

static void
test_a_revocation(void **state)
{
	(void)state;
	freed_watch(PRIVATE);
	assert_int_equal(client_request("POST", "/api/v1/auth/revoke",
	    "token=" PRIVATE, FORM), 200);
	assert_int_equal(freed_watch(NULL), 0);
}

static void
test_a_change_of_password(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_ada, "change_password");
	override_dependency(&recently_confirmed, confirmed, "change_password");
	override_repository("sign_ins", with_attempts, "change_password");
	freed_watch(PRIVATE);
	assert_int_equal(client_request("POST", ME "/password",
	    "{\"current_password\": \"" PRIVATE "\", "
	    "\"new_password\": \"" PRIVATE "2\"}"), 422);
	assert_int_equal(freed_watch(NULL), 0);
}

static void *
with_log(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	(void)title;
	(void)params;
	*n = 1;
	return (NULL);
}

static void
test_a_confirmation(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_ada, "confirm_session");
	override_repository("sign_ins", with_attempts, "confirm_session");
	override_repository("audit", with_log, "confirm_session");
	freed_watch(PRIVATE);
	assert_int_equal(client_request("POST", "/api/v1/auth/confirm",
	    "{\"current_password\": \"" PRIVATE "\"}"), 422);
	assert_int_equal(freed_watch(NULL), 0);
}

/* Every session is valid. */
static void *
with_sessions(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	if (strcmp(title, "find_signed_in") != 0)
		raise_unknown(c, "users", title);
	return (find_person(params[0], n));
}

/* Neither the token nor what is in it. */
static void
test_a_token(void **state)
{
	struct jwt_claims	 claims = { .sub = ADA, .sid = STAN,
				    .jti = NOBODY, .client_id = "tests" };
	char			 token[JWT_MAX], line[JWT_MAX + 64];
	const char		*secrets[] = { token, NOBODY };
	size_t			 i;

	(void)state;
	strcpy(claims.iss, config.public_url);
	strcpy(claims.aud, config.public_url);
	claims.iat = timefmt_now() / 1000000;
	claims.exp = claims.iat + 60;
	assert_true(jwt_sign(&config.jwt_key, &claims, token,
	    sizeof(token)) > 0);
	snprintf(line, sizeof(line), "authorization: Bearer %s", token);
	override_repository("users", with_sessions, "read_me");
	for (i = 0; i < 2; i++) {
		freed_watch(secrets[i]);
		assert_int_equal(client_request("GET", ME, NULL, line), 200);
		assert_int_equal(freed_watch(NULL), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_the_search_finds_a_secret),
		CLIENT_TEST(test_registrations),
		CLIENT_TEST(test_sign_ins),
		CLIENT_TEST(test_json_sign_ins),
		CLIENT_TEST(test_a_revocation),
		CLIENT_TEST(test_a_change_of_password),
		CLIENT_TEST(test_a_confirmation),
		CLIENT_TEST(test_a_token),
	};

	return (cmocka_run_group_tests_name("users_secrets", tests,
	    client_start, NULL));
}
