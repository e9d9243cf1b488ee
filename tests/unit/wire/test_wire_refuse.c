/* SPDX-License-Identifier: ISC */
/* The bytes of a refusal, what is logged of it, and how a connection ends. */

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

#define ID	"X-Request-ID: my-id\r\n"

static void
test_a_refusal(void **state)
{
	struct peer	*p = connect_peer(0);
	char		*date;

	(void)state;
	send_text(p, "GET / HTTP/1.1\r\n" HOST ID "X Y: z\r\n\r\n");
	assert_non_null(date = strstr(p->got, "date: "));
	assert_int_equal(memcmp(date + 31, " GMT\r\n", 6), 0);
	memset(date + 6, '-', 25);
	assert_string_equal(p->got,
	    "HTTP/1.1 400 Refused\r\nconnection: close\r\n"
	    "date: ------------------------- GMT\r\n"
	    "x-content-type-options: nosniff\r\nx-request-id: my-id\r\n"
	    "cache-control: no-store\r\ncontent-type: application/json\r\n"
	    "content-length: 54\r\n\r\n"
	    "BAD_REQUEST: The name of a header is not valid (my-id)");
}

/* What browsers need is put there, with what there is of the head. */
static void
test_a_refusal_tells_browsers(void **state)
{
	static char	 admin[] = "admin", api[] = "api";
	struct peer	*p = connect_peer(0);

	(void)state;
	fake.browsers = true;
	send_text(p, "GET / HTTP/1.1\r\n" HOST "Origin: https://a\r\n"
	    "Expect: x\r\n\r\n");
	assert_non_null(strstr(p->got, "\r\nx-asks: https://a\r\n"
	    "content-type: "));
	p = connect_peer(1);
	send_text(p, "BAD\r\n\r\n");
	assert_non_null(strstr(p->got, "\r\nx-asks: nobody\r\n"));
	p = connect_peer(2);
	p->conn.owner->server->name = admin;
	send_text(p, "GET / HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n");
	p->conn.owner->server->name = api;
	assert_non_null(strstr(p->got, "HTTP/1.1 417 "));
	assert_null(strstr(p->got, "x-asks"));
}

/* Only a head whose lines are fine says what the body is. */
static void
test_a_refusal_after_the_head(void **state)
{
	static char		 admin[] = "admin", api[] = "api";
	static const char	 big[] = "POST /a HTTP/1.1\r\n" HOST
				    "Content-Length: 1048577\r\n\r\n";
	static const char	 chunked[] = "POST /b HTTP/1.1\r\n" HOST
				    "Transfer-Encoding: chunked\r\n\r\nx\r\n";
	struct peer		*p = connect_peer(0);

	(void)state;
	send_text(p, big);
	assert_non_null(strstr(p->got, "\r\nvary: /a\r\n"
	    "content-type: text/parsed\r\n"));
	p = connect_peer(1);
	send_text(p, chunked);
	assert_non_null(strstr(p->got, "\r\nvary: /b\r\n"
	    "content-type: text/parsed\r\n"));
	p = connect_peer(2);
	p->conn.owner->server->name = admin;
	send_text(p, big);
	p->conn.owner->server->name = api;
	assert_non_null(strstr(p->got, "content-type: text/admin\r\n"));
	p = connect_peer(3);
	send_text(p, "GET /a HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n");
	assert_non_null(strstr(p->got, "\r\nvary: /a\r\n"
	    "content-type: text/parsed\r\n"));
	p = connect_peer(4);
	send_text(p, "BREW /a HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(p->got, "\r\nvary: /a\r\n"
	    "content-type: text/parsed\r\n"));
	p = connect_peer(5);
	send_text(p, "BREW /a HTTP/1.1\r\n" HOST "X Y: z\r\n\r\n");
	assert_non_null(strstr(p->got, "content-type: application/json\r\n"));
	assert_null(strstr(p->got, "vary"));
}

