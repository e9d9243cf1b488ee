/* SPDX-License-Identifier: ISC */
/*
 * What tests of whole requests share: a database that has what each statement
 * asks for, a request for each endpoint, and the log's lines.
 */

#ifndef TESTS_REQUESTS_FIXTURE_H
#define TESTS_REQUESTS_FIXTURE_H

#include <sys/mman.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "fakes/kore_fake.h"
#include "fakes/pool_fake.h"
#include "http/routes.h"
#include "openapi/openapi_build.h"
#include "utils/jwt.h"
#include "utils/password.h"
#include "utils/timefmt.h"

#define ACTOR	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define TARGET	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define THIRD	"017f22e2-79b0-7cc3-98c4-dc0c0c073991"
#define SESSION	"017f22e2-79b0-7cc3-98c4-dc0c0c073992"
#define NOON	"2026-01-01 12:00:00+00"

#define PASSWORD	"Correct-h0rse"
#define REFRESH_TOKEN							\
	"keel_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"		\
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FORM		"content-type: application/x-www-form-urlencoded"
#define USERS		"/api/v1/users"

#define SECRET_43	"4Hq0nVZ9pE0cW8mXyq3m1Qb2s7uT6rK5jL1oA0dNfGw"
#define RESET_TOKEN	"keel_reset_" SECRET_43
#define VERIFY_TOKEN	"keel_verify_" SECRET_43
#define EMAIL_TOKEN	"keel_email_" SECRET_43
#define CANCEL_TOKEN	"keel_email_cancel_" SECRET_43

/* A request that succeeds; the path is the route's. */
struct asked {
	const char	*handler;	/* as in its ROUTE row */
	const char	*role;		/* of who sends it; NULL: nobody */
	const char	*query;
	const char	*body;
	const char	*line;		/* of the head */
};

static const struct asked	requests[] = {
	{ "list_users", "admin", "?limit=2&sort=name", NULL, NULL },
	{ "list_users", "admin", "?limit=2&cursor=", NULL, NULL },
	{ "create_user", NULL, "", "{\"email\": \"new@example.com\", "
	    "\"name\": \"New\", \"password\": \"" PASSWORD "\"}", NULL },
	{ "create_user", "admin", "", "{\"email\": \"new@example.com\", "
	    "\"name\": \"New\", \"password\": \"" PASSWORD "\", "
	    "\"role\": \"staff\"}", NULL },
	{ "create_user", NULL, "", "{\"email\": \"new@example.com\", "
	    "\"name\": \"New\", \"password\": \"" PASSWORD "\"}",
	    "idempotency-key: one" },
	{ "create_user", "admin", "", "{\"email\": \"new@example.com\", "
	    "\"name\": \"New\", \"password\": \"" PASSWORD "\", "
	    "\"role\": \"staff\"}", "idempotency-key: one" },
	{ "read_me", "user", "", NULL, NULL },
	{ "update_me", "user", "", "{\"email\": \"new@example.com\"}", NULL },
	{ "update_me", "admin", "", "{\"name\": \"New\"}", NULL },
	{ "delete_me", "user", "", NULL, NULL },
	{ "delete_me", "admin", "", NULL, NULL },
	{ "read_user", "admin", "", NULL, NULL },
	{ "update_user", "admin", "", "{\"role\": \"staff\"}", NULL },
	{ "replace_user", "admin", "", "{\"email\": \"new@example.com\", "
	    "\"name\": \"New\", \"role\": \"user\", \"is_active\": false}",
	    NULL },
	{ "delete_user", "admin", "", NULL, NULL },
	{ "activate_user", "admin", "", NULL, NULL },
	{ "deactivate_user", "admin", "", NULL, NULL },
	{ "create_token", NULL, "", "username=third@example.com&password="
	    PASSWORD, FORM },
	{ "create_token", NULL, "", "grant_type=refresh_token&refresh_token="
	    REFRESH_TOKEN, FORM },
	{ "revoke_token", NULL, "", "token=" REFRESH_TOKEN, FORM },
	{ "log_out", "user", "", NULL, NULL },
	{ "log_in", NULL, "", "{\"username\": \"third@example.com\", "
	    "\"password\": \"" PASSWORD "\"}", NULL },
	{ "confirm_session", "user", "", "{\"current_password\": \""
	    PASSWORD "\"}", NULL },
	{ "change_password", "user", "", "{\"current_password\": \""
	    PASSWORD "\", \"new_password\": \"Rainy-day-43\"}", NULL },
	{ "list_sessions", "user", "?limit=1", NULL, NULL },
	{ "end_sessions", "user", "?except=current", NULL, NULL },
	{ "end_session", "user", "", NULL, NULL },
	{ "list_user_sessions", "admin", "?limit=1", NULL, NULL },
	{ "end_user_sessions", "admin", "", NULL, NULL },
	{ "end_user_session", "admin", "", NULL, NULL },
	{ "unlock_user", "admin", "", NULL, NULL },
	{ "forgot_password", NULL, "", "{\"email\": \"third@example.com\"}",
	    NULL },
	{ "resend_link", NULL, "",
	    "{\"email\": \"third@example.com\"}", NULL },
	{ "reset_password", NULL, "", "{\"token\": \"" RESET_TOKEN "\", "
	    "\"new_password\": \"Rainy-day-43\"}", NULL },
	{ "verify_email", NULL, "", "{\"token\": \"" VERIFY_TOKEN "\"}",
	    NULL },
	{ "send_reset_link", "admin", "", NULL, NULL },
	{ "send_reset_link", "admin", "", NULL, "idempotency-key: one" },
	{ "submit_reset", NULL, "", "token=" RESET_TOKEN
	    "&new_password=Rainy-day-43", FORM },
	{ "submit_verify", NULL, "", "token=" VERIFY_TOKEN, FORM },
	{ "confirm_email", NULL, "", "{\"token\": \"" EMAIL_TOKEN "\"}",
	    NULL },
	{ "cancel_email", NULL, "", "{\"token\": \"" CANCEL_TOKEN "\"}",
	    NULL },
	{ "submit_confirm", NULL, "", "token=" EMAIL_TOKEN, FORM },
	{ "submit_cancel", NULL, "", "token=" CANCEL_TOKEN, FORM },
	{ "list_jobs", "admin", "?status=dead", NULL, NULL },
	{ "retry_job", "admin", "", NULL, NULL },
	{ "list_audit", "admin", "?action=user_updated", NULL, NULL },
	{ "ready", NULL, "", NULL, NULL },
};

