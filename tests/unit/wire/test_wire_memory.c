/* SPDX-License-Identifier: ISC */
/*
 * The memory of requests: what is counted, what happens without any, and that
 * nothing secret is left in it.
 */

/* sources: src/base/log_write.c */
/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_peer.c src/wire/wire_proxy.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/base/stopping.c */
/* sources: src/wire/wire_target.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fakes/wire_fake.h"

#define SECRET	"correct-horse-battery"
#define FORM	"POST / HTTP/1.1\r\n" HOST

/* Replaces base/mem.c. */
static unsigned	fail_at;		/* 0: no allocation fails */
static unsigned	nalloc, nfree, nsecrets, nmuch;

static void *
allocate(size_t len)
{
	if (fail_at > 0 && --fail_at == 0)
		return (NULL);
	nalloc++;
	return (calloc(1, len));
}

void *
mem_alloc(size_t len)
{
	return (allocate(len));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (allocate(n * len));
}

void
mem_free(void *p)
{
	if (p == NULL)
		return;
	nfree++;
	nsecrets += memmem(p, malloc_usable_size(p), SECRET,
	    strlen(SECRET)) != NULL;
	free(p);
}

void
mem_freed_much(void)
{
	nmuch++;
}

static int
setup(void **state)
{
	fail_at = nalloc = nfree = nsecrets = nmuch = 0;
	return (wire_setup(state));
}

static int
teardown(void **state)
{
	assert_int_equal(wire_teardown(state), 0);
	assert_int_equal(nfree, nalloc);
	assert_int_equal(nsecrets, 0);
	return (0);
}

/* The guard's buffer does not hold what is no longer needed. */
static void
assert_nothing_left(struct peer *p)
{
	const struct wire	*w = wire_of(p);

	if (w->in != NULL)
		assert_null(memmem(w->in + w->len, w->size - w->len, SECRET,
		    strlen(SECRET)));
}

/*
 * Requests with a secret, and what becomes of them; the teardown looks at all
 * memory that was freed.
 */
static const struct {
	const char	*text, *more;
	bool		 handled;
	const char	*status;
} requests[] = {
	{ FORM "Content-Length: 23\r\n\r\n{" SECRET "}", NULL, true, NULL },
	{ FORM "Content-Length: 23\r\n\r\n{", SECRET "}", true, NULL },
	{ FORM "Content-Length: 99\r\n\r\n{" SECRET "}", NULL, false, NULL },
	{ FORM "Content-Length: 1048577\r\n\r\n{" SECRET "}", NULL, false,
	    "413" },
	{ FORM "Transfer-Encoding: chunked\r\n\r\n15\r\n" SECRET "\r\n",
	    "0\r\n\r\n", true, NULL },
	{ FORM "Transfer-Encoding: chunked\r\n\r\n15\r\n" SECRET "\r\n",
	    "zz", false, "400" },
	{ FORM "Authorization: Bearer " SECRET "\r\n\r\n", NULL, true, NULL },
	{ FORM "Authorization: Bearer " SECRET "\r\n\r\n" FORM
	    "Authorization: Bearer " SECRET "\r\n", "\r\n", true, NULL },
	{ FORM "Authorization: Bearer " SECRET "\r\n", NULL, false, NULL },
	{ FORM "Authorization: Bearer " SECRET "\r\nX Y: bad\r\n\r\n", NULL,
	    false, "400" },
	{ FORM "Authorization: Bearer " SECRET "\r\nExpect: x\r\n\r\n", NULL,
	    false, "417" },
	{ "POST /?x=" SECRET " HTTP/1.1\r\n" HOST "\r\n", NULL, true, NULL },
	{ "BAD\r\n\r\n" SECRET, SECRET, false, "400" },
};

static void
test_no_secret_is_left(void **state)
{
	struct peer	*p;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		fake.handed = 0;
		p = connect_peer(0);
		send_text(p, requests[i].text);
		assert_nothing_left(p);
		if (requests[i].more != NULL)
			send_text(p, requests[i].more);
		assert_nothing_left(p);
		assert_int_equal(fake.handed > 0, requests[i].handled);
		if (requests[i].status != NULL && (p->ngot < 12 ||
		    memcmp(p->got + 9, requests[i].status, 3) != 0))
			fail_msg("request %zu: %s", i, p->got);
		if (requests[i].handled) {
			answer_peer(p, "ok");
			wire_run();
			assert_nothing_left(p);
		}
		kore_connection_disconnect(&p->conn);
		if (nsecrets > 0)
			fail_msg("request %zu", i);
	}
}

