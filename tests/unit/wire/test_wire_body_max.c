/* SPDX-License-Identifier: ISC */
/* The limit of a body: that of the request's row, or http_body_max. */

/* sources: src/base/log_write.c */
/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_peer.c src/wire/wire_proxy.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c src/base/mem.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c */

#include "fakes/wire_fake.h"

#define SIZED(n)	"Content-Length: " n "\r\n\r\n"
#define CHUNKED		"Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	size_t		 row, conf;	/* the limits */
	const char	*text;
	unsigned	 handed;	/* 0: 413 */
} bodies[] = {
	{ 0, 4, SIZED("4") "1234", 1 },
	{ 0, 4, SIZED("5") "12345", 0 },
	{ 6, 4, SIZED("6") "123456", 1 },
	{ 6, 4, SIZED("7"), 0 },
	{ 2, 4, SIZED("2") "12", 1 },
	{ 2, 4, SIZED("3"), 0 },
	{ 0, 4, CHUNKED "4\r\n1234\r\n0\r\n\r\n", 1 },
	{ 0, 4, CHUNKED "5\r\n12345\r\n0\r\n\r\n", 0 },
	{ 6, 4, CHUNKED "3\r\n123\r\n3\r\n456\r\n0\r\n\r\n", 1 },
	{ 6, 4, CHUNKED "3\r\n123\r\n4\r\n4567\r\n0\r\n\r\n", 0 },
	{ 2, 4, CHUNKED "2\r\n12\r\n0\r\n\r\n", 1 },
	{ 2, 4, CHUNKED "3\r\n123\r\n0\r\n\r\n", 0 },
	{ 2, 4, SIZED("0"), 1 },
};

static void
test_bodies(void **state)
{
	struct peer	*p;
	char		 text[512];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		fake.body_max = bodies[i].row;
		http_body_max = bodies[i].conf;
		fake.handed = 0;
		p = connect_peer(0);
		snprintf(text, sizeof(text), "PUT /%%61?b HTTP/1.1\r\n" HOST
		    "%s", bodies[i].text);
		send_text(p, text);
		if (fake.handed != bodies[i].handed)
			fail_msg("body %zu: %s", i, p->got);
		assert_int_equal(strncmp(p->got, "HTTP/1.1 413 ", 13) == 0,
		    bodies[i].handed == 0);
		kore_connection_disconnect(&p->conn);
	}
}

/* By the host, the path and the method; and only for a body. */
static void
test_what_is_asked(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, "PATCH /%61?b=c HTTP/1.1\r\n" HOST SIZED("2") "1");
	assert_int_equal(fake.limits_asked, 1);
	assert_string_equal(fake.path, "PATCH /a");
	p = connect_peer(1);
	send_text(p, "POST /b HTTP/1.1\r\n" HOST CHUNKED);
	assert_int_equal(fake.limits_asked, 2);
	assert_string_equal(fake.path, "POST /b");
	p = connect_peer(2);
	send_text(p, "GET /c HTTP/1.1\r\n" HOST "\r\n");
	send_text(connect_peer(3), "POST /c HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(fake.limits_asked, 2);
}

/* Operators post nothing. */
static void
test_the_admin_listener(void **state)
{
	struct peer	*p;

	(void)state;
	wire_settings.admin = LIST_FIRST(&kore_servers)->name;
	fake.body_max = 6;
	http_body_max = 4;
	p = connect_peer(0);
	send_text(p, "POST / HTTP/1.1\r\n" HOST SIZED("5") "12345");
	assert_non_null(strstr(p->got, "HTTP/1.1 413 "));
	assert_int_equal(fake.limits_asked, 0);
}

/* The next request on the connection has a limit of its own. */
static void
test_the_next_request(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	fake.body_max = 6;
	http_body_max = 4;
	send_text(p, "POST / HTTP/1.1\r\n" HOST SIZED("6") "123456");
	assert_int_equal(fake.handed, 1);
	answer_peer(p, "1");
	wire_run();
	p->ngot = 0;
	fake.body_max = 0;
	send_text(p, "POST / HTTP/1.1\r\n" HOST SIZED("6") "123456");
	assert_int_equal(fake.handed, 1);
	assert_non_null(strstr(p->got, "HTTP/1.1 413 "));
}

/* A chunked body never takes more than its limit and a NUL. */
static void
test_a_chunked_body_grows_to_its_limit(void **state)
{
	static char	 text[4096];
	struct peer	*p = connect_peer(0);

	(void)state;
	memset(text, 'x', sizeof(text));
	fake.body_max = 3000;
	http_body_max = 2500;
	send_text(p, "POST / HTTP/1.1\r\n" HOST CHUNKED "BB8\r\n");
	send_bytes(p, text, 2100);
	assert_int_equal(wire_of(p)->request->body_size, 3001);
	assert_true(wire_of(p)->request->is_large);
	send_bytes(p, text, 900);
	assert_int_equal(wire_of(p)->request->body_size, 3001);
	send_text(p, "\r\n0\r\n\r\n");
	assert_int_equal(fake.handed, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_bodies),
		WIRE_TEST(test_what_is_asked),
		WIRE_TEST(test_the_admin_listener),
		WIRE_TEST(test_the_next_request),
		WIRE_TEST(test_a_chunked_body_grows_to_its_limit),
	};

	return (cmocka_run_group_tests_name("wire_body_max", tests, NULL,
	    NULL));
}
