/* SPDX-License-Identifier: ISC */
/* The access log: its members, and what it says of each request. */

/* sources: src/base/log_write.c */
/* sources: src/middleware/access_log.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: tests/unit/fakes/log_fake.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fakes/log_fake.h"
#include "middleware/middleware.h"
#include "request/endpoint.h"
#include "utils/timefmt.h"

#define MEMBERS	"time:s level:s event:s request_id:s method:s path:s "	\
		"route:%c status:i bytes:i duration_us:i client:s "	\
		"user:%c client_gone:b"

static const struct endpoint	endpoint = { .name = "read_something" };

static struct ctx
make_request(void)
{
	struct ctx	 c = {
		.method_name = "GET",
		.path = "/some/path",
		.query = "token=very-private",
		.endpoint = &endpoint,
		.response = { .status = 206, .len = 12345 },
	};

	c.started = timefmt_now() - 5000000;
	snprintf(c.request_id, sizeof(c.request_id), "my-id");
	snprintf(c.client, sizeof(c.client), "192.0.2.9");
	return (c);
}

static json_t *
logged(const struct ctx *c, char route)
{
	char	 members[sizeof(MEMBERS)];

	snprintf(members, sizeof(members), MEMBERS, route,
	    c->user_id != NULL ? 's' : 'n');
	log_init(LEVEL_INFO, FORMAT_JSON);
	log_capture_begin();
	access_log_write(c);
	return (log_capture_event(members));
}

static void
assert_text(const json_t *event, const char *name, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(event, name)),
	    want);
}

static void
assert_number(const json_t *event, const char *name, long long want)
{
	assert_int_equal(json_integer_value(json_object_get(event, name)),
	    want);
}

static void
test_a_line(void **state)
{
	struct ctx	 c = make_request();
	json_t		*event = logged(&c, 's');
	long long	 took;

	(void)state;
	assert_text(event, "level", "info");
	assert_text(event, "event", "request");
	assert_text(event, "request_id", "my-id");
	assert_text(event, "method", "GET");
	assert_text(event, "path", "/some/path");
	assert_text(event, "route", "read_something");
	assert_number(event, "status", 206);
	assert_number(event, "bytes", 12345);
	assert_text(event, "client", "192.0.2.9");
	assert_true(json_is_false(json_object_get(event, "client_gone")));
	/* Microseconds: it began five seconds ago. */
	took = json_integer_value(json_object_get(event, "duration_us"));
	assert_true(took >= 5000000 && took < 65000000);
	json_decref(event);
}

/* Also if the response is an error. */
static void
test_the_user(void **state)
{
	struct ctx	 c = make_request();
	json_t		*event;

	(void)state;
	c.user_id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
	c.response.status = 403;
	event = logged(&c, 's');
	assert_text(event, "user", c.user_id);
	json_decref(event);
}

static void
test_a_client_that_is_gone(void **state)
{
	struct ctx	 c = make_request();
	json_t		*event;

	(void)state;
	c.client_gone = true;
	event = logged(&c, 's');
	assert_true(json_is_true(json_object_get(event, "client_gone")));
	assert_number(event, "status", 206);
	json_decref(event);
}

static void
test_no_operation(void **state)
{
	struct ctx	 c = make_request();

	(void)state;
	c.endpoint = NULL;
	json_decref(logged(&c, 'n'));
}

static void
test_the_level(void **state)
{
	struct ctx	 c = make_request();

	(void)state;
	log_init(LEVEL_WARNING, FORMAT_JSON);
	log_capture_begin();
	access_log_write(&c);
	assert_string_equal(log_capture_end(), "");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_a_line),
		cmocka_unit_test(test_the_user),
		cmocka_unit_test(test_a_client_that_is_gone),
		cmocka_unit_test(test_no_operation),
		cmocka_unit_test(test_the_level),
	};

	return (cmocka_run_group_tests_name("access_log", tests, NULL, NULL));
}
