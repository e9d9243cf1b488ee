/* SPDX-License-Identifier: ISC */
/*
 * A database for requests with an Idempotency-Key: which answers are stored,
 * and which statements were sent.
 */

#ifndef TESTS_IDEMPOTENCY_FIXTURE_H
#define TESTS_IDEMPOTENCY_FIXTURE_H

#include "requests_fixture.h"

#include "dependencies.h"
#include "http/respond.h"
#include "modules/users/users.h"

#define KEY	"idempotency-key: one"
#define BODY	"{\"email\": \"new@example.com\", \"name\": \"New\", "	\
		"\"password\": \"" PASSWORD "\"}"
#define TAG	"\"7-1\""

static const struct asked	keyed = { "create_user", NULL, "", BODY,
				    KEY };

static unsigned		 found_at;	/* the look-up that finds one */
static const char	*found_headers = "location: /x\netag: " TAG
			    "\nlink: a: b\n";
static bool		 is_other;	/* that is of another request */
static bool		 is_locked;
static const char	*commit;	/* COMMIT's tag; NULL: lost */
static const char	*stored[6];	/* the parameters of the answer */
static unsigned		 looked_up;

static inline PGresult *
answer_find(const struct query *q)
{
	if (++looked_up != found_at)
		return (fake_rows(q, 0, NULL));
	return (FAKE_ROWS(q, FAKE_ROW({ "status", "201" },
	    { "headers", found_headers },
	    { "body", "{\"stored\":1}" },
	    { "is_same", is_other ? "f" : "t" })));
}

static inline PGresult *
answer(const struct query *q, const char *name, const char *const *params)
{
	size_t	 i;

	if (strcmp(name, "idempotency_keys.find") == 0)
		return (answer_find(q));
	if (strcmp(name, "idempotency_keys.lock") == 0)
		return (FAKE_ROWS(q, FAKE_ROW({ "is_locked", is_locked ? "t" :
		    "f" })));
	if (strcmp(name, "idempotency_keys.store") == 0) {
		for (i = 0; i < 6; i++)
			stored[i] = params[i] != NULL ? strdup(params[i]) :
			    NULL;
	}
	if (strcmp(name, "COMMIT") == 0)
		return (commit != NULL ? fake_done(commit) : NULL);
	return (agree(q, name, params));
}

static inline void
begin_test(void)
{
	size_t	 i;

	fake_db_clear();
	fake_db.answer = answer;
	found_at = looked_up = 0;
	is_other = false;
	is_locked = true;
	commit = "COMMIT";
	for (i = 0; i < 6; i++) {
		free((void *)(uintptr_t)stored[i]);
		stored[i] = NULL;
	}
}

/* The names of the statements, as one text. */
static inline const char *
sent(void)
{
	static char	 text[2048];
	size_t		 len = 0;
	unsigned	 i;

	*text = '\0';
	for (i = 0; i < fake_db.nsent; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s", i > 0 ? " " : "", fake_db.sent[i]);
	return (text);
}

#define CREATED "users.create jobs.enqueue audit.add"
#define OPENED	"BEGIN idempotency_keys.lock idempotency_keys.find"
#define CLOSED	"idempotency_keys.store COMMIT"

#endif
