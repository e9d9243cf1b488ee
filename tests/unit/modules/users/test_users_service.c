/* SPDX-License-Identifier: ISC */
/* The rules of users: admins, the last one of them, changes of an address. */

/* sources: app */

#include "users_fixture.h"

#include <stdio.h>

/* Who is an active admin when the transaction has locked them. */
static struct user	admins[3];
static size_t		nadmins;

/* What a statement finds, and how often each was called. */
static size_t		rows;
static unsigned		locks, updates, deletes, careful_deletes, creates,
			pending, jobs;
static bool		taken;
static char		asked_email[300];
static struct user_update	written;

static void *
with_users(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	*n = rows;
	if (strcmp(title, "find_by_id") == 0)
		return (find_person(params[0], n));
	if (strcmp(title, "find_by_email") == 0) {
		*n = taken;
		return (&people[1]);
	}
	if (strcmp(title, "set_pending_email") == 0) {
		pending++;
		snprintf(asked_email, sizeof(asked_email), "%s",
		    params[1] != NULL ? params[1] : "(null)");
		return (&people[0]);
	}
	if (strcmp(title, "lock_admins") == 0) {
		locks++;
		*n = nadmins;
		return (admins);
	}
	if (strcmp(title, "lock") == 0)
		return (find_person(params[0], n));
	if (strcmp(title, "update") == 0) {
		updates++;
		written = *(const struct user_update *)from;
		return (&people[0]);
	}
	if (strcmp(title, "create") == 0) {
		creates++;
		return (&people[0]);
	}
	if (strcmp(title, "delete") == 0 && strcmp(params[2], "false") == 0)
		deletes++;
	else if (strcmp(title, "delete") == 0)
		careful_deletes++;
	else
		raise_unknown(c, "users", title);
	return (&people[0]);
}

static void *
queueing(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	jobs += strcmp(title, "enqueue") == 0;
	(void)params;
	*n = 1;
	return (NULL);
}

/* Overrides recently_confirmed. */
static unsigned	asked;
static bool	is_confirmed = true;

static void
count_asked(struct ctx *c, const struct dependency *d)
{
	(void)d;
	asked++;
	if (!is_confirmed)
		raise_error(c, &ERR_CONFIRMATION_REQUIRED, "Not confirmed");
}

/* A handler, and who asks; every user exists, and every statement succeeds. */
static void
as(void (*who)(struct ctx *, const struct dependency *), const char *handler)
{
	overrides_clear();
	override_repository("users", with_users, handler);
	override_repository("jobs", queueing, handler);
	override_repository("audit", auditing, handler);
	override_dependency(&signed_in, who, handler);
	override_dependency(&recently_confirmed, count_asked, handler);
	asked = 0;
	locks = updates = deletes = careful_deletes = creates = 0;
	pending = jobs = 0;
	taken = false;
	rows = 1;
}

/* The ids of those who are active admins. */
static void
locked(const char *first, const char *second)
{
	memset(admins, 0, sizeof(admins));
	admins[0].id = first;
	admins[1].id = second;
	nadmins = (first != NULL) + (second != NULL);
}

static const struct {
	const char	*method, *target, *body, *handler;
	bool		 demotes;
} changes[] = {
	{ "PATCH", USERS "/" ADA, "{\"name\": \"A\"}", "update_user", false },
	{ "PATCH", USERS "/" ADA, "{\"role\": \"admin\"}", "update_user",
	    false },
	{ "PATCH", USERS "/" ADA, "{\"is_active\": true}", "update_user",
	    false },
	{ "PATCH", USERS "/" ADA, "{\"role\": \"staff\"}", "update_user",
	    true },
	{ "PATCH", USERS "/" ADA, "{\"role\": \"user\", \"is_active\": true}",
	    "update_user", true },
	{ "PATCH", USERS "/" ADA, "{\"is_active\": false, "
	    "\"role\": \"admin\"}", "update_user", true },
	{ "POST", USERS "/" ADA "/activate", NULL, "activate_user", false },
	{ "POST", USERS "/" ADA "/deactivate", NULL, "deactivate_user", true },
	{ "DELETE", USERS "/" ADA, NULL, "delete_user", true },
};

#define NCHANGES	(sizeof(changes) / sizeof(changes[0]))