/* As a body grows, it moves: each place that it leaves is wiped. */
static void
test_no_secret_is_left_of_a_body_that_grows(void **state)
{
	struct peer	*p = connect_peer(0);
	unsigned	 i;

	(void)state;
	send_text(p, FORM "Content-Length: 30000\r\n\r\n");
	for (i = 0; i < 1000; i++)
		send_text(p, SECRET);
	assert_nothing_left(p);
	assert_true(nalloc > 6);
	assert_int_equal(nsecrets, 0);
}

/* The same for a head. */
static void
test_no_secret_is_left_of_a_head_that_grows(void **state)
{
	struct peer	*p = connect_peer(0);
	unsigned	 i;

	(void)state;
	send_text(p, FORM);
	for (i = 0; i < 90; i++)
		send_text(p, "X: " SECRET "\r\nY: a value of fifty letters, or "
		    "a few more than that\r\n");
	assert_true(wire_of(p)->size > 4096 || p->ngot > 0);
	assert_int_equal(nsecrets, 0);
}

/* Kore refuses a request: it closes the connection. */
static void
test_a_request_that_kore_refuses(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	fake.kore_refuses = true;
	send_text(p, FORM "Content-Length: 21\r\n\r\n" SECRET);
	assert_true(p->gone);
	assert_int_equal(wire_memory(), 0);
}

/* Each allocation of a request fails in turn: 503, or the connection ends. */
static void
test_without_memory(void **state)
{
	struct peer	*p;
	unsigned	 i, told = 0;

	(void)state;
	for (i = 1; i < 8; i++) {
		fail_at = i;
		p = connect_peer(0);
		if (!p->gone)
			send_text(p, FORM "Content-Length: 3000\r\n\r\nx");
		if (p->gone)
			continue;
		told += strstr(p->got, "HTTP/1.1 503 ") != NULL;
		assert_int_equal(p->ngot > 0, fail_at == 0);
		kore_connection_disconnect(&p->conn);
		assert_int_equal(wire_memory(), 0);
	}
	fail_at = 0;
	assert_true(told >= 3);
}

static void
test_what_is_counted(void **state)
{
	static const char	 head[] = FORM "Content-Length: 999\r\n\r\n";
	static const char	 big[999];
	struct peer		*p = connect_peer(0);
	struct wire_request	*taken;
	size_t			 request;

	(void)state;
	assert_int_equal(wire_memory(), 0);
	send_text(p, "G");
	assert_int_equal(wire_memory(), 2048);
	kore_connection_disconnect(&p->conn);
	assert_int_equal(wire_memory(), 0);

	p = connect_peer(0);
	send_text(p, head);
	request = sizeof(struct wire_request) + strlen(head);
	assert_int_equal(wire_memory(), 2048 + request);
	send_text(p, "x");
	assert_int_equal(wire_memory(), 2048 + request + 1000);
	kore_connection_disconnect(&p->conn);
	assert_int_equal(wire_memory(), 0);

	/* A request that Kore has is counted until it is freed. */
	p = connect_peer(0);
	send_text(p, head);
	send_bytes(p, big, 999);
	assert_int_equal(fake.handed, 1);
	assert_int_equal(wire_memory(), request + 1000);
	kore_connection_disconnect(&p->conn);
	assert_int_equal(wire_memory(), 0);
	p = connect_peer(0);
	send_text(p, head);
	send_bytes(p, big, 999);
	taken = wire_take(&(struct http_request){ .owner = &p->conn });
	kore_connection_disconnect(&p->conn);
	assert_int_equal(wire_memory(), request + 1000);
	wire_request_free(taken);
	assert_int_equal(wire_memory(), 0);
	wire_request_free(NULL);
	assert_int_equal(wire_memory(), 0);
}

/* The response to a client that does not read it holds no request. */
static void
test_a_refusal_holds_nothing(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, FORM "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	assert_true(wire_memory() > 0);
	p->deaf = true;
	send_text(p, "zz");
	assert_int_equal(wire_of(p)->phase, WIRE_SENDING);
	assert_int_equal(wire_memory(), 0);
}

