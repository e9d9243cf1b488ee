/* SPDX-License-Identifier: ISC */
/* The handlers of notes, with a repository of the test's own. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "dependencies.h"
#include "modules/notes/notes.h"
#include "modules/users/users.h"

#define PATH_ALL	"/api/v1/notes"
#define ID		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define ADA		"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define PATH_ONE	PATH_ALL "/" ID

static const char	body[] =
    "{\"title\": \"Title\", "
    "\"body\": \"Some body\", "
    "\"pinned\": true, "
    "\"due\": \"2026-01-31T12:00:00.000000Z\", "
    "\"post_id\": \"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55\"}";

static struct user	ada = {
	.id = ADA, .role = "user", .is_active = true
};

static struct note	stored = {
	.id = ID,
	.owner_id = ADA,
	.title = "Title",
	.body = "Some body",
	.pinned = true,
	.due = INT64_C(1769860800000000),
	.post_id = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55",
	.version = 7
};

/* Another request has deleted the row. */
static bool	is_gone;

static void
as_ada(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &ada;
	c->user_id = ada.id;
}

static void *
with_notes(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	struct note	*row = is_gone ? NULL : &stored;

	(void)params;
	if (strcmp(title, "create") == 0) {
		row = ctx_alloc(c, sizeof(*row));
		*row = *(const struct note *)from;
		row->id = ID;
		row->owner_id = ADA;
	}
	*n = row != NULL;
	return (row);
}

static int
setup(void **state)
{
	static const char *const	 handlers[] = {
		"create_note", "read_note", "update_note", "delete_note"
	};
	int	 status = client_setup(state);
	size_t	 i;

	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		override_dependency(&signed_in, as_ada, handlers[i]);
		override_repository("notes", with_notes, handlers[i]);
	}
	is_gone = false;
	return (status);
}

static void
test_create_stores_what_was_sent(void **state)
{
	(void)state;
	assert_int_equal(client_request("POST", PATH_ALL, body), 201);
	assert_string_equal(client_header("location"), PATH_ONE);
	assert_string_equal(client_text("id"), ID);
	assert_string_equal(client_text("title"), "Title");
	assert_string_equal(client_text("body"), "Some body");
	assert_true(json_is_true(client_json("pinned")));
	assert_string_equal(client_text("due"), "2026-01-31T12:00:00.000000Z");
	assert_string_equal(client_text("post_id"),
	    "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55");
}

static void
test_fields_that_were_not_sent(void **state)
{
	(void)state;
	assert_int_equal(client_request("POST", PATH_ALL, "{}"), 422);
	assert_int_equal(json_array_size(client_json("error.details")), 3);
}

static void
test_read_has_an_etag(void **state)
{
	(void)state;
	assert_int_equal(client_request("GET", PATH_ONE, NULL), 200);
	assert_non_null(client_header("etag"));
	assert_null(client_json("version"));
}

static void
test_only_the_version_that_was_read_is_changed(void **state)
{
	(void)state;
	assert_int_equal(client_request("PATCH", PATH_ONE, body), 200);
	assert_int_equal(client_request("PATCH", PATH_ONE, body,
	    "if-match: \"another\""), 412);
	assert_int_equal(client_request("DELETE", PATH_ONE, NULL,
	    "if-match: \"another\""), 412);
	assert_int_equal(client_request("DELETE", PATH_ONE, NULL), 204);
}

static void
test_one_that_is_gone(void **state)
{
	(void)state;
	is_gone = true;
	assert_int_equal(client_request("GET", PATH_ONE, NULL), 404);
	assert_int_equal(client_request("PATCH", PATH_ONE, body), 404);
	assert_int_equal(client_request("DELETE", PATH_ONE, NULL), 404);
	assert_string_equal(client_text("error.message"), "Note not found");
}

#define									\
    TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_create_stores_what_was_sent),
		TEST(test_fields_that_were_not_sent),
		TEST(test_read_has_an_etag),
		TEST(test_only_the_version_that_was_read_is_changed),
		TEST(test_one_that_is_gone),
	};

	return (cmocka_run_group_tests(tests, client_start, NULL));
}
