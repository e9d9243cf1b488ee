/* SPDX-License-Identifier: ISC */
/* How much of a connection is read before the next one's turn. */

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
/* sources: src/base/arena.c */

#include <stdio.h>

#include "fakes/wire_fake.h"

#define TURN		65536
#define RECORDS		(65536 / 256)
#define DISCARDED	1048576

static const char	head[] = "POST / HTTP/1.1\r\n" HOST
			    "Content-Length: 1000000\r\n\r\n";
static const char	get[] = "GET / HTTP/1.1\r\n" HOST "\r\n";

/* A client that sends faster than the server reads. */
static struct peer *
send_endlessly(unsigned n)
{
	struct peer	*p = connect_peer(n);

	send_text(p, head);
	p->endless = true;
	p->bytes = 0;
	p->sent = "x";
	p->len = 1;
	return (p);
}

static void
test_a_turn_is_64_kib(void **state)
{
	struct peer	*p = send_endlessly(0);

	(void)state;
	tell(p);
	assert_int_equal(p->bytes, TURN);
	assert_int_equal(wire_count_ready(), 1);
	assert_true(fake.rounds > 0);
	wire_run();
	assert_int_equal(p->bytes, 2 * TURN);
	assert_int_equal(wire_count_ready(), 1);
}

/* A round is one turn each, also for those that come back in it. */
static void
test_clients_take_turns(void **state)
{
	struct peer	*a = send_endlessly(0), *b = send_endlessly(1);
	unsigned	 round;

	(void)state;
	tell(a);
	tell(b);
	for (round = 2; round < 6; round++) {
		wire_run();
		assert_int_equal(a->bytes, round * TURN);
		assert_int_equal(b->bytes, round * TURN);
	}
}

/* Whoever is on the list already keeps its place there. */
static void
test_an_event_does_not_add_a_turn(void **state)
{
	struct peer	*p = send_endlessly(0);

	(void)state;
	tell(p);
	tell(p);
	assert_int_equal(wire_count_ready(), 1);
	assert_int_equal(p->bytes, 2 * TURN);
	wire_run();
	assert_int_equal(p->bytes, 3 * TURN);
}

static void
test_who_has_sent_less_waits_for_an_event(void **state)
{
	struct peer	*p = connect_peer(0);
	unsigned	 reads;

	(void)state;
	fake.rounds = 0;
	send_text(p, "GET / HT");
	assert_int_equal(wire_count_ready(), 0);
	assert_int_equal(fake.rounds, 0);
	assert_false(wire_of(p)->readable);
	reads = p->reads;
	wire_run();
	assert_int_equal(p->reads, reads);
	send_text(p, "TP/1.1\r\n" HOST "\r\n");
	assert_int_equal(fake.handed, 1);
}

static void
test_a_signal_ends_no_reading(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	p->interrupted = true;
	send_text(p, get);
	assert_int_equal(fake.handed, 1);
}

/* Key updates, for example: each is a decryption, and no byte. */
static void
test_a_turn_is_256_records_without_data(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	p->reads = 0;
	p->updates = 1000 * RECORDS;
	tell(p);
	assert_int_equal(p->reads, RECORDS);
	assert_int_equal(wire_count_ready(), 1);
	wire_run();
	assert_int_equal(p->reads, 2 * RECORDS);
	assert_int_equal(wire_count_ready(), 1);
}

static void
test_a_request_after_such_records_is_read(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	p->updates = 10;
	send_text(p, get);
	assert_int_equal(fake.handed, 1);
	answer_peer(p, "");
	wire_run();
	assert_int_equal(p->updates, 0);
	assert_false(wire_of(p)->readable);
	assert_int_equal(wire_count_ready(), 0);
}

/* A read that has brought less than asked for is the last one. */
static void
test_the_kernel_is_asked_once(void **state)
{
	struct peer	*p;
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		fake.tls = i == 1;
		p = connect_peer(i);
		p->reads = p->asked = 0;
		send_text(p, get);
		assert_int_equal(fake.handed, i + 1);
		assert_false(wire_of(p)->readable);
		answer_peer(p, "");
		wire_run();
		assert_int_equal(p->reads, 1);
		assert_int_equal(p->asked, i);
		assert_int_equal(wire_count_ready(), 0);
	}
}

/* What OpenSSL has read, no event will tell. */
static void
test_what_was_read_ahead_is_read(void **state)
{
	char		 sent[8 * sizeof(get)] = "";
	struct peer	*p;
	unsigned	 i;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	for (i = 0; i < 8; i++)
		strcat(sent, get);
	p->piece = sizeof(get) - 1;	/* of each record */
	p->asked = 0;
	send_text(p, sent);
	for (i = 1; i <= 8; i++) {
		assert_int_equal(fake.handed, i);
		assert_int_equal(wire_of(p)->readable, i < 8);
		answer_peer(p, "");
		wire_run();
	}
	assert_int_equal(p->asked, 1);
	assert_int_equal(wire_count_ready(), 0);
}