/* A body that is as long as it said takes no more than it needs. */
static void
test_a_body_grows_by_doubling(void **state)
{
	static const size_t	 sizes[] = { 1024, 2048, 4096, 4096 };
	static char		 text[5000];
	struct peer		*p = connect_peer(0);
	const struct wire	*w = wire_of(p);
	size_t			 i;

	(void)state;
	memset(text, 'x', sizeof(text));
	send_text(p, FORM "Content-Length: 5000\r\n\r\n");
	for (i = 0; i < 4; i++) {
		send_bytes(p, text, 1023);
		assert_int_equal(w->request->body_len, (i + 1) * 1023);
		assert_int_equal(w->request->body_size, sizes[i]);
	}
	send_bytes(p, text, 907);
	assert_int_equal(w->request->body_len, 4999);
	assert_int_equal(w->request->body_size, 5001);
	assert_int_equal(w->request->body[4999], '\0');
}

#define MEMORY_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* Sends a request and gets the response. */
static void
ask(struct peer *p)
{
	send_text(p, "GET / HTTP/1.1\r\n" HOST "\r\n");
	answer_peer(p, "ok");
	assert_int_equal(wire_of(p)->phase, WIRE_IDLE);
}

/* Those of OpenSSL: while one request comes after the other. */
static void
test_buffers_are_kept_for_the_next_request(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	assert_false(p->keeps);
	ask(p);
	assert_true(p->keeps);
	wire_tick(fake.now += 999);
	ask(p);
	wire_tick(fake.now += 999);
	assert_true(p->keeps);
	assert_int_equal(p->frees, 0);
	wire_tick(fake.now += 1);
	assert_false(p->keeps);
	assert_int_equal(p->frees, 1);
	wire_tick(fake.now += 5000);
	assert_int_equal(p->frees, 1);
	ask(p);
	assert_true(p->keeps);
}

/* What OpenSSL has read ahead is in the buffer. */
static void
test_a_buffer_that_is_used_is_not_freed(void **state)
{
	struct peer	*p;

	(void)state;
	fake.tls = true;
	p = connect_peer(0);
	ask(p);
	p->ahead = 1;
	wire_tick(fake.now += 1000);
	assert_false(p->keeps);		/* OpenSSL frees it, when it can */
	assert_int_equal(p->frees, 0);
	p->ahead = 0;
}

static void
test_so_many_keep_their_buffers(void **state)
{
	struct peer	*a, *b, *c;

	(void)state;
	fake.tls = true;
	wire_limits.kept = 2;
	ask(a = connect_peer(0));
	ask(b = connect_peer(1));
	ask(c = connect_peer(2));
	assert_true(a->keeps && b->keeps);
	assert_false(c->keeps);
	kore_connection_disconnect(&a->conn);
	ask(c);
	assert_true(c->keeps);
	wire_tick(fake.now += 500);
	ask(c);
	wire_tick(fake.now += 500);
	assert_false(b->keeps);
	send_text(c, "BAD\r\n\r\n");
	assert_int_equal(wire_of(c)->phase, WIRE_LINGERING);
	assert_false(c->keeps);
	ask(b);
	assert_true(b->keeps);
}

/* Then malloc() is asked to give back what they had. */
static void
test_many_connections_close(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 128; i++)
		kore_connection_disconnect(&connect_peer(0)->conn);
	assert_int_equal(nmuch, 2);
}

static void
test_without_tls_there_are_none(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	ask(p);
	assert_false(wire_of(p)->keeps);
	wire_tick(fake.now += 1000);
	assert_int_equal(p->frees, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		MEMORY_TEST(test_no_secret_is_left),
		MEMORY_TEST(test_no_secret_is_left_of_a_body_that_grows),
		MEMORY_TEST(test_no_secret_is_left_of_a_head_that_grows),
		MEMORY_TEST(test_a_request_that_kore_refuses),
		MEMORY_TEST(test_without_memory),
		MEMORY_TEST(test_what_is_counted),
		MEMORY_TEST(test_a_body_grows_by_doubling),
		MEMORY_TEST(test_a_refusal_holds_nothing),
		WIRE_TEST(test_buffers_are_kept_for_the_next_request),
		WIRE_TEST(test_a_buffer_that_is_used_is_not_freed),
		WIRE_TEST(test_so_many_keep_their_buffers),
		MEMORY_TEST(test_many_connections_close),
		WIRE_TEST(test_without_tls_there_are_none),
	};

	return (cmocka_run_group_tests_name("wire_memory", tests, NULL,
	    NULL));
}
