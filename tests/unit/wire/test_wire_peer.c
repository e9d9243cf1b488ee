/* SPDX-License-Identifier: ISC */
/* Whose connection it is: a proxy's, or its client's; and who may connect. */

/* sources: src/base/log_write.c */
/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_peer.c src/wire/wire_proxy.c src/wire/wire_target.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c src/base/mem.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c tests/unit/fakes/log_fake.c */

#include "fakes/log_fake.h"
#include "fakes/wire_fake.h"
#include "utils/netaddr.h"
#include "wire/proxy_fixture.h"

#define PROXY	0xc0000201	/* 192.0.2.1 */
#define CLIENT	0xcb007109	/* 203.0.113.9, of TCP4_CLIENT */
#define GET	"GET / HTTP/1.1\r\n" HOST "\r\n"

static struct netblock	trusted[2];

static int
setup(void **state)
{
	assert_null(netblock_parse("192.0.2.0/30", &trusted[0]));
	assert_null(netblock_parse("203.0.113.9", &trusted[1]));
	if (wire_setup(state) != 0)
		return (-1);
	wire_settings.proxies = trusted;
	wire_settings.nproxies = 1;
	return (0);
}

/* A client of a socket, which has no address of its own. */
static struct peer *
connect_locally(unsigned n)
{
	fake.local = true;
	return (connect_from(n, 0));
}

static const char *
address_of(struct peer *p)
{
	static char	 text[2 * NETADDR_TEXT];
	struct netaddr	 a = { .ipv6 = false };
	size_t		 n;

	netaddr_text(&wire_of(p)->peer, text);
	n = strlen(text);
	netaddr_from((struct sockaddr *)&p->conn.addr, &a);
	netaddr_text(&a, text + n + 1);
	assert_string_equal(text, text + n + 1);
	return (text);
}

/* A header and a request behind it, in one piece: nothing is lost. */
static void
test_the_client_is_believed_from_a_proxy(void **state)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		const char	*address;
	} headers[] = {
		{ TCP4_CLIENT GET, sizeof(TCP4_CLIENT GET) - 1,
		    "203.0.113.9" },
		{ TCP6_CLIENT GET, sizeof(TCP6_CLIENT GET) - 1,
		    "2001:db8::9" },
		{ LOCAL_CHECK GET, sizeof(LOCAL_CHECK GET) - 1,
		    "192.0.2.1" },
		{ GET, sizeof(GET) - 1, "192.0.2.1" },
		{ "\r\n" GET, sizeof("\r\n" GET) - 1, "192.0.2.1" },
	};
	struct peer	*p;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		p = connect_from(0, PROXY);
		assert_int_equal(wire_of(p)->phase, WIRE_HANDSHAKE);
		send_bytes(p, headers[i].bytes, headers[i].len);
		assert_string_equal(address_of(p), headers[i].address);
		assert_int_equal(wire_of(p)->phase, WIRE_HANDLING);
		assert_int_equal(fake.handed, i + 1);
		kore_connection_disconnect(&p->conn);
	}
}

static void
test_byte_after_byte(void **state)
{
	struct peer	*p = connect_from(0, PROXY);
	size_t		 i;

	(void)state;
	/* They stay in the kernel's buffer until the header is complete. */
	for (i = 1; i < sizeof(TCP4_CLIENT) - 1; i++) {
		send_bytes(p, TCP4_CLIENT, i);
		assert_int_equal(p->len, i);
		assert_int_equal(wire_of(p)->phase, WIRE_HANDSHAKE);
	}
	tell(p);
	send_bytes(p, TCP4_CLIENT, i);
	assert_int_equal(p->len, 0);
	assert_int_equal(wire_of(p)->phase, WIRE_HEAD);
	assert_string_equal(address_of(p), "203.0.113.9");
	send_text(p, GET);
	assert_int_equal(fake.handed, 1);
}

/* No byte extends it. */
static void
test_half_a_header_ends_at_the_handshakes_deadline(void **state)
{
	struct peer	*p = connect_from(0, PROXY);

	(void)state;
	fake.now += 4999;
	send_bytes(p, TCP4_CLIENT, sizeof(TCP4_CLIENT) - 2);
	wire_tick(fake.now);
	assert_false(p->gone);
	wire_tick(++fake.now);
	assert_true(p->gone);
}

