/* SPDX-License-Identifier: ISC */
/* The limits of the memory of requests: who has to go, and who is told 503. */

/* sources: src/base/log_write.c */
/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_peer.c src/wire/wire_proxy.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c src/base/mem.c */

#include <stdio.h>

#include "fakes/wire_fake.h"

#define FORM	"POST / HTTP/1.1\r\n" HOST
#define MIB	((size_t)1024 * 1024)

/* Sends `len` bytes of a body that has more of them. */
static struct peer *
send_body(unsigned peer, size_t len, size_t more)
{
	static char	 text[256], block[65536];
	struct peer	*p = connect_peer(peer);
	size_t		 n;

	snprintf(text, sizeof(text), FORM "Content-Length: %zu\r\n\r\n",
	    len + more);
	send_text(p, text);
	for (; len > 0 && p->ngot == 0; len -= n) {
		n = len < sizeof(block) ? len : sizeof(block);
		send_bytes(p, block, n);
	}
	return (p);
}

static struct peer *
begin_body(unsigned peer, size_t len)
{
	return (send_body(peer, len, 1));
}

static bool
is_told_busy(const struct peer *p)
{
	return (strncmp(p->got, "HTTP/1.1 503 ", 13) == 0);
}

/* At the limit, who has been sending longest goes; never one that waits. */
static void
test_the_limit(void **state)
{
	struct peer	*idle = connect_peer(4), *silent, *a, *b, *c;
	size_t		 left, most = WIRE_BODIES_MAX;

	(void)state;
	http_body_max = 16 * MIB;
	fake.now++;
	silent = connect_peer(0);
	fake.now++;
	a = begin_body(1, 12 * MIB);
	fake.now++;
	b = begin_body(2, 12 * MIB);
	fake.now++;
	left = most - wire_memory() - 2048 - sizeof(struct wire_request) -
	    strlen(FORM "Content-Length: 1234567\r\n\r\n") - 1;
	assert_true(left > MIB && left < 9 * MIB);
	/* The last one is as large as the room that is left, and not larger. */
	c = begin_body(3, left - 1);
	assert_int_equal(wire_memory(), most);
	assert_false(a->gone);
	assert_int_equal(metrics->total.connections_evicted, 0);

	/* There is room for heads; the next body makes the first one go. */
	send_text(silent, FORM "Content-Length: 2\r\n\r\n");
	assert_true(wire_memory() > most);
	assert_false(a->gone);
	send_text(silent, "x");
	assert_true(a->gone);
	assert_false(b->gone || c->gone || silent->gone || idle->gone);
	assert_int_equal(metrics->total.connections_evicted, 1);
	assert_true(wire_memory() < most - 11 * MIB);
}

/* Heads have what bodies must leave, and not more. */
static void
test_the_limit_of_heads(void **state)
{
	struct peer	*p = connect_peer(0), *q = connect_peer(1);

	(void)state;
	wire_used.all = WIRE_MEMORY_MAX - 2048;
	send_text(p, "G");
	assert_int_equal(wire_memory(), WIRE_MEMORY_MAX);
	send_text(q, "G");
	assert_true(p->gone);
	assert_false(q->gone);
	kore_connection_disconnect(&q->conn);
	wire_used.all = WIRE_MEMORY_MAX - 2047;
	q = connect_peer(1);
	send_text(q, "G");
	assert_true(is_told_busy(q));
	kore_connection_disconnect(&q->conn);
	wire_used.all = WIRE_MEMORY_MAX - 2048;
	q = connect_peer(1);
	send_text(q, "GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_true(is_told_busy(q));
	wire_used.all = 0;
}

/* Nobody can be evicted whose request is being handled. */
static void
test_no_memory_but_of_handled_requests(void **state)
{
	struct peer	*a, *b;

	(void)state;
	http_body_max = 16 * MIB;
	a = send_body(0, 15 * MIB, 0);
	b = send_body(1, 12 * MIB, 0);
	assert_int_equal(fake.handed, 2);
	assert_true(is_told_busy(send_body(2, MIB, 0)));
	assert_false(a->gone || b->gone);

	/* Small requests are handled. */
	send_text(connect_peer(3), "GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(fake.handed, 3);
	answer_peer(a, "ok");
	assert_false(is_told_busy(send_body(4, MIB, 0)));
	assert_int_equal(fake.handed, 4);
}

/* Bodies above http_body_max have half of the memory. */
static void
test_the_share_of_large_bodies(void **state)
{
	struct peer	*small, *a, *b, *c;
	size_t		 held;

	(void)state;
	http_body_max = MIB;
	fake.body_max = 12 * MIB;
	small = begin_body(0, MIB - 1);
	assert_int_equal(wire_used.large, 0);
	fake.now++;
	a = begin_body(1, 9 * MIB);
	assert_int_equal(wire_used.large, wire_of(a)->request->counted);
	fake.now++;
	b = send_body(2, 6 * MIB, 0);
	assert_int_equal(fake.handed, 1);
	held = wire_used.large;
	assert_int_equal(held, wire_of(a)->request->counted +
	    wire_of(b)->request->counted);

	/* Large ones have two seconds: meanwhile the next one is told. */
	fake.now = wire_of(a)->since + 1999;
	assert_true(is_told_busy(begin_body(6, 10 * MIB - 8192)));
	assert_false(a->gone);

	/* Then the one that has been sending longest goes, not the small. */
	fake.now++;
	c = begin_body(3, 10 * MIB - 8192);
	assert_true(a->gone);
	assert_false(small->gone || b->gone || c->gone);
	assert_int_equal(metrics->total.connections_evicted, 1);

	/* Then there is only itself to go, and others that are handled. */
	send_text(c, "x");
	assert_int_equal(fake.handed, 2);
	assert_true(is_told_busy(begin_body(4, MIB + 1)));
	assert_false(is_told_busy(begin_body(5, MIB - 1)));
	assert_int_equal(metrics->total.connections_evicted, 1);
	answer_peer(b, "ok");
	answer_peer(c, "ok");
	assert_int_equal(wire_used.large, 0);
}

/* A share that is full to the last byte. */
static void
test_the_last_byte_of_the_share(void **state)
{
	struct peer	*p = connect_peer(0);
	size_t		 counted;

	(void)state;
	http_body_max = 2000;
	fake.body_max = 5000;
	send_text(p, FORM "Content-Length: 2001\r\n\r\nx");
	counted = wire_of(p)->request->counted + 2002 - 1024;
	wire_used.large = WIRE_LARGE_MAX - counted;
	send_body(1, 2001, 0);
	assert_int_equal(fake.handed, 1);
	assert_int_equal(wire_used.large, WIRE_LARGE_MAX);
	answer_peer(&peers[1], "ok");
	wire_used.large = WIRE_LARGE_MAX - counted + 1;
	assert_true(is_told_busy(send_body(2, 2001, 0)));
	assert_false(is_told_busy(send_body(3, 2000, 0)));
	assert_int_equal(fake.handed, 2);
	wire_used.large = 0;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_the_limit),
		WIRE_TEST(test_the_limit_of_heads),
		WIRE_TEST(test_no_memory_but_of_handled_requests),
		WIRE_TEST(test_the_share_of_large_bodies),
		WIRE_TEST(test_the_last_byte_of_the_share),
	};

	return (cmocka_run_group_tests_name("wire_memory_limits", tests, NULL,
	    NULL));
}
