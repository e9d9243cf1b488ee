/* SPDX-License-Identifier: ISC */
/* The entry that audit() writes: its members, and the JSON of what changed. */

/* sources: app */

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "dependencies.h"
#include "fakes/kore_fake.h"
#include "http/respond.h"
#include "http/routes.h"
#include "modules/audit/audit.h"
#include "modules/users/users.h"

#define ACTOR	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define SESSION	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define TARGET	"017f22e2-79b0-7cc3-98c4-dc0c0c073991"
#define OTHER	"017f22e2-79b0-7cc3-98c4-dc0c0c073992"

AUDIT_ACTION(thing_done, "A thing was done.");

ROUTER(tests, "Of a test.");

/* What the next request records. */
static struct audit_entry	entry;

/* The changes between two rows: asked for when there is a first one. */
static struct user	before, now;
static bool		compares, differ;

/* A job has neither a client nor an id of a request. */
static bool		from_nowhere;

static void
do_thing(struct ctx *c)
{
	if (compares) {
		entry.changes = audit_changes(c, &user_schema, &before, &now,
		    NAMES("name", "is_active", "created_at", "version"));
		differ = entry.changes != NULL;
	}
	if (from_nowhere)
		*c->client = *c->request_id = '\0';
	audit_service_record(c, &thing_done_action, &entry);
	respond_empty(c, 204);
}

ROUTE(things, POST(do_thing, .auth = &public, .status = 204),
    GET(do_thing, .auth = &signed_in, .status = 204));

/* The parameters of audit.add. */
static char	added[9][400];
static unsigned	nadded;

static void *
with_audit(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	size_t	 i;

	(void)from;
	(void)c;
	assert_string_equal(title, "add");
	for (i = 0; i < 9; i++)
		snprintf(added[i], sizeof(added[i]), "%s",
		    params[i] != NULL ? params[i] : "(null)");
	nadded++;
	*n = 1;
	return (NULL);
}

static void
as_actor(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user_id = ACTOR;
	c->session_id = SESSION;
}

static int
setup(void **state)
{
	int	 status = client_setup(state);

	memset(&entry, 0, sizeof(entry));
	memset(added, 0, sizeof(added));
	nadded = 0;
	compares = from_nowhere = false;
	override_repository("audit", with_audit, "do_thing");
	override_dependency(&signed_in, as_actor, "do_thing");
	return (status);
}

static int
start(void **state)
{
	fake_route("/things", "things", &things__route);
	return (client_start(state));
}

static void
record(const char *method)
{
	assert_int_equal(client_request(method, "/things", NULL,
	    "x-request-id: an-id"), 204);
	assert_int_equal(nadded, 1);
	nadded = 0;
}

static void
assert_added(const char *actor, const char *session, const char *target,
    const char *account, const char *changes)
{
	assert_int_equal(strlen(added[0]), 36);
	assert_int_equal(added[0][14], '7');
	assert_string_equal(added[1], "thing_done");
	assert_string_equal(added[2], actor);
	assert_string_equal(added[3], session);
	assert_string_equal(added[4], target);
	assert_string_equal(added[5], account);
	assert_string_equal(added[7], "an-id");
	assert_string_equal(added[8], changes);
}

static void
test_members(void **state)
{
	(void)state;
	record("POST");
	assert_added("(null)", "(null)", "(null)", "(null)", "(null)");
	record("GET");
	assert_added(ACTOR, SESSION, "(null)", "(null)", "(null)");
	entry = (struct audit_entry){ .target_id = TARGET, .account = "a" };
	record("GET");
	assert_added(ACTOR, SESSION, TARGET, "a", "(null)");
	entry = (struct audit_entry){ .actor_id = OTHER,
	    .session_id = TARGET };
	record("GET");
	assert_added(OTHER, TARGET, "(null)", "(null)", "(null)");
	record("POST");
	assert_added(OTHER, TARGET, "(null)", "(null)", "(null)");
}