#define NREQUESTS	(sizeof(requests) / sizeof(requests[0]))

static const struct asked	*asked;	/* the current one */
static char			 hash[PASSWORD_HASH_MAX];	/* PASSWORD's */

/* Of an endpoint without a row above, from its description. */
static struct asked	derived[4096];
static size_t		nderived;

/* The endpoint, its method and path. */
static struct {
	const char		*handler;
	const char		*method;
	char			 path[128];
	const struct endpoint	*endpoint;
} wanted;

static inline void
fit(const struct route *route, const struct endpoint *e)
{
	const char	*path = route_path(route), *group, *end;
	size_t		 len = 0;

	if (strcmp(e->name, wanted.handler) != 0)
		return;
	wanted.endpoint = e;
	wanted.method = endpoint_verb_name(e->verb);
	if (*path != '^') {
		snprintf(wanted.path, sizeof(wanted.path), "%s", path);
		return;
	}
	end = path + strlen(path) - 1;
	for (path++; (group = strstr(path, "([^/]+)")) != NULL;
	    path = group + 7)
		len += (size_t)snprintf(wanted.path + len,
		    sizeof(wanted.path) - len, "%.*s" TARGET,
		    (int)(group - path), path);
	snprintf(wanted.path + len, sizeof(wanted.path) - len, "%.*s",
	    (int)(end - path), path);
}

/* The database. */

#define USER_ROW(an_id, a_name, a_role)					\
	FAKE_ROW({ "id", an_id }, { "email", a_name "@example.com" },	\
	    { "name", a_name }, { "hashed_password", hash },		\
	    { "role", a_role }, { "is_active", "t" }, { "version", "7" })

