/* SPDX-License-Identifier: ISC */
/*
 * What each SQLSTATE means for the client and for the operator: one table, and
 * every SQLSTATE that the code names must be in it.
 */

/* sources: src/database/database_sqlstate.c */
/* sources: app tests/unit/fakes/argon2_fake.c */

#include "requests_fixture.h"

#include <ctype.h>

#define CODE	"../../src/database/database_sqlstate.c"

#define INTERNAL	"Internal server error"
#define VALIDATION	"Validation failed"
#define CONFLICT	"Resource already exists or constraint violation"
#define COLLIDED	"The request collided with another"
#define CHANGED		"The schema has changed"
#define UNAVAILABLE	"The database is unavailable"
#define READ_ONLY	"The database is read-only"

/* RETRIED: runs again. RENEWS, READS: and connects again before that. */
enum then { ENDS, RETRIED, RENEWS, READS };

/* The log line besides the request's: its event and level. */
#define NO_ROOM		{ 503, UNAVAILABLE, "database", "warning", ENDS }
#define BUG		{ 500, INTERNAL, "error", "error", ENDS }
#define UNFIT		{ 422, VALIDATION, "database", "warning", ENDS }
#define VIOLATED	{ 409, CONFLICT, "integrity", "error", ENDS }

struct outcome {
	int		 status;
	const char	*message;
	const char	*event, *level;
	enum then	 then;
};

static const struct {
	const char	*sqlstate;
	struct outcome	 outcome;
} table[] = {
	/* Collisions, and only these of their classes. */
	{ "40001", { 503, COLLIDED, "unavailable", "warning", RETRIED } },
	{ "40P01", { 503, COLLIDED, "unavailable", "warning", RETRIED } },
	{ "40000", BUG },
	{ "40002", BUG },
	{ "40003", BUG },
	/* A migration has run. */
	{ "0A000", { 503, CHANGED, "unavailable", "warning", RENEWS } },
	{ "26000", { 503, CHANGED, "unavailable", "warning", RENEWS } },
	{ "0B000", BUG },
	{ "25001", BUG },
	/* Another server may take writes. */
	{ "25006", { 503, READ_ONLY, "database", "warning", READS } },
	{ "25000", BUG },
	{ "25P01", BUG },
	{ "25P02", BUG },
	/* A value does not fit; other data errors are faults of the code. */
	{ "22001", UNFIT },
	{ "22003", UNFIT },
	{ "22021", UNFIT },
	{ "22000", BUG },
	{ "22002", BUG },
	{ "22007", BUG },
	{ "22008", BUG },
	{ "22012", BUG },
	{ "22P02", BUG },
	{ "22P05", BUG },
	{ "21000", BUG },
	/* Constraints. */
	{ "23000", VIOLATED },
	{ "23001", VIOLATED },
	{ "23502", VIOLATED },
	{ "23503", VIOLATED },
	{ "23505", VIOLATED },
	{ "23514", VIOLATED },
	{ "23P01", VIOLATED },
	{ "24000", BUG },
	/* The server cannot do it now. */
	{ "08000", NO_ROOM },
	{ "08001", NO_ROOM },
	{ "08003", NO_ROOM },
	{ "08004", NO_ROOM },
	{ "08006", NO_ROOM },
	{ "08P01", NO_ROOM },
	{ "09000", BUG },
	{ "53000", NO_ROOM },
	{ "53100", NO_ROOM },
	{ "53200", NO_ROOM },
	{ "53300", NO_ROOM },
	{ "53400", NO_ROOM },
	{ "54000", BUG },
	{ "54001", BUG },
	{ "55P03", NO_ROOM },
	{ "55000", BUG },
	{ "55006", BUG },
	{ "55P02", BUG },
	{ "57000", NO_ROOM },
	{ "57014", NO_ROOM },
	{ "57P01", NO_ROOM },
	{ "57P02", NO_ROOM },
	{ "57P03", NO_ROOM },
	{ "57P05", NO_ROOM },
	{ "58000", NO_ROOM },
	{ "58030", NO_ROOM },
	{ "58P01", NO_ROOM },
	/* Anything else is a fault of the code, or of the database. */
	{ "28000", BUG },
	{ "28P01", BUG },
	{ "3D000", BUG },
	{ "42501", BUG },
	{ "42601", BUG },
	{ "42703", BUG },
	{ "42P01", BUG },
	{ "42P18", BUG },
	{ "P0001", BUG },
	{ "XX000", BUG },
	{ "XX001", BUG },
	{ "ZZ999", BUG },
	/* A result without an SQLSTATE: libpq lost the connection. */
	{ NULL, NO_ROOM },
};

#define NTABLE	(sizeof(table) / sizeof(table[0]))

static const char	*sqlstate, *constraint;
static unsigned		 fails;		/* statements that still fail */

