/* SPDX-License-Identifier: ISC */
/*
 * A request that runs again after a collision: each statement of each endpoint
 * collides in turn, and no client or operator can tell.
 */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "requests_fixture.h"

#include <strings.h>

#include "base/metrics.h"
#include "request/endpoint.h"

#define SEEN_MAX	16384

static unsigned		 collides;	/* which statement; 0: none */
static unsigned		 times;		/* how often it still does */
static const char	*sqlstate;
static const char	*collided;	/* that statement's name */

static PGresult *
collide(const struct query *q, const char *name, const char *const *params)
{
	if (fake_db.nsent == collides)
		collided = name;
	if (times > 0 && collided != NULL && strcmp(name, collided) == 0) {
		times--;
		return (fake_error(sqlstate, "collision", NULL));
	}
	return (agree(q, name, params));
}

/* What a client and an operator see of a request. */
struct seen {
	int		 status;
	char		 head[SEEN_MAX], body[SEEN_MAX], log[SEEN_MAX];
	const char	*sent[FAKE_STATEMENTS], *written[FAKE_STATEMENTS];
	unsigned	 nsent, nwritten;
	uint64_t	 counted[6];
};

/* Cuts from each `mark` on, up to any of `ends`: it differs each time. */
static void
mask(char *text, const char *mark, const char *ends)
{
	char	*p = text;
	size_t	 n;

	while ((p = strstr(p, mark)) != NULL) {
		p += strlen(mark);
		n = strcspn(p, ends);
		memmove(p, p + n, strlen(p + n) + 1);
	}
}

static void
ask_colliding(const struct asked *a, unsigned statement, unsigned n,
    struct seen *seen)
{
	uint64_t	 before[6];
	unsigned	 i;

	fake_db_clear();
	fake_db.answer = collide;
	collides = statement;
	collided = NULL;
	times = n;
	for (i = 0; i < 6; i++)
		before[i] = metrics->total.requests[i];
	memset(seen, 0, sizeof(*seen));
	seen->status = ask_and_log(a);
	for (i = 0; i < 6; i++)
		seen->counted[i] = metrics->total.requests[i] - before[i];
	strcpy(seen->head, client_head());
	strcpy(seen->body, client_body());
	strcpy(seen->log, log_text);
	mask(seen->head, "\ndate: ", "\n");
	mask(seen->head, ";t=", ",\n");
	mask(seen->body, "\"access_token\":\"", "\"");
	mask(seen->body, "\"refresh_token\":\"", "\"");
	mask(seen->log, "\"time\":\"", "\"");
	mask(seen->log, "\"duration_us\":", ",");
	mask(seen->log, "\"client\":\"", "\"");
	mask(seen->log, "\"bytes\":", ",");	/* a token's size varies */
	memcpy(seen->sent, fake_db.sent, sizeof(seen->sent));
	seen->nsent = fake_db.nsent;
	memcpy(seen->written, fake_db.written, sizeof(seen->written));
	seen->nwritten = fake_db.nwritten;
	assert_int_equal(fake_db.held, 0);
	assert_int_equal(coro_count(), 0);
	assert_int_equal(arena_count(), 0);
}

static void
assert_no_header_twice(const struct asked *a, const char *head)
{
	const char	*line, *other;
	size_t		 n;

	for (line = strchr(head, '\n') + 1; *line != '\0';
	    line = strchr(line, '\n') + 1) {
		n = strcspn(line, ":") + 1;
		for (other = strchr(line, '\n') + 1; *other != '\0';
		    other = strchr(other, '\n') + 1) {
			if (strncasecmp(line, other, n) == 0)
				fail_msg("%s sends a header twice:\n%s",
				    a->handler, head);
		}
	}
}

static bool
is_among(const char *name, const char *const *names, unsigned n)
{
	unsigned	 i;

	for (i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return (true);
	}
	return (false);
}

/* The clean run's statements up to the one that collided, then all of them. */
static void
assert_sent_again(const struct asked *a, const struct seen *clean,
    const struct seen *seen, unsigned statement)
{
	static const char	 counts[] = "sign_ins.count_attempt";
	unsigned		 i, n = 0;
	bool			 counted;

	for (i = 0; i < statement; i++)
		assert_string_equal(seen->sent[n++], clean->sent[i]);
	/* The attempt itself was counted, and is not undone. */
	counted = is_among(counts, clean->sent, statement - 1);
	for (i = 0; i < clean->nsent; i++) {
		if (counted && strcmp(clean->sent[i], counts) == 0)
			continue;
		if (n >= seen->nsent ||
		    strcmp(seen->sent[n], clean->sent[i]) != 0)
			fail_msg("%s, whose statement %u collides, does not "
			    "send %s again", a->handler, statement,
			    clean->sent[i]);
		n++;
	}
	assert_int_equal(seen->nsent, n);
}