static int
try(size_t i)
{
	as(as_admin, changes[i].handler);
	return (client_request(changes[i].method, changes[i].target,
	    changes[i].body));
}

static void
assert_message(int status, int expected, const char *message)
{
	assert_int_equal(status, expected);
	assert_string_equal(client_text("error.message"), message);
}

/* Their rights ended after the request was authenticated. */
static void
test_a_former_admin_changes_nobody(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NCHANGES; i++) {
		locked(STAN, NOBODY);
		assert_message(try(i), 403, "Insufficient permissions");
		locked(NULL, NULL);
		assert_message(try(i), 403, "Insufficient permissions");
		assert_int_equal(locks, 1);
		assert_int_equal(updates + deletes + careful_deletes, 0);
	}
}

static void
test_an_admin_changes_others(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NCHANGES; i++) {
		locked(ROOT, NULL);
		assert_in_range(try(i), 200, 204);
		assert_int_equal(locks, 1);
		assert_int_equal(updates + deletes, 1);
		locked(ADA, ROOT);
		assert_in_range(try(i), 200, 204);
		locked(ROOT, NOBODY);
		assert_in_range(try(i), 200, 204);
	}
}

/* The same changes of their own row. */
static void
test_the_last_admin(void **state)
{
	char	 target[200];
	size_t	 i;
	int	 status;

	(void)state;
	for (i = 0; i < NCHANGES; i++) {
		snprintf(target, sizeof(target), USERS "/" ROOT "%s",
		    changes[i].target + strlen(USERS "/" ADA));
		as(as_admin, changes[i].handler);
		locked(ROOT, NULL);
		status = client_request(changes[i].method, target,
		    changes[i].body);
		if (changes[i].demotes)
			assert_message(status, 409, "The last active admin "
			    "cannot be demoted, deactivated or deleted");
		else
			assert_in_range(status, 200, 204);
		assert_int_equal(updates + deletes, !changes[i].demotes);

		locked(STAN, ROOT);
		assert_in_range(client_request(changes[i].method, target,
		    changes[i].body), 200, 204);
		locked(ROOT, STAN);
		assert_in_range(client_request(changes[i].method, target,
		    changes[i].body), 200, 204);
	}
}

/* Only what an admin's rights are needed for locks the admins. */
static void
test_ones_own_name_locks_nobody(void **state)
{
	(void)state;
	locked(NULL, NULL);
	as(as_admin, "update_me");
	assert_int_equal(client_request("PATCH", ME, "{\"name\": \"R\"}"),
	    200);
	assert_int_equal(locks, 0);
	as(as_ada, "update_user");
	assert_int_equal(client_request("PATCH", USERS "/" ADA,
	    "{\"name\": \"A\", \"role\": \"user\", \"is_active\": true}"),
	    200);
	assert_int_equal(locks, 0);
	assert_true(IS_SET(&written, to.name));
	UNSET(&written, to.name);
	assert_false(ANY_SET(&written));
}

/*
 * What changes by more than a name asks once, before anything is locked,
 * counted or written.
 */
static void
test_what_must_be_confirmed(void **state)
{
	static const struct {
		const char	*body;
		unsigned	 by_owner, by_admin;
	} rows_of[] = {
		{ "{}", 0, 0 },
		{ "{\"name\": \"A\"}", 0, 0 },
		{ "{\"email\": \"ada@example.com\"}", 0, 0 },
		{ "{\"email\": \"ada@EXAMPLE.com\"}", 0, 0 },
		{ "{\"email\": \"Ada@example.com\"}", 1, 1 },
		{ "{\"email\": \"a@example.com\", \"name\": \"A\"}", 1, 1 },
		{ "{\"role\": \"user\", \"is_active\": true}", 0, 0 },
		{ "{\"role\": \"staff\"}", 0, 1 },
		{ "{\"is_active\": false}", 0, 1 },
		{ "{\"email_verified\": false}", 0, 0 },
		{ "{\"email_verified\": true}", 0, 1 },
		{ "{\"role\": \"admin\", \"is_active\": false, "
		    "\"email\": \"a@example.com\"}", 0, 1 },
	};
	unsigned	 i, by, must;

	(void)state;
	locked(ROOT, NULL);
	for (i = 0; i < 4 * sizeof(rows_of) / sizeof(rows_of[0]); i++) {
		is_confirmed = i % 2 == 0;
		by = i / 2 % 2;
		must = by ? rows_of[i / 4].by_admin : rows_of[i / 4].by_owner;
		as(by ? as_admin : as_ada, "update_user");
		client_request("PATCH", USERS "/" ADA, rows_of[i / 4].body);
		if (asked != must)
			fail_msg("%s by %u: asked %u times",
			    rows_of[i / 4].body, by, asked);
		if (must && !is_confirmed) {
			assert_string_equal(client_text("error.code"),
			    "CONFIRMATION_REQUIRED");
			assert_int_equal(locks + updates, 0);
		}
	}
	is_confirmed = true;
}