static inline PGresult *
agree_with_users(const struct query *q, const char *name)
{
	const char	*role = asked->role != NULL ? asked->role : "user";

	if (strcmp(name, "users.find_signed_in") == 0)
		return (FAKE_ROWS(q, USER_ROW(ACTOR, "actor", role)));
	if (strcmp(name, "users.find_signed_in_and_target") == 0)
		return (FAKE_ROWS(q, USER_ROW(ACTOR, "actor", role),
		    USER_ROW(TARGET, "target", "user")));
	if (strcmp(name, "users.lock_admins") == 0)
		return (FAKE_ROWS(q, USER_ROW(ACTOR, "actor", "admin"),
		    USER_ROW(THIRD, "third", "admin")));
	/* The address that somebody asks for is free. */
	if (strcmp(name, "users.find_by_email") == 0 &&
	    strcmp(asked->handler, "update_me") == 0)
		return (fake_rows(q, 0, NULL));
	if (strcmp(name, "users.lock") == 0)
		return (FAKE_ROWS(q, USER_ROW(THIRD, "before", "user")));
	return (FAKE_ROWS(q, USER_ROW(THIRD, "third", "user")));
}

/*
 * The cells that matter in a row of each other schema. A row of a schema that
 * is not here has a value of its type in each column.
 */
static const struct {
	const char		*schema;
	struct fake_cell	 cells[8];
} samples[] = {
	{ "audit_record", { { "id", TARGET }, { "action", "user_updated" },
	    { "actor_id", ACTOR }, { "session_id", SESSION },
	    { "target_id", THIRD }, { "address", "192.0.2.1" },
	    { "request_id", "one" } } },
	{ "session", { { "id", SESSION }, { "client", "192.0.2.1" },
	    { "last_client", "::1" }, { "current", "t" } } },
	{ "admin_job", { { "id", TARGET }, { "kind", "send_welcome_email" },
	    { "status", "queued" }, { "attempts", "3" },
	    { "error", "none" } } },
	{ "account_token", { { "user_id", THIRD },
	    { "email", "third@example.com" } } },
	{ "total", { { "total", "7" } } },
	{ "failure_count", { { "failures", "7" } } },
	{ "attempt_count", { { "known", "t" } } },
	{ "session_mark", { { "confirmed", "t" } } },
	{ "opened", { { "is_new", "t" } } },
	{ "refresh_token", { { "user_id", ACTOR },
	    { "expires_at", "2126-01-01 12:00:00+00" }, { "active", "t" } } },
	{ "session_owner", { { "user_id", ACTOR } } },
	{ "key_lock", { { "is_locked", "t" } } },
	{ "database_state", { { "version", "999999" },
	    { "own_version", "999999" }, { "writable", "t" } } },
};

static inline PGresult *
agree_with_rows(const struct query *q, const char *name)
{
	const char	*row = q->row->name;
	size_t		 i;

	if (strcmp(name, "sessions.limit") == 0)	/* none is too many */
		return (fake_done("UPDATE 0"));
	if (strcmp(row, "none") == 0)
		return (fake_done("UPDATE 1"));
	if (strcmp(row, "stored_response") == 0)	/* none is stored */
		return (fake_rows(q, 0, NULL));
	if (strcmp(row, "user") == 0)
		return (agree_with_users(q, name));
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		if (strcmp(row, samples[i].schema) == 0)
			return (FAKE_ROWS(q, samples[i].cells));
	}
	return (FAKE_ROWS(q, FAKE_ROW({ NULL, NULL })));
}

/* Every row is there, and every change changes one. */
static inline PGresult *
agree(const struct query *q, const char *name, const char *const *params)
{
	(void)params;
	return (q == NULL ? fake_done(name) : agree_with_rows(q, name));
}

/* Requests. */

static inline const char *
token_line(void)
{
	static char		 line[JWT_MAX + 64];
	struct jwt_claims	 claims = { .sub = ACTOR, .sid = SESSION,
				    .jti = THIRD, .client_id = "tests" };
	char			 token[JWT_MAX];

	strcpy(claims.iss, config.public_url);
	strcpy(claims.aud, config.public_url);
	claims.iat = timefmt_now() / 1000000;
	claims.exp = claims.iat + 60;
	assert_true(jwt_sign(&config.jwt_key, &claims, token,
	    sizeof(token)) > 0);
	snprintf(line, sizeof(line), "authorization: Bearer %s", token);
	return (line);
}

/*
 * A body of the table, with the description's example of each member that it
 * lacks: a new member that is required changes no test.
 */