static const struct {
	const char	*text;
	int		 status;
	const char	*id;
	bool		 body;
} refusals[] = {
	{ "GET / HTTP/1.1\r\n" HOST ID "X Y: z\r\n\r\n", 400, "my-id",
	    true },
	{ "BAD\r\n\r\n", 400, "new-id", true },
	{ "HEAD / HTTP/1.1\r\n" HOST ID "Expect: x\r\n\r\n", 417, "my-id",
	    false },
	{ "GET / HTTP/1.1\r\n" HOST ID "Expect: x\r\n\r\n", 417, "my-id",
	    true },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413,
	    "new-id", true },
	/* A HEAD whose head is not parsed, or not even complete. */
	{ "HEAD / HTTP/2.0\r\n" HOST "\r\n", 505, "new-id", false },
	{ "HEAD \r\n\r\n", 400, "new-id", false },
	{ "HEAD / HTTP/1.1\r\nX: \001", 400, "new-id", false },
	{ "\r\nHEAD / HTTP/1.1\r\nX: \001", 400, "new-id", false },
	{ "HEAD \001", 400, "new-id", false },
	{ "HEAD\001", 400, "new-id", true },
	{ "HEAD\001 ", 400, "new-id", true },
	{ "HEADS / HTTP/1.1\r\n" HOST "\r\n", 501, "new-id", true },
	{ "HEADS \001", 400, "new-id", true },
	{ "GET HEAD \001", 400, "new-id", true },
	{ "\001", 400, "new-id", true },
};

static void
test_refusals(void **state)
{
	struct peer	*p;
	char		 line[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		p = connect_peer(0);
		send_text(p, refusals[i].text);
		snprintf(line, sizeof(line), "HTTP/1.1 %d ",
		    refusals[i].status);
		assert_int_equal(strncmp(p->got, line, strlen(line)), 0);
		snprintf(line, sizeof(line), "\r\nx-request-id: %s\r\n",
		    refusals[i].id);
		if (strstr(p->got, line) == NULL)
			fail_msg("%zu: %s", i, p->got);
		assert_int_equal(strcmp(strstr(p->got, "\r\n\r\n"),
		    "\r\n\r\n") != 0, refusals[i].body);
		assert_null(strstr(p->got, "strict-transport-security"));
		assert_null(strstr(p->got, "retry-after"));
		kore_connection_disconnect(&p->conn);
	}
	assert_int_equal(metrics->total.requests[4], i - 2);
	assert_int_equal(metrics->total.requests[5], 2);
}

static void
test_a_busy_server_says_when(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	wire_settings.hsts = "max-age=86400";
	assert_true(wire_refuse(wire_of(p), &ERR_UNAVAILABLE, "Busy"));
	assert_non_null(strstr(p->got, "\r\nretry-after: 1\r\n"));
	assert_null(strstr(p->got, "strict-transport-security"));
	assert_int_equal(metrics->total.requests[5], 1);
}

static void
test_the_log(void **state)
{
	struct peer	*p = connect_peer(5);
	json_t		*event;

	(void)state;
	log_init(LEVEL_INFO, FORMAT_JSON);
	log_capture_begin();
	send_text(p, "GET / HTTP/1.1\r\n" HOST ID "Expect: x\r\n\r\n");
	event = log_capture_event("time:s level:s event:s request_id:s "
	    "status:i message:s client:s");
	assert_string_equal(json_string_value(json_object_get(event,
	    "level")), "info");
	assert_string_equal(json_string_value(json_object_get(event,
	    "event")), "refused");
	assert_string_equal(json_string_value(json_object_get(event,
	    "request_id")), "my-id");
	assert_int_equal(json_integer_value(json_object_get(event,
	    "status")), 417);
	assert_string_equal(json_string_value(json_object_get(event,
	    "client")), "192.0.2.5");
	json_decref(event);

	log_init(LEVEL_WARNING, FORMAT_JSON);
	log_capture_begin();
	send_text(connect_peer(6), "BAD\r\n\r\n");
	assert_string_equal(log_capture_end(), "");
}