static PGresult *
break_down(const struct query *q, const char *name, const char *const *params)
{
	if (strcmp(name, "users.update") == 0 ||
	    strcmp(name, "sessions.create") == 0) {
		if (fails-- > 0)
			return (fake_error(sqlstate, "a secret", constraint));
		fails = 0;
	}
	return (agree(q, name, params));
}

static int
ask_failing(const char *handler, const char *state, unsigned n,
    bool reconnects)
{
	fake_db_clear();
	fake_db.answer = break_down;
	fake_db.reconnects = reconnects;
	sqlstate = state;
	constraint = NULL;
	fails = n;
	return (ask_and_log(request_of(handler)));
}

static unsigned
times_sent(const char *name)
{
	unsigned	 i, n = 0;

	for (i = 0; i < fake_db.nsent; i++)
		n += strcmp(fake_db.sent[i], name) == 0;
	return (n);
}

static const char *
code_of(int status)
{
	switch (status) {
	case 409:
		return ("CONFLICT");
	case 422:
		return ("VALIDATION_ERROR");
	case 503:
		return ("SERVICE_UNAVAILABLE");
	}
	return ("INTERNAL_ERROR");
}

static void
assert_text(const char *state, const char *is, const char *expected)
{
	if (is == NULL || strcmp(is, expected) != 0)
		fail_msg("%s: %s, not %s; %s", state, is, expected,
		    client_body());
}

/* One line names the statement, the SQLSTATE and the server's message. */
static void
assert_logged(const char *state, const struct outcome *o)
{
	char		 level[16], text[64];
	unsigned	 lines = 2 + (o->status == 503 &&
			    strcmp(o->event, "unavailable") != 0);

	if (logged(o->event, level) != 1)
		fail_msg("%s: no line %s in\n%s", state, o->event, log_text);
	assert_text(state, level, o->level);
	assert_int_equal(logged(NULL, level), lines);
	assert_int_equal(logged("request", level), 1);
	assert_text(state, level, "info");
	if (o->then == RETRIED || o->then == RENEWS)
		return;
	snprintf(text, sizeof(text), "\"users.update: %s: a secret\"", state);
	if (strstr(log_text, text) == NULL)
		fail_msg("%s is not in\n%s", text, log_text);
}

/* Of a server that never gets better. */
static void
assert_outcome(const char *state, const struct outcome *o)
{
	unsigned	 runs = o->then == ENDS ? 1 : 2;
	int		 status = ask_failing("update_user", state, 9, true);

	if (state == NULL)
		state = "08000";
	if (status != o->status)
		fail_msg("%s: %d, not %d", state, status, o->status);
	assert_text(state, client_text("error.code"), code_of(status));
	assert_text(state, client_text("error.message"), o->message);
	assert_int_equal(client_header("retry-after") != NULL, status == 503);
	assert_null(strstr(client_body(), "secret"));
	if (times_sent("users.update") != runs)
		fail_msg("%s: %u runs", state, times_sent("users.update"));
	assert_int_equal(fake_db.rolled_back, runs);
	assert_int_equal(fake_db.nwritten, 0);
	assert_int_equal(fake_db.renewed, o->then == RENEWS ? runs : 0);
	assert_int_equal(fake_db.renewed_read_only, o->then == READS ? runs :
	    0);
	if (o->then != READS)	/* each of its runs logs a line */
		assert_logged(state, o);
	if (status == 422) {
		assert_int_equal(json_array_size(client_json("error.details")),
		    1);
		assert_text(state, client_text("error.details.0.field"),
		    "body");
		assert_text(state, client_text("error.details.0.code"),
		    "out_of_range");
	} else
		assert_true(json_is_null(client_json("error.details")));
}

static void
test_each_sqlstate(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NTABLE; i++)
		assert_outcome(table[i].sqlstate, &table[i].outcome);
}

/* What failed once and is retried succeeds; all else does not run again. */
static void
test_each_sqlstate_once(void **state)
{
	int	 expected;
	size_t	 i;

	(void)state;
	for (i = 0; i < NTABLE; i++) {
		expected = table[i].outcome.then == ENDS ?
		    table[i].outcome.status : 200;
		assert_int_equal(ask_failing("update_user", table[i].sqlstate,
		    1, true), expected);
		/* The user, the notice, the entry in the audit log. */
		assert_int_equal(fake_db.nwritten, expected == 200 ? 3 : 0);
	}
}

/* The same in the shape of RFC 6749, 5.2. */
static void
test_each_sqlstate_at_the_token_endpoint(void **state)
{
	const struct outcome	*o;
	const char		*error;
	size_t			 i;

	(void)state;
	for (i = 0; i < NTABLE; i++) {
		o = &table[i].outcome;
		assert_int_equal(ask_failing("create_token",
		    table[i].sqlstate, 9, true),
		    o->status < 500 ? 400 : o->status);
		error = o->status == 503 ? "temporarily_unavailable" :
		    o->status == 500 ? "server_error" : "invalid_request";
		assert_string_equal(client_text("error"), error);
		assert_string_equal(client_text("error_description"),
		    o->status != 422 ? o->message :
		    "body: A value does not fit the database");
		assert_null(strstr(client_body(), "secret"));
	}
}