static void
test_from_nowhere(void **state)
{
	(void)state;
	record("POST");
	assert_memory_equal(added[6], "192.0.2.", 8);
	from_nowhere = true;
	record("POST");
	assert_string_equal(added[6], "(null)");
	assert_string_equal(added[7], "(null)");
}

static void
test_changes(void **state)
{
	static const struct {
		struct audit_change	 changes[4];
		const char		*json;
	} table[] = {
		{ { { NULL, NULL, NULL } }, "(null)" },
		{ { { "a", "x", "x" } }, "(null)" },
		{ { { "a", NULL, NULL } }, "(null)" },
		{ { { "a", "", "" } }, "(null)" },
		{ { { "a", "x", "y" } },
		    "{\"a\":{\"from\":\"x\",\"to\":\"y\"}}" },
		{ { { "a", NULL, "y" } },
		    "{\"a\":{\"from\":null,\"to\":\"y\"}}" },
		{ { { "a", "x", NULL } },
		    "{\"a\":{\"from\":\"x\",\"to\":null}}" },
		{ { { "a", NULL, "" } },
		    "{\"a\":{\"from\":null,\"to\":\"\"}}" },
		{ { { "a", "", NULL } },
		    "{\"a\":{\"from\":\"\",\"to\":null}}" },
		{ { { "a", "x", "x" }, { "b", "1", "2" }, { "c", "", "" } },
		    "{\"b\":{\"from\":\"1\",\"to\":\"2\"}}" },
		{ { { "a", "x", "y" }, { "b", "x", "x" }, { "c", "1", "2" } },
		    "{\"a\":{\"from\":\"x\",\"to\":\"y\"},"
		    "\"c\":{\"from\":\"1\",\"to\":\"2\"}}" },
		{ { { "a", "X", "x" } },
		    "{\"a\":{\"from\":\"X\",\"to\":\"x\"}}" },
		{ { { "a", "\"}\\", "\n\xc3\xa4" } },
		    "{\"a\":{\"from\":\"\\\"}\\\\\",\"to\":\"\\u000a\xc3\xa4"
		    "\"}}" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		entry.changes = table[i].changes;
		record("POST");
		assert_string_equal(added[8], table[i].json);
	}
}

/* A text of any length. */
static void
test_a_long_change(void **state)
{
	static char			 text[300];
	const struct audit_change	 changes[] = {
		{ "name", text, "b" }, { NULL, NULL, NULL }
	};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	entry.changes = changes;
	record("POST");
	assert_int_equal(strlen(added[8]), strlen("{\"name\":{\"from\":\"\","
	    "\"to\":\"b\"}}") + sizeof(text) - 1);
}

/* Of two rows: the named members, as texts; NULL if all are as they were. */
static void
test_changes_between_rows(void **state)
{
	(void)state;
	compares = true;
	before = (struct user){ .name = "a", .is_active = true, .version = 1,
	    .role = "user", .created_at = TIME_NULL };
	now = before;
	now.role = "admin";
	record("POST");
	assert_false(differ);
	assert_string_equal(added[8], "(null)");
	now.is_active = false;
	record("POST");
	assert_true(differ);
	assert_string_equal(added[8],
	    "{\"is_active\":{\"from\":\"true\",\"to\":\"false\"}}");
	now = before;
	now.name = NULL;
	now.created_at = 0;
	now.version = 2;
	record("POST");
	assert_string_equal(added[8],
	    "{\"name\":{\"from\":\"a\",\"to\":null},"
	    "\"created_at\":{\"from\":null,"
	    "\"to\":\"1970-01-01T00:00:00.000000Z\"},"
	    "\"version\":{\"from\":\"1\",\"to\":\"2\"}}");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, \
			    client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_members),
		TEST(test_from_nowhere),
		TEST(test_changes),
		TEST(test_a_long_change),
		TEST(test_changes_between_rows),
	};

	return (cmocka_run_group_tests_name("audit_changes", tests,
	    start, NULL));
}
