/* SPDX-License-Identifier: ISC */
/* The keys of session tickets: how long a session can be resumed. */

/* sources: src/wire/tls.c src/wire/tls_context.c src/wire/tls_pair.c */
/* sources: src/wire/tls_tickets.c src/wire/wire_settings.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c tests/unit/fakes/log_fake.c */

#include "wire/tls_ends.h"

#include "wire/tls_tickets.h"

static const int	 versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
static SSL_SESSION	*newest;	/* that the client has got */
static uint64_t		 clock_ms;

/* Connects with a session, or NULL. Returns whether it was resumed. */
static bool
connects(int version, SSL_SESSION *session)
{
	bool	 reused;
	char	 byte;

	begin_pair();
	SSL_set_min_proto_version(pair.client, version);
	SSL_set_max_proto_version(pair.client, version);
	if (session != NULL)
		SSL_set_session(pair.client, session);
	assert_true(shake_hands());
	assert_int_equal(SSL_write(pair.server, "x", 1), 1);
	assert_int_equal(SSL_read(pair.client, &byte, 1), 1);
	reused = SSL_session_reused(pair.client) == 1;
	assert_int_equal(SSL_session_reused(pair.server), reused);
	SSL_SESSION_free(newest);
	newest = SSL_get1_session(pair.client);
	SSL_shutdown(pair.client);	/* else it is not resumable */
	end_pair();
	return (reused);
}

/* A session that begins now. */
static SSL_SESSION *
begin_session(int version)
{
	SSL_SESSION	*session;

	assert_false(connects(version, NULL));
	session = newest;
	newest = NULL;
	return (session);
}

/* Has the client got another ticket than that of the session? */
static bool
got_new_ticket(const SSL_SESSION *session)
{
	const unsigned char	*one, *other;
	size_t			 len, other_len;

	SSL_SESSION_get0_ticket(session, &one, &len);
	SSL_SESSION_get0_ticket(newest, &other, &other_len);
	assert_true(len > 0 && other_len > 0);
	return (len != other_len || memcmp(one, other, len) != 0);
}

static void
pass(uint64_t ms)
{
	clock_ms += ms;
	tls_tickets_tick(clock_ms);
}

static int
setup(void **state)
{
	(void)state;
	begin_servers();
	assert_null(tls_init(cert, key));
	clock_ms = 1000;
	tls_tickets_tick(clock_ms);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	SSL_SESSION_free(newest);
	newest = NULL;
	end_servers();
	return (0);
}

/* Three keys decrypt: a session lasts for two hours at least. */
static void
test_a_session_is_resumed_for_two_hours(void **state)
{
	SSL_SESSION	*session;
	unsigned	 i, hours;

	(void)state;
	assert_int_equal(SSL_CTX_get_timeout(domain.ssl_ctx), 7200);
	for (i = 0; i < 2; i++) {
		session = begin_session(versions[i]);
		pass(TLS_TICKETS_MS - 1);
		for (hours = 0; hours < 3; hours++) {
			assert_true(connects(versions[i], session));
			pass(TLS_TICKETS_MS);
		}
		assert_false(connects(versions[i], session));
		SSL_SESSION_free(session);
	}
}

/* With a ticket of the newest key, so that it can be resumed for longer. */
static void
test_a_session_of_an_older_key_gets_a_new_ticket(void **state)
{
	SSL_SESSION	*session;
	unsigned	 i, hours;

	(void)state;
	for (i = 0; i < 2; i++) {
		session = begin_session(versions[i]);
		for (hours = 0; hours < 9; hours++) {
			pass(TLS_TICKETS_MS);
			assert_true(connects(versions[i], session));
			assert_true(got_new_ticket(session));
			SSL_SESSION_free(session);
			session = newest;
			newest = NULL;
		}
		SSL_SESSION_free(session);
	}
}

/* With TLS 1.3 each connection has new tickets anyway. */
static void
test_a_ticket_of_the_newest_key_stays(void **state)
{
	SSL_SESSION	*session = begin_session(TLS1_2_VERSION);

	(void)state;
	assert_true(connects(TLS1_2_VERSION, session));
	assert_false(got_new_ticket(session));
	SSL_SESSION_free(session);
}

/* As of another server, or of this one before a restart. */
static void
test_an_unknown_ticket_is_no_error(void **state)
{
	SSL_SESSION	*session;
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		session = begin_session(versions[i]);
		assert_null(tls_tickets_init());
		assert_false(connects(versions[i], session));
		SSL_SESSION_free(session);
	}
}

#define TICKETS_TEST(fn)						\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static int
make_pair(void **state)
{
	make_folder(state);
	write_pair(EVP_EC_gen("P-256"), 1);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TICKETS_TEST(test_a_session_is_resumed_for_two_hours),
		TICKETS_TEST(test_a_session_of_an_older_key_gets_a_new_ticket),
		TICKETS_TEST(test_a_ticket_of_the_newest_key_stays),
		TICKETS_TEST(test_an_unknown_ticket_is_no_error),
	};

	return (cmocka_run_group_tests_name("tls_tickets", tests, make_pair,
	    remove_folder));
}