/* The answer is the user that was read: nothing is written or locked. */
static void
test_a_change_of_nothing(void **state)
{
	(void)state;
	locked(NULL, NULL);
	as(as_ada, "update_user");
	assert_int_equal(client_request("PATCH", USERS "/" ADA, "{}"), 200);
	assert_int_equal(client_request("PATCH", USERS "/" ADA,
	    "{\"role\": \"user\", \"is_active\": true}"), 200);
	assert_int_equal(updates + locks, 0);
	as(as_admin, "update_user");
	assert_int_equal(client_request("PATCH", USERS "/" STAN, "{}"), 200);
	assert_int_equal(updates + locks, 0);
	assert_string_equal(client_text("id"), STAN);
}

/* Who was no admin when they asked is not deleted as one. */
static void
test_deleting_oneself(void **state)
{
	(void)state;
	locked(ROOT, STAN);
	as(as_ada, "delete_me");
	assert_int_equal(client_request("DELETE", ME, NULL), 204);
	assert_int_equal(careful_deletes, 1);
	assert_int_equal(locks + deletes, 0);
	rows = 0;
	assert_message(client_request("DELETE", ME, NULL), 404,
	    "User not found");
	as(as_staff, "delete_me");
	assert_int_equal(client_request("DELETE", ME, NULL), 204);
	assert_int_equal(careful_deletes, 1);
	as(as_admin, "delete_me");
	assert_int_equal(client_request("DELETE", ME, NULL), 204);
	assert_int_equal(deletes, 1);
	assert_int_equal(locks, 1);
	assert_int_equal(careful_deletes, 0);
}

/* A former admin makes users of the lowest role only. */
static void
test_roles_of_new_users(void **state)
{
	static const char	*const roles[] = { "user", "staff", "admin" };
	char			 body[300];
	size_t			 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(body, sizeof(body), "{\"email\": \"n@example.com\", "
		    "\"name\": \"N\", \"password\": \"Sunny-day-42\", "
		    "\"role\": \"%s\"}", roles[i]);
		as(as_admin, "create_user");
		locked(STAN, NULL);
		assert_int_equal(client_request("POST", USERS, body,
		    "authorization: Bearer any"), i == 0 ? 201 : 403);
		assert_int_equal(creates, i == 0);
		assert_int_equal(locks, i != 0);
		as(as_staff, "create_user");
		locked(ROOT, NULL);
		assert_int_equal(client_request("POST", USERS, body,
		    "authorization: Bearer any"), i == 0 ? 201 : 403);
		assert_int_equal(locks, 0);
	}
}

/* Sets one's address; the number of changes left, or -1 if none counts. */
static int
left_after(const char *email, int expected)
{
	const char	*left;
	char		 body[100];

	snprintf(body, sizeof(body), "{\"email\": \"%s\"}", email);
	assert_int_equal(client_request("PATCH", ME, body), expected);
	if (client_header("ratelimit") == NULL)
		return (-1);
	left = strstr(client_header("ratelimit"), "\"email_changes\";r=");
	assert_non_null(left);
	return (atoi(left + strlen("\"email_changes\";r=")));
}

