/* SPDX-License-Identifier: ISC */
/* The deadline of each phase of a connection, and how it ends there. */

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

#define HEAD_SENT	"POST / HTTP/1.1\r\n" HOST
#define BODY_SENT	HEAD_SENT "Content-Length: 10\r\n\r\nx"

/* Makes a client that stays in the phase. */
static struct peer *
stay_in(enum wire_phase phase)
{
	struct peer	*p = connect_peer(0);

	switch (phase) {
	case WIRE_HEAD:
		break;
	case WIRE_BODY:
		send_text(p, BODY_SENT);
		break;
	case WIRE_LINGERING:
		send_text(p, "BAD\r\n\r\n");
		break;
	case WIRE_HANDSHAKE:
		wire_phase_set(wire_of(p), WIRE_HANDSHAKE);
		break;
	default:
		send_text(p, "GET / HTTP/1.1\r\n" HOST "\r\n");
		if (phase == WIRE_HANDLING)
			break;
		p->deaf = phase == WIRE_SENDING;
		answer_peer(p, "ok");
	}
	assert_int_equal(wire_of(p)->phase, phase);
	return (p);
}

static const struct {
	enum wire_phase	 phase;
	uint64_t	 ms;		/* 0: none */
	bool		 told;		/* 408 */
} phases[] = {
	{ WIRE_HANDSHAKE, 5000, false },
	{ WIRE_HEAD, 10000, false },
	{ WIRE_BODY, 30000, true },
	{ WIRE_HANDLING, 0, false },
	{ WIRE_SENDING, 30000, false },
	{ WIRE_IDLE, 60000, false },
	{ WIRE_LINGERING, 2000, false },
};

#define NPHASES	(sizeof(phases) / sizeof(phases[0]))

static void
test_the_deadline_of_each_phase(void **state)
{
	struct peer	*p;
	uint64_t	 start;
	size_t		 i, had;

	(void)state;
	assert_int_equal(NPHASES, WIRE_PHASES);
	for (i = 0; i < NPHASES; i++) {
		start = fake.now;
		p = stay_in(phases[i].phase);
		had = p->ngot;
		if (phases[i].ms == 0) {
			wire_tick(start + 86400000);
			assert_int_equal(wire_of(p)->phase, phases[i].phase);
			kore_connection_disconnect(&p->conn);
			continue;
		}
		wire_tick(start + phases[i].ms - 1);
		assert_int_equal(wire_of(p)->phase, phases[i].phase);
		fake.now = start + phases[i].ms;
		wire_tick(fake.now);
		assert_int_equal(p->gone, !phases[i].told);
		assert_int_equal(p->ngot > had, phases[i].told);
		if (!p->gone)
			kore_connection_disconnect(&p->conn);
		fake.now += 1000;
	}
}

static void
test_a_begun_head_is_told(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, HEAD_SENT);
	wire_tick(fake.now + 9999);
	assert_int_equal(p->ngot, 0);
	wire_tick(fake.now + 10000);
	assert_non_null(strstr(p->got, "HTTP/1.1 408 "));
	assert_int_equal(metrics->total.requests[4], 1);
}

/* Of a kept connection: the head has its own time from its first byte. */
static void
test_the_first_byte_ends_the_idle_time(void **state)
{
	struct peer	*p = stay_in(WIRE_IDLE);

	(void)state;
	fake.now += 59999;
	send_text(p, "G");
	assert_int_equal(wire_of(p)->phase, WIRE_HEAD);
	fake.now += 9999;
	send_text(p, "E");
	wire_tick(fake.now);
	assert_false(p->gone);
	fake.now++;
	wire_tick(fake.now);
	assert_non_null(strstr(p->got, "HTTP/1.1 408 "));
}

/* The setting goes before kore.conf, and Kore tells clients what counts. */
static void
test_how_long_a_connection_may_be_idle(void **state)
{
	(void)state;
	assert_null(wire_init());
	assert_int_equal(wire_limits.deadline[WIRE_IDLE], 60000);
	wire_settings.keepalive = 3600;
	assert_null(wire_init());
	assert_int_equal(wire_limits.deadline[WIRE_IDLE], 3600000);
	assert_int_equal(http_keepalive_time, 3600);
}

/* Each byte gives a lingering client 2 seconds more, for 30 at most. */
static void
test_lingering_ends(void **state)
{
	struct peer	*p = stay_in(WIRE_LINGERING);
	uint64_t	 start = fake.now;

	(void)state;
	while (fake.now < start + 29000) {
		fake.now += 1999;
		wire_tick(fake.now);
		assert_false(p->gone);
		send_text(p, "x");
	}
	assert_true(fake.now < start + 30000);
	fake.now += 1999;
	send_text(p, "x");
	wire_tick(fake.now);
	assert_false(p->gone);
	fake.now++;
	wire_tick(fake.now);
	assert_true(p->gone);
}

/* The gauges, each half second. */
static void
test_a_tick_counts(void **state)
{
	struct peer	*p = stay_in(WIRE_BODY);

	(void)state;
	connect_peer(1);
	wire_tick(fake.now);
	assert_int_equal(metrics->now.connections, 2);
	assert_true(metrics->now.wire_memory > 0);
	assert_int_equal(metrics->now.wire_memory, wire_memory());
	kore_connection_disconnect(&p->conn);
	wire_tick(fake.now);
	assert_int_equal(metrics->now.connections, 1);
	assert_int_equal(metrics->now.wire_memory, 0);
}

/* Two are late at once: the first one's end does not stop the second's. */
static void
test_all_that_are_late_end(void **state)
{
	struct peer	*a = connect_peer(0), *b = connect_peer(1),
			*c = connect_peer(2);

	(void)state;
	wire_tick(fake.now + 10000);
	assert_true(a->gone && b->gone && c->gone);
}

/* Kore's own timeouts would end long responses and idle connections. */
static void
test_kore_has_no_timeout(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	assert_int_equal(p->conn.http_timeout, 0);
	assert_true(p->conn.idle_timer.length == UINT64_MAX);
	assert_int_equal(http_header_timeout, 0);
	assert_int_equal(p->conn.proto, CONN_PROTO_HTTP);
	assert_int_equal(p->conn.state, CONN_STATE_ESTABLISHED);
	assert_int_equal(p->conn.evt.flags & KORE_EVENT_READ, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_the_deadline_of_each_phase),
		WIRE_TEST(test_a_begun_head_is_told),
		WIRE_TEST(test_the_first_byte_ends_the_idle_time),
		WIRE_TEST(test_how_long_a_connection_may_be_idle),
		WIRE_TEST(test_lingering_ends),
		WIRE_TEST(test_a_tick_counts),
		WIRE_TEST(test_all_that_are_late_end),
		WIRE_TEST(test_kore_has_no_timeout),
	};

	return (cmocka_run_group_tests_name("wire_deadlines", tests, NULL,
	    NULL));
}