static void
assert_the_same(const struct asked *a, const struct seen *clean,
    const struct seen *seen, unsigned statement)
{
	unsigned	 i;

	if (strcmp(seen->head, clean->head) != 0 ||
	    strcmp(seen->body, clean->body) != 0 ||
	    strcmp(seen->log, clean->log) != 0)
		fail_msg("%s, whose statement %u (%s) collides:\n%s%s\n%s\n"
		    "and not\n%s%s\n%s", a->handler, statement,
		    clean->sent[statement - 1], seen->head, seen->body,
		    seen->log, clean->head, clean->body, clean->log);
	assert_memory_equal(seen->counted, clean->counted,
	    sizeof(seen->counted));
	if (seen->nwritten != clean->nwritten)
		fail_msg("%s, whose statement %u collides, writes %u times, "
		    "not %u", a->handler, statement, seen->nwritten,
		    clean->nwritten);
	for (i = 0; i < seen->nwritten; i++)
		assert_string_equal(seen->written[i], clean->written[i]);
	assert_sent_again(a, clean, seen, statement);
}

/* The first statement of the same name: a request may store several jobs. */
static unsigned
first_of(const struct seen *clean, unsigned statement)
{
	unsigned	 i = 1;

	while (strcmp(clean->sent[i - 1], clean->sent[statement - 1]) != 0)
		i++;
	return (i);
}

/* One line for the request, and one for the 503. */
static void
assert_refused(const struct asked *a, const struct seen *clean,
    const struct seen *seen, unsigned statement)
{
	const char	*words = "The request collided with another";
	char		 level[16];
	unsigned	 most = statement + first_of(clean, statement);

	if (*seen->body == '<')		/* a page for people */
		words = "<h1>The server is busy</h1>";
	if (seen->status != 503 || strstr(seen->head, "\nretry-after: 1\n") ==
	    NULL || strstr(seen->body, words) == NULL)
		fail_msg("%s, whose statement %u always collides:\n%s%s",
		    a->handler, statement, seen->head, seen->body);
	assert_no_header_twice(a, seen->head);
	assert_int_equal(seen->counted[5], 1);
	assert_int_equal(seen->counted[2], 0);
	assert_int_equal(logged(NULL, level), 2);
	assert_int_equal(logged("unavailable", level), 1);
	assert_string_equal(level, "warning");
	assert_int_equal(logged("request", level), 1);
	/* Not a third time. */
	if (seen->nsent != most && seen->nsent != most - 1)
		fail_msg("%s, whose statement %u always collides, sends %u",
		    a->handler, statement, seen->nsent);
	assert_string_equal(seen->sent[seen->nsent - 1],
	    clean->sent[statement - 1]);
	assert_true(seen->nwritten <= clean->nwritten);
}

/* Returns how many statements there are. */
static unsigned
let_each_collide(const struct asked *a)
{
	static struct seen	 clean, seen;
	unsigned		 i;

	sqlstate = "40001";
	ask_colliding(a, 0, 0, &clean);
	if (clean.status / 100 != 2)
		fail_msg("%s: is its request in requests_fixture.h? %s%s",
		    a->handler, clean.head, clean.body);
	assert_no_header_twice(a, clean.head);
	assert_int_equal(clean.counted[2], 1);
	for (i = 1; i <= clean.nsent; i++) {
		sqlstate = i % 2 == 0 ? "40P01" : "40001";
		ask_colliding(a, i, 1, &seen);
		assert_the_same(a, &clean, &seen, i);
		ask_colliding(a, i, FAKE_STATEMENTS, &seen);
		assert_refused(a, &clean, &seen, i);
	}
	return (clean.nsent);
}

static void
test_every_statement_may_collide(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NREQUESTS; i++)
		assert_true(let_each_collide(&requests[i]) > 0);
}

/* Endpoints that have no row: a project's own, most likely. */
static void
test_every_other_endpoint_too(void **state)
{
	size_t	 i;

	(void)state;
	routes_walk(derive);
	for (i = 0; i < nderived; i++)
		let_each_collide(&derived[i]);
}

const struct CMUnitTest	tests[] = {
	CLIENT_TEST(test_every_statement_may_collide),
	CLIENT_TEST(test_every_other_endpoint_too),
};

int
main(void)
{
	return (cmocka_run_group_tests_name("retry", tests,
	    start_with_password, NULL));
}