/* Ten others an hour; one's own does not count, whatever its case is. */
static void
test_changes_of_an_address(void **state)
{
	char	 email[40];
	int	 i;

	(void)state;
	as(as_ada, "update_me");
	for (i = 0; i < 12; i++) {
		assert_int_equal(left_after("ada@example.com", 200), -1);
		assert_int_equal(left_after("ADA@EXAMPLE.com", 200), -1);
	}
	assert_int_equal(left_after("not an address", 422), -1);
	assert_int_equal(pending, 0);
	assert_int_equal(updates, 24);
	for (i = 9; i >= 0; i--) {
		snprintf(email, sizeof(email), "a%d@example.com", i);
		assert_int_equal(left_after(email, 200), i);
		assert_string_equal(asked_email, email);
		assert_int_equal(left_after("ada@EXAMPLE.com", 200), -1);
	}
	assert_string_equal(client_header("ratelimit-policy") == NULL ? "" :
	    client_header("ratelimit-policy"), "");
	assert_int_equal(left_after("x@example.com", 429), 0);
	assert_string_equal(client_header("ratelimit-policy"),
	    "\"email_changes\";q=10;w=3600");
	assert_int_equal(left_after("ada@Example.com", 200), -1);
	assert_int_equal(pending, 10);
	assert_int_equal(jobs, 20);

	as(as_staff, "update_me");
	assert_int_equal(left_after("x@example.com", 200), 9);
}

/* Their own sends mails, too. */
static void
test_an_admins_changes_of_others_do_not_count(void **state)
{
	char	 body[80];
	int	 i;

	(void)state;
	as(as_admin, "update_me");
	assert_int_equal(left_after("x@example.com", 200), 9);
	as(as_admin, "update_user");
	locked(ROOT, NULL);
	for (i = 0; i < 12; i++) {
		snprintf(body, sizeof(body), "{\"email\": "
		    "\"a%d@example.com\"}", i);
		assert_int_equal(client_request("PATCH", USERS "/" ADA, body),
		    200);
		assert_null(client_header("ratelimit"));
	}
	assert_int_equal(updates, 12);
	assert_int_equal(pending, 0);
}

/* Told: 409, and nothing is written. Hidden: nobody looks, and both get 202. */
static void
test_a_taken_address(void **state)
{
	(void)state;
	as(as_ada, "update_me");
	taken = true;
	assert_int_equal(left_after("stan@example.com", 409), 9);
	assert_int_equal(pending, 0);
	users_settings.taken_emails = TAKEN_HIDDEN;
	assert_int_equal(left_after("stan@example.com", 202), 8);
	taken = false;
	assert_int_equal(left_after("free@example.com", 202), 7);
	assert_int_equal(pending, 2);
	assert_int_equal(jobs, 4);
	users_settings.taken_emails = TAKEN_TOLD;
	people[1].email = "ADA@example.com";	/* it is one's own */
	as(as_staff, "update_me");
	taken = true;
	assert_int_equal(left_after("stan@example.com", 200), 9);
	people[1].email = "stan@example.com";
}

/* With their own address, a user keeps it; not with other members beside it. */
static void
test_a_pending_address_ends(void **state)
{
	(void)state;
	as(as_ada, "update_me");
	people[0].pending_email = "new@example.com";
	assert_int_equal(client_request("PATCH", USERS "/me",
	    "{\"email\": \"ada@example.com\", \"name\": \"A\"}"), 200);
	assert_int_equal(pending, 0);
	assert_int_equal(left_after("ada@example.com", 200), -1);
	assert_int_equal(pending, 1);
	assert_string_equal(asked_email, "(null)");
	assert_int_equal(client_request("PATCH", USERS "/me",
	    "{\"email\": \"Ada@example.com\", \"name\": \"A\"}"), 200);
	assert_int_equal(pending, 2);
	assert_int_equal(jobs, 0);
	people[0].pending_email = NULL;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_a_former_admin_changes_nobody),
		CLIENT_TEST(test_an_admin_changes_others),
		CLIENT_TEST(test_the_last_admin),
		CLIENT_TEST(test_ones_own_name_locks_nobody),
		CLIENT_TEST(test_what_must_be_confirmed),
		CLIENT_TEST(test_a_change_of_nothing),
		CLIENT_TEST(test_deleting_oneself),
		CLIENT_TEST(test_roles_of_new_users),
		CLIENT_TEST(test_changes_of_an_address),
		CLIENT_TEST(test_an_admins_changes_of_others_do_not_count),
		CLIENT_TEST(test_a_taken_address),
		CLIENT_TEST(test_a_pending_address_ends),
	};

	return (cmocka_run_group_tests_name("users_service", tests,
	    client_start, NULL));
}
