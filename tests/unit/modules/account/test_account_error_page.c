/* SPDX-License-Identifier: ISC */
/* Every error of the endpoints of pages is a page, in plain words. */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "requests_fixture.h"

#include "modules/account/account.h"
#include "request/endpoint.h"

static const char *const	forms[] = {
	"submit_reset", "submit_verify", "submit_confirm", "submit_cancel",
};

#define NFORMS	(sizeof(forms) / sizeof(forms[0]))

static const char	*sqlstate;

static PGresult *
refuse(const struct query *q, const char *name, const char *const *params)
{
	if (q == NULL)
		return (agree(q, name, params));
	return (fake_error(sqlstate, "secret words", NULL));
}

static void
assert_page(const char *handler, const char *title, const char *words)
{
	if (strcmp(client_header("content-type"), "text/html; charset=utf-8")
	    != 0 || strstr(client_body(), title) == NULL ||
	    strstr(client_body(), words) == NULL)
		fail_msg("%s: %s", handler, client_body());
	assert_null(strstr(client_body(), "secret"));
	assert_null(strstr(client_body(), SECRET_43));
	assert_string_equal(client_header("referrer-policy"), "no-referrer");
	assert_string_equal(client_header("cache-control"), "no-store");
	assert_non_null(client_header("content-security-policy"));
}

/* What the database may answer, to each form. */
static void
test_each_failure_of_each_form(void **state)
{
	static const struct {
		const char	*sqlstate;
		int		 status;
		const char	*title, *words;
	} failures[] = {
		{ "53200", 503, "<h1>The server is busy</h1>",
		    "Wait a moment, then go back and send the form again." },
		{ "23505", 409, "<h1>Nothing was changed</h1>",
		    "Open the link from the mail again." },
		{ "22012", 500, "<h1>Something went wrong</h1>",
		    "the request was one." },
	};
	size_t	 i, k;

	(void)state;
	for (i = 0; i < NFORMS; i++) {
		for (k = 0; k < 3; k++) {
			fake_db_clear();
			fake_db.answer = refuse;
			sqlstate = failures[k].sqlstate;
			assert_int_equal(ask(request_of(forms[i])),
			    failures[k].status);
			assert_page(forms[i], failures[k].title,
			    failures[k].words);
		}
	}
}

static void
test_each_form_that_cannot_be_read(void **state)
{
	static const struct {
		int		 status;
		const char	*body, *line;
	} bad[] = {
		{ 400, "token=%ff", FORM },
		{ 400, "token=x&token=x", FORM },
		{ 415, "{}", "content-type: application/json" },
	};
	struct asked	 a;
	size_t		 i, k;

	(void)state;
	for (i = 0; i < NFORMS; i++) {
		for (k = 0; k < 3; k++) {
			a = *request_of(forms[i]);
			a.body = bad[k].body;
			a.line = bad[k].line;
			assert_int_equal(ask(&a), bad[k].status);
			assert_page(forms[i],
			    "<h1>This form cannot be read</h1>",
			    "Open the link from the mail again, and send the");
		}
	}
}

/* What the writer says of an error of an endpoint. */
static void
write_error(struct ctx *c, const struct error_kind *kind, enum http_verb verb,
    char out[static 2048])
{
	const struct endpoint	 e = { .verb = verb };
	struct text		 t = text_in(out, 2048);

	c->path = "/account/verify";
	c->endpoint = &e;
	c->error.kind = kind;
	account_error_page.write(&t, c);
	assert_false(t.cut);
	arena_free(&c->arena, false);
}

/* Never shorter than it is. */
static void
test_how_long_to_wait(void **state)
{
	static const char *const	waits[][2] = {
		{ "1", "Wait 1 second, then go back" },
		{ "2", "Wait 2 seconds, then" }, { "90", "90 seconds," },
		{ "91", "Wait 2 minutes, then" }, { "120", "2 minutes," },
		{ "121", "3 minutes," }, { "5400", "90 minutes," },
		{ "5401", "Wait 2 hours, then" }, { "7201", "3 hours," },
	};
	struct ctx	 c = { .path = NULL };
	struct header	 other = { "allow", "GET", NULL };
	struct header	 after = { "retry-after", NULL, &other };
	char		 page[2048];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		after.value = waits[i][0];
		c.error.headers = i % 2 == 0 ? &after : &other;
		after.next = i % 2 == 0 ? &other : NULL;
		other.next = i % 2 == 0 ? NULL : &after;
		write_error(&c, &ERR_TOO_MANY_REQUESTS, VERB_POST, page);
		assert_non_null(strstr(page, "<h1>Please wait</h1>"));
		if (strstr(page, waits[i][1]) == NULL)
			fail_msg("%s: %s", waits[i][0], page);
	}
}

/* A page that somebody opens has no form to go back to. */
static void
test_what_to_do_after_opening(void **state)
{
	struct ctx	 c = { .path = NULL };
	char		 page[2048];

	(void)state;
	write_error(&c, &ERR_UNAVAILABLE, VERB_GET, page);
	assert_non_null(strstr(page, "then reload this page."));
	assert_null(strstr(page, "go back"));
}

/* Each detail on its line, escaped; those that do not fit are left out. */
static void
test_details(void **state)
{
	struct error_detail	 details[50];
	struct ctx		 c = { .path = NULL };
	char			 page[2048];
	size_t			 i;

	(void)state;
	for (i = 0; i < 50; i++)
		details[i] = (struct error_detail){ .field = "body.password",
		    .message = "Must be < 9", .next = i < 49 ?
		    &details[i + 1] : NULL };
	c.error.details = &details[48];
	write_error(&c, &ERR_VALIDATION, VERB_POST, page);
	assert_non_null(strstr(page, ">Must be &lt; 9\nMust be &lt; 9\nGo "
	    "back and try again.</p>"));
	assert_null(strstr(page, "body."));
	c.error.details = details;
	write_error(&c, &ERR_VALIDATION, VERB_POST, page);
	assert_non_null(strstr(page, "Must be &lt; 9\n</p>"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_each_failure_of_each_form),
		CLIENT_TEST(test_each_form_that_cannot_be_read),
		cmocka_unit_test(test_how_long_to_wait),
		cmocka_unit_test(test_what_to_do_after_opening),
		cmocka_unit_test(test_details),
	};

	return (cmocka_run_group_tests_name("account_error_page", tests,
	    start_with_password, NULL));
}
