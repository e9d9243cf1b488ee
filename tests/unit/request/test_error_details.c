/* SPDX-License-Identifier: ISC */
/* Bad fields: noted one by one, raised together or at once. */

/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/request/error_details.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/base/error_kinds.c */

#include "request_fixture.h"

static char	long_text[1000];

static void
none(struct ctx *c)
{
	raise_validation(c);
}

static void
two(struct ctx *c)
{
	error_detail(c, "body.a", "missing", "Is required");
	error_detail(c, "body.b", "too_long", "Must have at most %d", 3);
	raise_validation(c);
}

static void
at_once(struct ctx *c)
{
	raise_invalid(c, "query.a", "out_of_range", "Not %d%%", 7);
}

static void
at_once_after_one(struct ctx *c)
{
	error_detail(c, "body.a", "missing", "Is required");
	raise_invalid(c, "body.b", "wrong_type", "Must be %s", "an object");
}

static void
thousands(struct ctx *c)
{
	int	 i;

	for (i = 0; i < 5000; i++)
		error_detail(c, "body.a", "missing", "%d", i);
	raise_invalid(c, "body.b", "missing", "Is required");
}

static void
long_one(struct ctx *c)
{
	raise_invalid(c, "body.a", "missing", "%s", long_text);
}

static void
with_headers(struct ctx *c)
{
	error_header(c, "allow", "GET");
	error_header(c, "retry-after", "1");
	raise_error(c, &ERR_NOT_FOUND, "Not found");
}

static void
test_noted_then_raised_together(void **state)
{
	(void)state;
	request_begin();
	assert_string_equal(request_run(none), "ok");
	assert_string_equal(request_run(two),
	    "422 VALIDATION_ERROR body.a:missing body.b:too_long");
	assert_string_equal(request_detail(1), "Must have at most 3");
	assert_string_equal(request.error.message, "Validation failed");
}

static void
test_raised_at_once(void **state)
{
	(void)state;
	request_begin();
	assert_string_equal(request_run(at_once),
	    "422 VALIDATION_ERROR query.a:out_of_range");
	assert_string_equal(request_detail(0), "Not 7%");
	assert_string_equal(request.error.message, "Validation failed");
}

static void
test_what_was_noted_before_is_told_too(void **state)
{
	(void)state;
	request_begin();
	assert_string_equal(request_run(at_once_after_one),
	    "422 VALIDATION_ERROR body.a:missing body.b:wrong_type");
	assert_string_equal(request_detail(1), "Must be an object");
}

static void
test_after_the_hundredth_more_are_left_out(void **state)
{
	(void)state;
	request_begin();
	request_run(thousands);
	assert_ptr_equal(request.error.kind, &ERR_VALIDATION);
	assert_string_equal(request_detail(99), "99");
	assert_string_equal(request_detail(100), "(none)");
}

static void
test_a_long_message_is_cut(void **state)
{
	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	request_begin();
	request_run(long_one);
	assert_int_equal(strlen(request_detail(0)), 255);
}

static void
test_headers_of_the_error(void **state)
{
	const struct header	*h;

	(void)state;
	request_begin();
	assert_string_equal(request_run(with_headers), "404 NOT_FOUND");
	h = request.error.headers;
	assert_string_equal(h->name, "retry-after");
	assert_string_equal(h->next->value, "GET");
	assert_null(h->next->next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_noted_then_raised_together,
		    request_teardown),
		cmocka_unit_test_teardown(test_raised_at_once,
		    request_teardown),
		cmocka_unit_test_teardown(
		    test_what_was_noted_before_is_told_too, request_teardown),
		cmocka_unit_test_teardown(
		    test_after_the_hundredth_more_are_left_out,
		    request_teardown),
		cmocka_unit_test_teardown(test_a_long_message_is_cut,
		    request_teardown),
		cmocka_unit_test_teardown(test_headers_of_the_error,
		    request_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
