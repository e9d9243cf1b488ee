/* SPDX-License-Identifier: ISC */
/* Who is let in, and who has to go to make room. */

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
#include "utils/netaddr.h"

#define SPARE	8

static const char	get[] = "GET / HTTP/1.1\r\n" HOST "\r\n";

/*
 * Makes a client of the phase, in its own way, which has been in it for some
 * time.
 */
static struct peer *
client_in(unsigned n, enum wire_phase phase, const char *text, uint64_t ms)
{
	struct peer	*p = connect_peer(n);

	send_text(p, text);
	if (phase == WIRE_SENDING || phase == WIRE_IDLE) {
		p->deaf = phase == WIRE_SENDING;
		answer_peer(p, "ok");
	}
	if (phase == WIRE_HANDSHAKE)
		wire_phase_set(wire_of(p), WIRE_HANDSHAKE);
	assert_int_equal(wire_of(p)->phase, phase);
	fake.now += ms;
	return (p);
}

/* Large as soon as a body has room for more than one byte. */
#define LARGE	"POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n123"

static const struct {
	enum wire_phase	 phase;
	const char	*text;
	uint64_t	 ms;
	bool		 for_memory, for_room, for_large;
} evictable[] = {
	{ WIRE_HANDSHAKE, "", 0, false, true, false },
	{ WIRE_HEAD, "", 0, false, true, false },
	{ WIRE_HEAD, "GET", 0, true, true, false },
	{ WIRE_BODY, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n", 0,
	    true, true, false },
	{ WIRE_BODY, LARGE, 1999, true, true, false },
	{ WIRE_BODY, LARGE, 2000, true, true, true },
	{ WIRE_HANDLING, get, 60000, false, false, false },
	{ WIRE_SENDING, get, 1999, false, false, false },
	{ WIRE_SENDING, get, 2000, false, true, false },
	{ WIRE_IDLE, get, 0, false, true, false },
	{ WIRE_LINGERING, "BAD\r\n\r\n", 0, false, true, false },
};

static size_t
limit_of_nine(const struct kore_domain *dom, const char *path,
    const char *method)
{
	(void)dom;
	(void)path;
	(void)method;
	return (9);
}

static void
test_who_can_be_evicted(void **state)
{
	struct peer	*p;
	size_t		 i;
	enum wire_whom	 whom;
	bool		 may;
	uint64_t	 evicted;

	(void)state;
	wire_settings.find_body_max = limit_of_nine;
	for (i = 0; i < 3 * sizeof(evictable) / sizeof(evictable[0]); i++) {
		whom = (enum wire_whom)(i % 3);
		http_body_max = 1;
		p = client_in(0, evictable[i / 3].phase,
		    evictable[i / 3].text, evictable[i / 3].ms);
		may = whom == WIRE_A_LARGE_SENDER ? evictable[i / 3].for_large :
		    whom == WIRE_A_SENDER ? evictable[i / 3].for_memory :
		    evictable[i / 3].for_room;
		evicted = metrics->total.connections_evicted;
		if (wire_evict(NULL, whom) != may)
			fail_msg("phase %d, whom: %d", evictable[i / 3].phase,
			    whom);
		assert_int_equal(p->gone, may);
		assert_int_equal(metrics->total.connections_evicted,
		    evicted + may);
		if (!p->gone)
			kore_connection_disconnect(&p->conn);
	}
}

static void
test_the_oldest_goes_first(void **state)
{
	struct peer	*handled = client_in(0, WIRE_HANDLING, get, 10);
	struct peer	*b = client_in(1, WIRE_HEAD, "G", 10);
	struct peer	*a = client_in(2, WIRE_IDLE, get, 10);
	struct peer	*c = client_in(3, WIRE_HEAD, "", 10);

	(void)state;
	send_text(a, get);		/* active again */
	answer_peer(a, "ok");
	wire_run();
	assert_true(wire_evict(wire_of(b), WIRE_ANYONE));
	assert_true(c->gone);
	assert_true(wire_evict(wire_of(a), WIRE_ANYONE));
	assert_true(b->gone);
	assert_false(wire_evict(wire_of(a), WIRE_ANYONE));
	assert_false(a->gone);
	assert_true(wire_evict(NULL, WIRE_ANYONE));
	assert_true(a->gone);
	assert_false(wire_evict(NULL, WIRE_ANYONE));
	assert_false(handled->gone);
	assert_int_equal(metrics->total.connections_evicted, 3);
}

