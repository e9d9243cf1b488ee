/* SPDX-License-Identifier: ISC */
/* The bytes of a response. */

/* sources: src/base/log_write.c */
/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_peer.c src/wire/wire_proxy.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/base/stopping.c */
/* sources: src/wire/wire_target.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c src/base/mem.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c tests/unit/fakes/log_fake.c */

#include "fakes/log_fake.h"
#include "fakes/wire_fake.h"


#include "product.h"

#define START(status)	"HTTP/1.1 " status "\r\nserver: " PRODUCT "\r\n"
#define KEPT		"connection: keep-alive\r\nkeep-alive: timeout=75\r\n"
#define CLOSED		"connection: close\r\n"

static const char *
respond(struct peer *p, const struct wire_body *body)
{
	struct http_request	 req = { .owner = &p->conn };
	size_t			 before = p->ngot;

	http_keepalive_time = 75;
	wire_request_free(wire_take(&req));
	wire_response_begins(&p->conn);
	wire_put_status(&p->conn, body->status);
	wire_put_header(&p->conn, "x-one", "1");
	wire_put_header(&p->conn, "x-none", "");
	wire_put_body(&p->conn, body);
	wire_response_ends(&p->conn);
	p->got[p->ngot] = '\0';
	return (p->got + before);
}

static struct peer *
ask(struct peer *p, const char *lines)
{
	char	 text[200];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s\r\n",
	    lines);
	send_text(p, text);
	return (p);
}

static void
test_the_bytes(void **state)
{
	static const struct {
		struct wire_body	 body;
		const char		*start;
		const char		*end;
	} rows[] = {
		{ { .data = "abc", .len = 3, .status = 503 },
		    START("503 Service Unavailable"),
		    "content-length: 3\r\n\r\nabc" },
		{ { .data = "abc", .len = 3, .status = 503,
		    .is_left_out = true },
		    START("503 Service Unavailable"),
		    "content-length: 3\r\n\r\n" },
		{ { .status = 200 }, START("200 Refused"),
		    "content-length: 0\r\n\r\n" },
		{ { .status = 204 }, START("204 Refused"), "\r\n" },
		{ { .status = 304 }, START("304 Refused"), "\r\n" },
	};
	struct peer			*p = connect_peer(0);
	char				 expect[512];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(expect, sizeof(expect), "%s" KEPT
		    "x-one: 1\r\nx-none: \r\n%s", rows[i].start, rows[i].end);
		assert_string_equal(respond(ask(p, ""), &rows[i].body),
		    expect);
		assert_false(p->ended);
		wire_run();
	}
	assert_int_equal(fake.streamed, 0);
}

static void
test_what_lives_for_ever_is_not_copied(void **state)
{
	static const struct wire_body	 page = { .data = "page", .len = 4,
					    .status = 200, .is_static = true };
	struct peer			*p = connect_peer(0);

	(void)state;
	assert_non_null(strstr(respond(ask(p, ""), &page), "\r\n\r\npage"));
	assert_int_equal(fake.streamed, 4);
}

static void
test_the_last_response_says_so(void **state)
{
	static const struct wire_body	 empty = { .status = 200 };
	struct peer			*p = connect_peer(0);

	(void)state;
	assert_string_equal(respond(ask(p, "Connection: close\r\n"), &empty),
	    START("200 Refused") CLOSED "x-one: 1\r\nx-none: \r\n"
	    "content-length: 0\r\n\r\n");
	assert_true(p->ended);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_the_bytes),
		WIRE_TEST(test_what_lives_for_ever_is_not_copied),
		WIRE_TEST(test_the_last_response_says_so),
	};

	return (cmocka_run_group_tests_name("wire_response", tests, NULL,
	    NULL));
}
