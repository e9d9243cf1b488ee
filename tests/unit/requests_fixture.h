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

/* The endpoint's method and path. */
static struct {
	const char	*handler;
	const char	*method;
	char		 path[128];
	bool		 found;
} wanted;

static inline void
fit(const struct route *route, const struct endpoint *e)
{
	const char	*path = route_path(route), *group, *end;
	size_t		 len = 0;

	if (strcmp(e->name, wanted.handler) != 0)
		return;
	wanted.found = true;
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

#define USER_CELLS(id, name, role)					\
	id, name "@example.com", name, hash, role, "t", "f", NULL, "7",	\
	NOON, NOON

static inline PGresult *
agree_with_rows(const struct query *q, const char *name)
{
	const char	*role = asked->role != NULL ? asked->role : "user";
	const char	*actor[] = { USER_CELLS(ACTOR, "actor", role),
			    USER_CELLS(TARGET, "target", "user") };
	const char	*admins[] = { USER_CELLS(ACTOR, "actor", "admin"),
			    USER_CELLS(THIRD, "third", "admin") };
	const char	*user[] = { USER_CELLS(THIRD, "third", "user") };
	const char	*before[] = { USER_CELLS(THIRD, "before", "user") };
	const char	*record[] = { TARGET, NOON, "user_updated", ACTOR,
			    SESSION, THIRD, NULL, "192.0.2.1", "one", NULL };
	const char	*session[] = { SESSION, NULL, "192.0.2.1", "::1", NOON,
			    NOON, NOON, "t" };
	const char	*job[] = { TARGET, "send_welcome_email", "{}", "queued",
			    "3", "none", NULL, NOON, NOON, NULL };
	const char	*token[] = { THIRD, "third@example.com" };
	const char	*count[] = { "7" }, *yes[] = { "t" };
	const char	*refresh[] = { ACTOR, "2126-01-01 12:00:00+00", "f",
			    "f", "t" }, *owner[] = { ACTOR };
	const char	*state[] = { "999999", "t" };

	if (strcmp(name, "users.find_signed_in") == 0)
		return (fake_rows(q, 1, actor));
	if (strcmp(name, "users.find_signed_in_and_target") == 0)
		return (fake_rows(q, 2, actor));
	if (strcmp(name, "users.lock_admins") == 0)
		return (fake_rows(q, 2, admins));
	/* The address that somebody asks for is free. */
	if (strcmp(name, "users.find_by_email") == 0 &&
	    strcmp(asked->handler, "update_me") == 0)
		return (fake_rows(q, 0, NULL));
	if (strcmp(name, "users.lock") == 0)
		return (fake_rows(q, 1, before));
	if (strcmp(q->row->name, "audit_record") == 0)
		return (fake_rows(q, 1, record));
	if (strcmp(q->row->name, "user") == 0)
		return (fake_rows(q, 1, user));
	if (strcmp(q->row->name, "session") == 0)
		return (fake_rows(q, 1, session));
	if (strcmp(q->row->name, "admin_job") == 0)
		return (fake_rows(q, 1, job));
	if (strcmp(q->row->name, "account_token") == 0)
		return (fake_rows(q, 1, token));
	if (strcmp(q->row->name, "total") == 0 ||
	    strcmp(q->row->name, "failure_count") == 0)
		return (fake_rows(q, 1, count));
	if (strcmp(q->row->name, "attempt_count") == 0 ||
	    strcmp(q->row->name, "session_mark") == 0 ||
	    strcmp(q->row->name, "opened") == 0)
		return (fake_rows(q, 1, yes));
	if (strcmp(name, "sessions.limit") == 0)	/* none is too many */
		return (fake_done("UPDATE 0"));
	if (strcmp(q->row->name, "refresh_token") == 0)
		return (fake_rows(q, 1, refresh));
	if (strcmp(q->row->name, "session_owner") == 0)
		return (fake_rows(q, 1, owner));
	if (strcmp(q->row->name, "database_state") == 0)
		return (fake_rows(q, 1, state));
	return (fake_done("UPDATE 1"));
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
	wanted.found = false;
	routes_walk(fit);
	if (!wanted.found)
		fail_msg("no route has a handler %s", a->handler);
	snprintf(target, sizeof(target), "%s%s", wanted.path, a->query);
	if (a->role != NULL)
		parts[n++] = token_line();
	if (a->line != NULL)
		parts[n++] = a->line;
	return (client_send(wanted.method, target, parts));
}

static inline const struct asked *
request_of(const char *handler)
{
	size_t	 i;

	for (i = 0; i < NREQUESTS; i++) {
		if (strcmp(requests[i].handler, handler) == 0)
			return (&requests[i]);
	}
	fail_msg("there is no request for %s", handler);
	return (NULL);
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
	log_init(LEVEL_DEBUG);
	status = ask(a);
	log_init(LEVEL_ERROR + 1);
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