/* The response first, then the end of TLS, then of TCP; and then nothing. */
static void
test_the_end_of_a_connection(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	p->deaf = true;
	send_text(p, "BAD\r\n\r\n");
	assert_false(p->notified || p->ended);
	p->deaf = false;
	tell(p);
	assert_true(p->notified && p->ended);
	assert_int_equal(wire_of(p)->phase, WIRE_LINGERING);
	p->closed = true;
	tell(p);
	assert_true(p->gone);
}

/* The client has hung up while its request was handled. */
static void
test_a_response_to_nobody(void **state)
{
	struct peer		*p = connect_peer(0);
	struct http_request	 req = { .owner = &p->conn };

	(void)state;
	send_text(p, "GET / HTTP/1.1\r\n" HOST "\r\n");
	p->reset = true;
	tell(p);
	assert_true(p->gone);
	assert_null(wire_take(&req));
	wire_response_begins(&p->conn);
	wire_response_ends(&p->conn);
	req.owner = NULL;
	assert_null(wire_take(&req));
}

static const struct {
	const char	*text;
	bool		 told;
} expecting[] = {
	{ "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", true },
	{ "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", true },
	{ "Expect: 100-continue\r\nContent-Length: 3\r\n\r\na", false },
	{ "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", false },
	{ "Expect: 100-continue\r\n\r\n", false },
	{ "Content-Length: 3\r\n\r\n", false },
};

static void
test_who_waits_is_told_to_go_on(void **state)
{
	struct peer	*p;
	char		 text[256];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(expecting) / sizeof(expecting[0]); i++) {
		p = connect_peer(0);
		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "%s",
		    expecting[i].text);
		send_text(p, text);
		assert_string_equal(p->got, expecting[i].told ?
		    "HTTP/1.1 100 Continue\r\n\r\n" : "");
		kore_connection_disconnect(&p->conn);
	}
}

#define NOBODY	"This server does not answer for that host"
#define DIFFER	"The Host header and the server name (SNI) of the TLS "	\
		"handshake differ"

static const struct {
	const char	*host, *name;	/* of TLS */
	bool		 known;
	const char	*problem;
} hosts[] = {
	{ "keel.test", NULL, true, NULL },
	{ "keel.test", NULL, false, NOBODY },
	{ "keel.test", "keel.test", false, NOBODY },
	{ "keel.test:443", "keel.test", true, NULL },
	{ "keel.test:443", "KEEL.test", true, NULL },
	{ "keel.test", "keel.tes", true, DIFFER },
	{ "keel.tes", "keel.test", true, DIFFER },
	{ "keel.tes", "keel.test", false, DIFFER },
	{ "[::1]:443", "[::1]", true, NULL },
	{ "[::1]", "[::", true, DIFFER },
};

static void
test_another_host_is_misdirected(void **state)
{
	struct peer	*p;
	char		 name[32], text[128];
	size_t		 i;
	bool		 fine;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		fake.unknown_host = !hosts[i].known;
		fake.handed = 0;
		p = connect_peer(0);
		if (hosts[i].name != NULL) {
			snprintf(name, sizeof(name), "%s", hosts[i].name);
			p->conn.tls_sni = name;
		}
		snprintf(text, sizeof(text),
		    "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i].host);
		send_text(p, text);
		fine = hosts[i].problem == NULL;
		assert_int_equal(fake.handed, fine);
		assert_int_equal(strncmp(p->got, "HTTP/1.1 421 ", 13) == 0,
		    !fine);
		if (!fine)
			assert_non_null(strstr(p->got, hosts[i].problem));
		kore_connection_disconnect(&p->conn);
	}
}

static void
assert_kore_reads(const struct peer *p, const char *want)
{
	assert_int_equal(p->head.b_len, strlen(want));
	assert_int_equal(p->head.s_off, strlen(want));
	assert_int_equal(p->head.m_len, strlen(want));
	assert_memory_equal(p->head.buf, want, strlen(want));
}