static void
test_an_interrupted_look_is_repeated(void **state)
{
	struct peer	*p = connect_from(0, PROXY);

	(void)state;
	p->interrupted = true;
	send_bytes(p, TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1);
	assert_false(p->gone);
	tell(p);
	assert_string_equal(address_of(p), "203.0.113.9");
	kore_connection_disconnect(&p->conn);
	p = connect_from(0, PROXY);
	p->closed = true;
	tell(p);
	assert_true(p->gone);
}

/* The handshake is Kore's, and finds all bytes behind the header. */
static void
test_tls_begins_behind_the_header(void **state)
{
	struct peer	*p;
	unsigned	 i;

	(void)state;
	fake.tls = true;
	for (i = 0; i < 2; i++) {
		p = connect_from(0, PROXY);
		assert_int_equal(fake.handshakes, i);
		send_bytes(p, i == 0 ? TCP4_CLIENT GET : GET, i == 0 ?
		    sizeof(TCP4_CLIENT GET) - 1 : sizeof(GET) - 1);
		assert_int_equal(fake.handshakes, i + 1);
		assert_int_equal(fake.handed, i + 1);
		kore_connection_disconnect(&p->conn);
	}
}

static void
test_nothing_is_believed_from_others(void **state)
{
	struct peer	*p = connect_from(0, CLIENT);

	(void)state;
	send_bytes(p, TCP4_CLIENT GET, sizeof(TCP4_CLIENT GET) - 1);
	assert_string_equal(address_of(p), "203.0.113.9");
	assert_int_equal(fake.handed, 0);
	assert_int_equal(strncmp(p->got, "HTTP/1.1 400 ", 13), 0);
	wire_settings.admin = LIST_FIRST(&kore_servers)->name;
	p = connect_from(1, PROXY);
	assert_int_equal(wire_of(p)->phase, WIRE_HEAD);
}

/* The log has one line a minute, however many there are. */
static void
test_a_bad_header_closes_the_connection(void **state)
{
	static const char	 v1[] = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n";
	struct peer		*p;
	json_t			*event;
	unsigned		 i;

	(void)state;
	log_init(LEVEL_WARNING, FORMAT_JSON);
	fake.now += 60000;
	log_capture_begin();
	for (i = 0; i < 3; i++) {
		p = connect_from(0, PROXY);
		fake.now += i == 1 ? 59999 : 0;
		send_text(p, v1);
		assert_true(p->gone);
	}
	event = log_capture_event("time:s level:s event:s message:s");
	assert_string_equal(json_string_value(json_object_get(event,
	    "event")), "proxy");
	assert_string_equal(json_string_value(json_object_get(event,
	    "message")), "a connection from 192.0.2.1 was closed: its PROXY "
	    "header is not valid: it is of version 1, and only version 2 is "
	    "read");
	json_decref(event);
	fake.now++;
	log_capture_begin();
	send_text(connect_from(0, PROXY), v1);
	assert_non_null(strstr(log_capture_end(), "version 1"));
}

/* The client's connections count as its own, not as the proxy's. */
static void
test_the_limit_is_the_clients(void **state)
{
	unsigned	 n;

	(void)state;
	for (n = 0; n < 4; n++)
		send_bytes(connect_from(n, n == 1 ? CLIENT : PROXY),
		    TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1);
	assert_false(peers[0].gone || peers[1].gone);
	assert_true(peers[2].gone && peers[3].gone);
	assert_int_equal(metrics->total.connections_refused, 2);
	kore_connection_disconnect(&peers[0].conn);
	send_bytes(connect_from(2, PROXY), TCP4_CLIENT,
	    sizeof(TCP4_CLIENT) - 1);
	assert_false(peers[2].gone);
	/* A second proxy behind the first one has no limit either. */
	wire_settings.nproxies = 2;
	for (n = 3; n < 7; n++) {
		send_bytes(connect_from(n, PROXY), TCP4_CLIENT,
		    sizeof(TCP4_CLIENT) - 1);
		assert_false(peers[n].gone);
	}
}