static inline const char *
completed(const char *body)
{
	static char		 text[2048];
	const struct schema	*s = wanted.endpoint->in;
	json_t			*j, *example;
	size_t			 i, n;

	if (body == NULL || s == NULL || wanted.endpoint->form)
		return (body);
	j = json_loads(body, 0, NULL);
	example = openapi_example(s, READ_JSON);
	for (i = 0; i < s->nmembers; i++) {
		if (s->members[i].flags & REQUIRED &&
		    json_object_get(j, s->members[i].name) == NULL)
			json_object_set(j, s->members[i].name,
			    json_object_get(example, s->members[i].name));
	}
	n = json_dumpb(j, text, sizeof(text) - 1, 0);
	assert_true(n < sizeof(text));
	text[n] = '\0';
	json_decref(j);
	json_decref(example);
	return (text);
}

/* Sends it, from a new address; fake_db is as the caller has set it. */
static inline int
ask(const struct asked *a)
{
	const char	*parts[5] = { a->body, "x-request-id: one" };
	char		 target[256];
	unsigned	 n = 2;

	client_setup(NULL);
	asked = a;
	wanted.handler = a->handler;
	wanted.endpoint = NULL;
	routes_walk(fit);
	if (wanted.endpoint == NULL)
		fail_msg("no route has a handler %s", a->handler);
	if (a >= requests && a < requests + NREQUESTS)
		parts[0] = completed(a->body);
	snprintf(target, sizeof(target), "%s%s", wanted.path, a->query);
	if (a->role != NULL)
		parts[n++] = token_line();
	if (a->line != NULL)
		parts[n++] = a->line;
	return (client_send(wanted.method, target, parts));
}

static inline const struct asked *
find_request(const char *handler)
{
	size_t	 i;

	for (i = 0; i < NREQUESTS; i++) {
		if (strcmp(requests[i].handler, handler) == 0)
			return (&requests[i]);
	}
	return (NULL);
}

static inline const struct asked *
request_of(const char *handler)
{
	const struct asked	*a = find_request(handler);

	if (a == NULL)
		fail_msg("there is no request for %s", handler);
	return (a);
}

/* For routes_walk(): adds to `derived`. */
static inline void
derive(const struct route *route, const struct endpoint *e)
{
	const char	*path = route_path(route);
	struct asked	*a = &derived[nderived];
	json_t		*example;

	if (strncmp(path + (*path == '^'), "/api/", 5) != 0 ||
	    find_request(e->name) != NULL)
		return;
	assert_true(nderived++ < sizeof(derived) / sizeof(derived[0]));
	a->handler = e->name;
	a->query = "";
	if (e->auth != NULL)
		a->role = e->auth->roles != NULL ? e->auth->roles[0] : "admin";
	if (e->in == NULL)
		return;
	if (e->form)
		fail_msg("add a request for %s to the table in "
		    "tests/unit/requests_fixture.h", e->name);
	example = openapi_example(e->in, READ_JSON);
	a->body = json_dumps(example, 0);
	json_decref(example);
}

/* The log. */

static char	log_text[32768];

/* Sends it, and keeps what is logged meanwhile. */
static inline int
ask_and_log(const struct asked *a)
{
	int	 file = memfd_create("log", 0), before = dup(STDOUT_FILENO);
	int	 status;
	ssize_t	 n;

	assert_true(file != -1 && before != -1);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	log_init(LEVEL_DEBUG, FORMAT_JSON);
	status = ask(a);
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	dup2(before, STDOUT_FILENO);
	n = pread(file, log_text, sizeof(log_text) - 1, 0);
	close(file);
	close(before);
	assert_true(n >= 0 && (size_t)n < sizeof(log_text) - 1);
	log_text[n] = '\0';
	return (status);
}

/* The lines of an event, and the level of the last one. */
static inline unsigned
logged(const char *event, char level[static 16])
{
	const char	*line = log_text, *end;
	unsigned	 n = 0;
	json_t		*j;

	*level = '\0';
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		j = json_loadb(line, (size_t)(end - line), 0, NULL);
		assert_non_null(j);
		if (event == NULL || strcmp(json_string_value(
		    json_object_get(j, "event")), event) == 0) {
			snprintf(level, 16, "%s", json_string_value(
			    json_object_get(j, "level")));
			n++;
		}
		json_decref(j);
	}
	return (n);
}

static inline int
start_with_password(void **state)
{
	if (client_start(state) != 0)
		return (-1);
	return (password_hash(PASSWORD, hash));
}

#endif