/* All that Kore is given to read: the target is never the client's. */
static void
test_what_kore_reads(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, "POST /a?b=c HTTP/1.1\r\nHost: keel.test:8\r\nX: y\r\n"
	    "Content-Length: 1\r\n\r\nz");
	assert_kore_reads(p, "POST /first HTTP/1.1\r\nhost: keel.test\r\n"
	    "content-length: 0\r\n\r\n");
}

/* Kore has found the route of its own target. */
static void
test_the_route_of_the_path(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, "GET /%61?b=c HTTP/1.1\r\n" HOST "\r\n");
	assert_true(has_route(p));
	assert_string_equal(fake.path, "/a");
	answer_peer(p, "1");
	wire_run();
	send_text(p, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
	assert_true(has_route(p));
	assert_string_equal(fake.path, "*");
}

/* The TLS handshake has named a host, or the first domain's is taken. */
static void
test_http_1_0_without_a_host(void **state)
{
	static const struct {
		const char	*sni, *host;	/* NULL: misdirected */
	} rows[] = {
		{ NULL, "first.test" }, { "keel.test", "keel.test" },
		{ "KEEL.test", "KEEL.test" }, { "", NULL }, { "a b", NULL },
		{ "a\r\nb: c", NULL }, { "a:1", NULL }, { "[", NULL },
	};
	struct peer	*p;
	char		 name[32], want[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake.handed = 0;
		p = connect_peer(0);
		if (rows[i].sni != NULL) {
			snprintf(name, sizeof(name), "%s", rows[i].sni);
			p->conn.tls_sni = name;
		}
		send_text(p, "GET / HTTP/1.0\r\n\r\n");
		assert_int_equal(fake.handed, rows[i].host != NULL);
		if (rows[i].host != NULL) {
			snprintf(want, sizeof(want), "GET /first HTTP/1.1\r\n"
			    "host: %s\r\ncontent-length: 0\r\n\r\n",
			    rows[i].host);
			assert_kore_reads(p, want);
		} else
			assert_memory_equal(p->got, "HTTP/1.1 421 ", 13);
		kore_connection_disconnect(&p->conn);
	}
}

/* A name of 255 bytes, the most that TLS has: more than a host may have. */
static void
test_the_longest_name_of_tls(void **state)
{
	struct peer	*p = connect_peer(0);
	char		 name[256];

	(void)state;
	memset(name, 'a', 255);
	name[255] = '\0';
	p->conn.tls_sni = name;
	send_text(p, "GET / HTTP/1.0\r\n\r\n");
	assert_int_equal(fake.handed, 0);
	assert_memory_equal(p->got, "HTTP/1.1 421 ", 13);
	kore_connection_disconnect(&p->conn);

	p = connect_peer(1);
	name[253] = '\0';
	p->conn.tls_sni = name;
	send_text(p, "GET / HTTP/1.0\r\n\r\n");
	assert_int_equal(fake.handed, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_a_refusal),
		WIRE_TEST(test_a_refusal_tells_browsers),
		WIRE_TEST(test_a_refusal_after_the_head),
		WIRE_TEST(test_refusals),
		WIRE_TEST(test_a_busy_server_says_when),
		WIRE_TEST(test_the_log),
		WIRE_TEST(test_the_end_of_a_connection),
		WIRE_TEST(test_a_response_to_nobody),
		WIRE_TEST(test_who_waits_is_told_to_go_on),
		WIRE_TEST(test_another_host_is_misdirected),
		WIRE_TEST(test_what_kore_reads),
		WIRE_TEST(test_the_route_of_the_path),
		WIRE_TEST(test_http_1_0_without_a_host),
		WIRE_TEST(test_the_longest_name_of_tls),
	};

	return (cmocka_run_group_tests_name("wire_refuse", tests, NULL,
	    NULL));
}