/* The row of the table has 72 slots. */
static void
test_no_slot_is_lost(void **state)
{
	struct peer	*p;
	unsigned	 i;

	(void)state;
	for (i = 0; i < 80; i++) {
		p = connect_from(0, PROXY);
		send_bytes(p, TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1);
		assert_false(p->gone);
		kore_connection_disconnect(&p->conn);
	}
}

static void
test_only_a_proxys_server_name_is_dropped(void **state)
{
	static const struct {
		const char	*header;
		size_t		 len;
		unsigned	 proxies;
		bool		 fine;
	} cases[] = {
		{ "", 0, 1, true },
		{ LOCAL_CHECK, sizeof(LOCAL_CHECK) - 1, 1, true },
		{ "", 0, 0, false },
		/* Its handshake or that of its client: nobody knows. */
		{ TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1, 1, true },
		{ TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1, 2, true },
	};
	struct peer	*p;
	size_t		 i;
	char		 bytes[256];

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire_settings.nproxies = cases[i].proxies;
		p = connect_from(0, PROXY);
		p->conn.tls_sni = strdup("upstream.test");
		memcpy(bytes, cases[i].header, cases[i].len);
		memcpy(bytes + cases[i].len, GET, sizeof(GET));
		send_bytes(p, bytes, cases[i].len + sizeof(GET) - 1);
		assert_int_equal(wire_of(p)->phase == WIRE_HANDLING,
		    cases[i].fine);
		assert_int_equal(p->conn.tls_sni == NULL, cases[i].fine);
		free(p->conn.tls_sni);
		kore_connection_disconnect(&p->conn);
	}
}

/* It counts as a proxy at 127.0.0.1. */
static void
test_a_socket(void **state)
{
	struct peer	*p;

	(void)state;
	assert_null(netblock_parse("127.0.0.1", &trusted[0]));
	p = connect_locally(0);
	assert_string_equal(address_of(p), "127.0.0.1");
	assert_true(wire_of(p)->announcing);
	send_bytes(p, TCP4_CLIENT GET, sizeof(TCP4_CLIENT GET) - 1);
	assert_string_equal(address_of(p), "203.0.113.9");
	assert_int_equal(fake.handed, 1);
	/* recv(2) with MSG_TRUNC drops nothing there. */
	p = connect_locally(1);
	send_text(p, "BAD\r\n\r\n");
	assert_int_equal(wire_of(p)->phase, WIRE_LINGERING);
	send_text(p, "more");
	assert_int_equal(p->len, 0);
	assert_false(p->gone);
}

/* Without TLS: others could read along. */
static void
test_only_proxies_may_connect(void **state)
{
	json_t	*event;

	(void)state;
	wire_settings.proxies_only = true;
	log_init(LEVEL_WARNING, FORMAT_JSON);
	log_capture_begin();
	assert_true(connect_from(0, CLIENT)->gone);
	assert_true(connect_from(0, 0xc0000204)->gone);
	event = log_capture_event("time:s level:s event:s message:s");
	assert_string_equal(json_string_value(json_object_get(event,
	    "message")), "a connection from 203.0.113.9 was closed: without "
	    "TLS, only proxies that KEEL_TRUSTED_PROXIES names may connect");
	json_decref(event);
	assert_int_equal(metrics->total.connections_refused, 2);
	assert_false(connect_from(0, PROXY)->gone);
	wire_settings.admin = LIST_FIRST(&kore_servers)->name;
	assert_false(connect_from(1, CLIENT)->gone);
}

#define PEER_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, wire_teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		PEER_TEST(test_the_client_is_believed_from_a_proxy),
		PEER_TEST(test_byte_after_byte),
		PEER_TEST(
		    test_half_a_header_ends_at_the_handshakes_deadline),
		PEER_TEST(test_an_interrupted_look_is_repeated),
		PEER_TEST(test_tls_begins_behind_the_header),
		PEER_TEST(test_nothing_is_believed_from_others),
		PEER_TEST(test_a_bad_header_closes_the_connection),
		PEER_TEST(test_the_limit_is_the_clients),
		PEER_TEST(test_no_slot_is_lost),
		PEER_TEST(test_only_a_proxys_server_name_is_dropped),
		PEER_TEST(test_a_socket),
		PEER_TEST(test_only_proxies_may_connect),
	};

	return (cmocka_run_group_tests_name("wire_peer", tests, NULL, NULL));
}