/* The first two are read at once; an event tells of the third one meanwhile. */
static void
test_an_event_while_a_request_is_handled(void **state)
{
	size_t		 one = sizeof(get) - 1;
	char		 sent[3 * sizeof(get)];
	struct peer	*p;
	unsigned	 i;

	(void)state;
	snprintf(sent, sizeof(sent), "%s%s%s", get, get, get);
	fake.tls = true;
	p = connect_peer(0);
	p->piece = one;		/* of each record */
	send_bytes(p, sent, 2 * one);
	p->len += one;
	tell(p);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(fake.handed, i);
		answer_peer(p, "");
		wire_run();
	}
	assert_false(wire_of(p)->readable);
	assert_int_equal(wire_count_ready(), 0);
}

/* Half a record waits for an event, like half a request: nobody asks again. */
static void
test_half_a_record_is_waited_for(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	p->cut = true;
	send_text(p, get);
	assert_false(wire_of(p)->readable);
	assert_int_equal(wire_count_ready(), 0);
	p->cut = false;
	tell(p);
	assert_int_equal(fake.handed, 1);
}

static void
test_the_end_of_tls_ends_the_connection(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	p->closed = true;
	tell(p);
	assert_true(p->gone);
	p = connect_peer(1);
	p->reset = true;
	tell(p);
	assert_true(p->gone);
}

/* TCP then makes the client wait. */
static void
test_nothing_is_read_while_a_request_is_handled(void **state)
{
	struct peer	*p = connect_peer(0);
	unsigned	 reads;

	(void)state;
	send_text(p, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx");
	assert_int_equal(fake.handed, 1);
	p->endless = true;
	p->sent = "x";
	p->len = 1;
	reads = p->reads;
	tell(p);
	tell(p);
	wire_run();
	assert_int_equal(p->reads, reads);
	assert_int_equal(wire_memory(), wire_of(p)->request->counted);
}

/* Nor while the response is being sent. */
static void
test_pipelined_requests_wait_for_each_other(void **state)
{
	struct peer	*p = connect_peer(0);
	unsigned	 reads;

	(void)state;
	send_text(p, "GET / HTTP/1.1\r\n" HOST "\r\n"
	    "GET / HTTP/1.1\r\n" HOST "\r\nGET / HT");
	assert_int_equal(fake.handed, 1);
	p->deaf = true;
	answer_peer(p, "1");
	wire_run();
	assert_int_equal(wire_of(p)->phase, WIRE_SENDING);
	reads = p->reads;
	tell(p);
	assert_int_equal(p->reads, reads);
	p->deaf = false;
	tell(p);
	assert_int_equal(fake.handed, 2);
	answer_peer(p, "2");
	/* Kore is still ending the second one. */
	assert_int_equal(wire_of(p)->phase, WIRE_IDLE);
	assert_int_equal(wire_count_ready(), 1);
	wire_run();
	assert_int_equal(fake.handed, 2);
	assert_int_equal(wire_of(p)->phase, WIRE_HEAD);
	send_text(p, "TP/1.1\r\n" HOST "\r\n");
	assert_int_equal(fake.handed, 3);
	assert_string_equal(p->got, "12");
}

/* What came along with it is dropped, too. */
static void
test_nothing_is_kept_after_the_last_response(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
	    "GET / HT");
	answer_peer(p, "1");
	assert_int_equal(wire_of(p)->phase, WIRE_LINGERING);
	assert_int_equal(wire_memory(), 0);
}

/* What comes after a refusal is dropped, a mebibyte in a turn. */
static void
test_a_turn_of_discarding(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	p->piece = 65536;
	send_text(p, "BAD\r\n\r\n");
	assert_int_equal(wire_of(p)->phase, WIRE_LINGERING);
	assert_int_equal(wire_count_ready(), 0);
	p->bytes = 0;
	p->endless = true;
	tell(p);
	assert_int_equal(p->bytes, DISCARDED);
	assert_int_equal(wire_count_ready(), 1);
	assert_int_equal(wire_memory(), 0);
	p->endless = false;
	p->bytes = 0;
	p->len = 1;
	p->interrupted = true;
	wire_run();
	assert_int_equal(p->bytes, 1);
	assert_false(wire_of(p)->readable);
	assert_int_equal(wire_count_ready(), 0);
	p->closed = true;
	tell(p);
	assert_true(p->gone);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WIRE_TEST(test_a_turn_is_64_kib),
		WIRE_TEST(test_clients_take_turns),
		WIRE_TEST(test_an_event_does_not_add_a_turn),
		WIRE_TEST(test_who_has_sent_less_waits_for_an_event),
		WIRE_TEST(test_a_signal_ends_no_reading),
		WIRE_TEST(test_a_turn_is_256_records_without_data),
		WIRE_TEST(test_a_request_after_such_records_is_read),
		WIRE_TEST(test_the_kernel_is_asked_once),
		WIRE_TEST(test_what_was_read_ahead_is_read),
		WIRE_TEST(test_an_event_while_a_request_is_handled),
		WIRE_TEST(test_half_a_record_is_waited_for),
		WIRE_TEST(test_the_end_of_tls_ends_the_connection),
		WIRE_TEST(test_nothing_is_read_while_a_request_is_handled),
		WIRE_TEST(test_pipelined_requests_wait_for_each_other),
		WIRE_TEST(test_nothing_is_kept_after_the_last_response),
		WIRE_TEST(test_a_turn_of_discarding),
	};

	return (cmocka_run_group_tests_name("wire_turns", tests, NULL, NULL));
}
