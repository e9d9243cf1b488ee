/* SPDX-License-Identifier: ISC */
/* The handlers of {{ r.many_words }}, with a repository of the test's own. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "dependencies.h"
#include "modules/{{ r.many }}/{{ r.many }}.h"
#include "modules/users/users.h"

#define PATH_ALL	"/api/v1/{{ r.many }}"
#define ID		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define ADA		"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define PATH_ONE	PATH_ALL "/" ID

static const char	body[] =
% for line in r.c_body
    "{{ line }}"{{ ";" if line == r.c_body[-1] else "" }}
% end

static struct user	ada = {
	.id = ADA, .role = "{{ "staff" if r.staff else "user" }}", .is_active = true
};

static struct {{ r.one }}	stored = {
	.id = ID,
% if r.owner
	.owner_id = ADA,
% end
% for field in r.fields
	.{{ field.column }} = {{ r.c_value(field) }},
% end
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
with_{{ r.many }}(struct ctx *c, const char *title, const void *from, const char *const *params, size_t *n)
{
	struct {{ r.one }}	*row = is_gone ? NULL : &stored;

	(void)params;
	if (strcmp(title, "create") == 0) {
		row = ctx_alloc(c, sizeof(*row));
		*row = *(const struct {{ r.one }} *)from;
		row->id = ID;
% if r.owner
		row->owner_id = ADA;
% end
	}
	*n = row != NULL;
	return (row);
}

static int
setup(void **state)
{
	static const char *const	 handlers[] = {
		"create_{{ r.one }}", "read_{{ r.one }}", "update_{{ r.one }}", "delete_{{ r.one }}"
	};
	int	 status = client_setup(state);
	size_t	 i;

	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		override_dependency(&signed_in, as_ada, handlers[i]);
		override_repository("{{ r.many }}", with_{{ r.many }}, handlers[i]);
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
% for field in r.fields
	{{ r.c_assertion(field) }}
% end
}

static void
test_fields_that_were_not_sent(void **state)
{
	(void)state;
% if r.required
	assert_int_equal(client_request("POST", PATH_ALL, "{}"), 422);
	assert_int_equal(json_array_size(client_json("error.details")), {{ len(r.required) }});
% else
	assert_int_equal(client_request("POST", PATH_ALL, "{}"), 201);
% for field in r.fields
	assert_true(json_is_null(client_json("{{ field.column }}")));
% end
% end
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
	assert_int_equal(client_request("PATCH", PATH_ONE, body, "if-match: \"another\""), 412);
	assert_int_equal(client_request("DELETE", PATH_ONE, NULL, "if-match: \"another\""), 412);
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
	assert_string_equal(client_text("error.message"), "{{ r.Words }} not found");
}

#define TEST(fn)							\
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