/* Kore's listener has clients waiting: this worker's turn. */
static void
accept_clients(unsigned n)
{
	struct listener	*l = LIST_FIRST(&LIST_FIRST(
			    &kore_servers)->listeners);

	fake.waiting = n;
	l->evt.handle(l, 0);
}

static void
test_a_worker_accepts_some_at_a_time(void **state)
{
	(void)state;
	accept_clients(6);
	assert_int_equal(fake.accepted, 4);
	assert_int_equal(fake.waiting, 2);
	assert_int_equal(fake.passed_on, 1);
	assert_int_equal(wire_count(), 4);
	accept_clients(0);
	assert_int_equal(fake.passed_on, 1);
	accept_clients(2);
	assert_int_equal(wire_count(), 6);
	assert_int_equal(fake.passed_on, 2);
	assert_int_equal(wire_of(&peers[0])->phase, WIRE_HANDSHAKE);
	assert_int_equal(metrics->total.connections_refused, 0);
}

/* Kore keeps some connections for itself: it must never be full. */
static void
test_a_full_worker_makes_room(void **state)
{
	unsigned	 i;

	(void)state;
	worker_max_connections = SPARE + 4;
	accept_clients(4);
	assert_int_equal(metrics->total.connections_evicted, 0);
	fake.now += 10;
	accept_clients(1);
	assert_int_equal(metrics->total.connections_evicted, 1);
	assert_int_equal(wire_count(), 4);
	assert_false(peers[4].gone);
	for (i = 0; i < 4; i++) {
		if (!peers[i].gone)
			wire_of(&peers[i])->phase = WIRE_HANDLING;
	}
	/* The next one finds none but itself, and goes. */
	wire_of(&peers[4])->phase = WIRE_HANDLING;
	accept_clients(1);
	assert_true(peers[5].gone);
	assert_int_equal(wire_count(), 4);
	assert_int_equal(metrics->total.connections_refused, 0);
}

/* All from the same address. */
static bool
is_let_in(unsigned n)
{
	return (!connect_from(n, 0xc0000201)->gone);
}

static void
test_an_address_has_a_limit(void **state)
{
	(void)state;
	assert_true(is_let_in(0));
	assert_true(is_let_in(1));
	assert_false(is_let_in(2));
	assert_false(is_let_in(3));
	assert_int_equal(metrics->total.connections_refused, 2);
	assert_int_equal(wire_count(), 2);
	kore_connection_disconnect(&peers[0].conn);
	assert_true(is_let_in(2));
	assert_false(is_let_in(3));
	connect_peer(4);
	assert_false(peers[4].gone);
}

static void
test_a_proxy_has_no_limit(void **state)
{
	struct netblock	 blocks[2];
	unsigned	 n;

	(void)state;
	assert_null(netblock_parse("198.51.100.0/24", &blocks[0]));
	assert_null(netblock_parse("192.0.2.0/30", &blocks[1]));
	wire_settings.proxies = blocks;
	wire_settings.nproxies = 1;
	assert_true(is_let_in(5) && is_let_in(6) && !is_let_in(7));
	wire_settings.nproxies = 2;
	for (n = 0; n < 5; n++)
		assert_true(is_let_in(n));
}

/* Operators read the metrics there, whatever happens. */
static void
test_the_admin_listener_has_no_limit(void **state)
{
	unsigned	 n;

	(void)state;
	wire_settings.admin = LIST_FIRST(&kore_servers)->name;
	for (n = 0; n < 5; n++)
		assert_true(is_let_in(n));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_who_can_be_evicted),
		WIRE_TEST(test_the_oldest_goes_first),
		WIRE_TEST(test_a_worker_accepts_some_at_a_time),
		WIRE_TEST(test_a_full_worker_makes_room),
		WIRE_TEST(test_an_address_has_a_limit),
		WIRE_TEST(test_a_proxy_has_no_limit),
		WIRE_TEST(test_the_admin_listener_has_no_limit),
	};

	return (cmocka_run_group_tests_name("wire_room", tests, NULL, NULL));
}