/* A read-only server is asked again only if another may answer. */
static void
test_read_only(void **state)
{
	char	 level[16];

	(void)state;
	assert_int_equal(ask_failing("update_user", "25006", 9, false), 503);
	assert_int_equal(times_sent("users.update"), 1);
	assert_string_equal(client_text("error.message"), READ_ONLY);
	assert_int_equal(logged("database", level), 1);
	assert_string_equal(level, "warning");
	assert_int_equal(ask_failing("update_user", "25006", 1, true), 200);
	assert_int_equal(times_sent("users.update"), 2);
	assert_int_equal(fake_db.renewed_read_only, 1);
	assert_int_equal(logged("database", level), 1);
	assert_int_equal(logged("unavailable", level), 0);
}

static void
test_a_constraint_with_a_message_of_its_own(void **state)
{
	static const struct {
		const char	*name;
		const char	*message;
		unsigned	 lines;
	} cases[] = {
		{ "users_email_key", "Email already registered", 0 },
		{ "users_email_ke", CONFLICT, 1 },
		{ "users_email_keys", CONFLICT, 1 },
		{ "", CONFLICT, 1 },
		{ NULL, CONFLICT, 1 },
	};
	char	 level[16];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_db_clear();
		fake_db.answer = break_down;
		sqlstate = "23505";
		constraint = cases[i].name;
		fails = 1;
		assert_int_equal(ask_and_log(request_of("update_user")), 409);
		assert_string_equal(client_text("error.message"),
		    cases[i].message);
		assert_int_equal(logged("integrity", level), cases[i].lines);
	}
}

CONSTRAINT(made_up_name_fkey, "There is no such thing", .member = "name");
CONSTRAINT(made_up_other_fkey, "There is no other", .member = "other");
CONSTRAINT(made_up_none_fkey, "There is none");

/* The message is the error of a member of the body, and not used otherwise. */
static void
test_a_foreign_key(void **state)
{
	static const struct {
		const char	*name;
		int		 status;
		const char	*message;
		unsigned	 lines;
	} cases[] = {
		{ "made_up_name_fkey", 422, "There is no such thing", 0 },
		{ "made_up_other_fkey", 409, CONFLICT, 1 },
		{ "made_up_none_fkey", 409, "There is none", 0 },
	};
	char	 level[16];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_db_clear();
		fake_db.answer = break_down;
		sqlstate = "23503";
		constraint = cases[i].name;
		fails = 1;
		assert_int_equal(ask_and_log(request_of("update_user")),
		    cases[i].status);
		assert_int_equal(logged("integrity", level), cases[i].lines);
		if (cases[i].status == 409) {
			assert_string_equal(client_text("error.message"),
			    cases[i].message);
			continue;
		}
		assert_string_equal(client_text("error.details.0.field"),
		    "body.name");
		assert_string_equal(client_text("error.details.0.code"),
		    "not_found");
		assert_string_equal(client_text("error.details.0.message"),
		    cases[i].message);
	}
}

static bool
is_in_table(const char *state)
{
	size_t	 i;

	for (i = 0; i < NTABLE; i++) {
		if (table[i].sqlstate != NULL &&
		    strncmp(table[i].sqlstate, state, strlen(state)) == 0)
			return (true);
	}
	return (false);
}

/* Every text of the code that looks like an SQLSTATE or a class of them. */
static void
test_the_table_has_all_that_the_code_names(void **state)
{
	static char	 code[65536];
	char		 word[8];
	const char	*p = code;
	unsigned	 found = 0;
	size_t		 n;
	FILE		*f = fopen(CODE, "r");

	(void)state;
	assert_non_null(f);
	n = fread(code, 1, sizeof(code) - 1, f);
	fclose(f);
	assert_in_range(n, 1000, sizeof(code) - 2);
	code[n] = '\0';
	for (; (p = strchr(p, '"')) != NULL; p++) {
		n = strspn(p + 1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if ((n != 2 && n != 5) || p[n + 1] != '"' ||
		    !isdigit((unsigned char)p[1]))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)n, p + 1);
		if (!is_in_table(word))
			fail_msg("%s is in " CODE " and not here", word);
		found++;
	}
	assert_in_range(found, 10, 100);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_each_sqlstate),
		CLIENT_TEST(test_each_sqlstate_once),
		CLIENT_TEST(test_each_sqlstate_at_the_token_endpoint),
		CLIENT_TEST(test_read_only),
		CLIENT_TEST(test_a_constraint_with_a_message_of_its_own),
		CLIENT_TEST(test_a_foreign_key),
		CLIENT_TEST(test_the_table_has_all_that_the_code_names),
	};

	return (cmocka_run_group_tests_name("sqlstates", tests,
	    start_with_password, NULL));
}
