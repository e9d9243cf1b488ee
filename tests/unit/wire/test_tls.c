/* SPDX-License-Identifier: ISC */
/* The TLS contexts, with a client of OpenSSL and no network. */

/* sources: src/wire/tls.c src/wire/tls_context.c src/wire/tls_pair.c */
/* sources: src/wire/tls_tickets.c src/wire/wire_settings.c */
/* sources: src/base/log.c src/base/log_write.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: tests/unit/fakes/log_fake.c */

#include "wire/tls_ends.h"

#define UPDATES	100

static char	 other_key[64];

const char	*__asan_default_options(void);

/* A context that could not be made is not freed: the start ends. */
const char *
__asan_default_options(void)
{
	return ("detect_leaks=0");
}

static int
make_certificate(void **state)
{
	EVP_PKEY	*other = EVP_EC_gen("P-256");

	make_folder(state);
	snprintf(other_key, sizeof(other_key), "%s/other.pem", folder);
	write_pair(EVP_EC_gen("P-256"), 1);
	write_key(other_key, other);
	EVP_PKEY_free(other);
	return (0);
}

static int
remove_certificate(void **state)
{
	unlink(other_key);
	return (remove_folder(state));
}

static int
setup(void **state)
{
	(void)state;
	begin_servers();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	end_servers();
	return (0);
}

static void
begin_served(void)
{
	assert_null(tls_init(cert, key));
	begin_pair();
}

/* Sends key updates and a byte; returns how many reads do not get the byte. */
static unsigned
read_after_updates(unsigned updates)
{
	char		 byte = 0;
	unsigned	 i;

	for (i = 0; i < updates; i++) {
		assert_int_equal(SSL_key_update(pair.client,
		    SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(pair.client), 1);
	}
	assert_int_equal(SSL_write(pair.client, "x", 1), 1);
	for (i = 0; SSL_read(pair.server, &byte, 1) != 1; i++)
		assert_int_equal(SSL_get_error(pair.server, -1),
		    SSL_ERROR_WANT_READ);
	assert_int_equal(byte, 'x');
	return (i);
}

/*
 * After the first buffer, each key update is one call of SSL_read(), so that
 * wire_read.c can count them.
 */
static void
test_reading_ends_at_each_key_update(void **state)
{
	(void)state;
	begin_served();
	assert_true(shake_hands());
	assert_int_equal(SSL_version(pair.server), TLS1_3_VERSION);
	assert_int_equal(SSL_get_read_ahead(pair.server), 1);
	assert_int_equal(read_after_updates(0), 0);
	assert_int_equal(SSL_get_read_ahead(pair.server), 1);
	assert_true(read_after_updates(UPDATES) < UPDATES);
	assert_int_equal(SSL_get_read_ahead(pair.server), 0);
	assert_int_equal(read_after_updates(UPDATES), UPDATES);
	end_pair();
}

static const struct {
	const char	*offered;	/* each with its length */
	size_t		 len;
	bool		 chosen;
} protocols[] = {
	{ "\x02h2\x08http/1.1", 12, true },
	{ "\x08http/1.1", 9, true },
	{ "\x02h2", 3, false },
	{ "\x08http/1.0", 9, false },
};

static void
test_the_protocol_is_http_1_1(void **state)
{
	const unsigned char	*name;
	unsigned		 len;
	size_t			 i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		begin_served();
		assert_int_equal(SSL_set_alpn_protos(pair.client,
		    (const unsigned char *)protocols[i].offered,
		    (unsigned)protocols[i].len), 0);
		assert_true(shake_hands());
		SSL_get0_alpn_selected(pair.client, &name, &len);
		assert_int_equal(len, protocols[i].chosen ? 8 : 0);
		if (len > 0)
			assert_memory_equal(name, "http/1.1", 8);
		end_pair();
		teardown(state);
		setup(state);
	}
}

static void
test_a_second_hello_frees_the_first_name(void **state)
{
	(void)state;
	begin_served();
	assert_int_equal(SSL_set1_groups_list(pair.client, "X448:X25519"), 1);
	assert_int_equal(SSL_set_tlsext_host_name(pair.client, "keel.test"),
	    1);
	names = 0;
	hellos = 0;
	assert_true(shake_hands());
	assert_int_equal(hellos, 2);
	assert_int_equal(names, 1);
	assert_string_equal(pair.conn.tls_sni, "keel.test");
	end_pair();
}

static void
test_the_policy(void **state)
{
	uint64_t	 options = SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_CLEANSE_PLAINTEXT |
			    SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA |
			    SSL_OP_CIPHER_SERVER_PREFERENCE;
	long		 modes = SSL_MODE_ENABLE_PARTIAL_WRITE |
			    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			    SSL_MODE_RELEASE_BUFFERS;

	(void)state;
	assert_null(tls_init(cert, key));
	assert_int_equal(SSL_CTX_get_min_proto_version(domain.ssl_ctx),
	    TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_get_options(domain.ssl_ctx) & options,
	    options);
	assert_int_equal(SSL_CTX_get_mode(domain.ssl_ctx) &
	    (modes | SSL_MODE_AUTO_RETRY), modes);
	assert_ptr_equal(SSL_CTX_get_info_callback(domain.ssl_ctx),
	    kore_tls_info_callback);
}

static const char	*nonsense = "/dev/null";

static void
assert_fails(const char *certfile, const char *keyfile, const char *phrase)
{
	const char	*what = tls_init(certfile, keyfile);

	assert_non_null(what);
	if (strstr(what, phrase) == NULL)
		fail_msg("%s", what);
	assert_null(domain.ssl_ctx);
}

static void
test_files_that_cannot_be_used(void **state)
{
	(void)state;
	assert_fails(nonsense, key, "the certificate /dev/null: ");
	assert_fails(cert, nonsense, "the private key /dev/null: ");
	/* The next one's reason is its own. */
	assert_fails(cert, other_key, "private key");
	assert_fails(cert, other_key, "does not belong");
	write_pair(EVP_EC_gen("secp256k1"), 2);
	assert_fails(cert, key, "no client could connect: ");
	write_pair(EVP_EC_gen("P-256"), 1);
}

/* Of kore.conf, which a real server should not use. */
static void
test_the_default_certificate_is_told(void **state)
{
	json_t	*event;

	(void)state;
	domain.certfile = strdup(cert);
	domain.certkey = strdup(key);
	log_init(LEVEL_WARNING, FORMAT_JSON);
	log_capture_begin();
	assert_null(tls_init(NULL, NULL));
	event = log_capture_event("time:s level:s event:s message:s");
	assert_string_equal(json_string_value(json_object_get(event,
	    "level")), "warning");
	assert_non_null(strstr(json_string_value(json_object_get(event,
	    "message")), cert));
	json_decref(event);
}

/* KEEL_TLS decides, whatever kore.conf says. */
static void
test_tls_is_chosen(void **state)
{
	const char	*problem;

	(void)state;
	assert_null(tls_choose(false));
	assert_int_equal(server.tls, 1);
	server.tls = 0;
	problem = tls_choose(false);
	assert_string_equal(problem, "kore.conf: the server api has `tls no`: "
	    "write `tls yes`, or set KEEL_TLS=off");
	assert_null(tls_choose(true));
	server.tls = 1;
	plain.tls = 1;
	assert_null(tls_choose(true));
	assert_int_equal(server.tls, 0);
	assert_int_equal(plain.tls, 0);
	plain.tls = 0;
	wire_settings.admin = "other";
	assert_string_equal(tls_choose(true), "kore.conf has no server other");
	assert_null(tls_init(NULL, NULL));
	assert_null(domain.ssl_ctx);
}

/* Our contexts do not ask for it, so it would let everybody in. */
static void
test_client_verify_is_refused(void **state)
{
	(void)state;
	domain.domain = names_of_servers[0];
	domain.cafile = cert;
	assert_string_equal(tls_init(cert, key), "kore.conf: the domain api "
	    "has client_verify, which keel does not do");
	assert_null(domain.ssl_ctx);
}

/* Two domains with the same files are one pair. */
static void
test_check_config_prints_the_days_left(void **state)
{
	struct kore_domain	 second = { 0 };
	const char		*text;
	char			 want[128];

	(void)state;
	TAILQ_INSERT_TAIL(&server.domains, &second, list);
	assert_null(tls_init(cert, key));
	assert_ptr_equal(second.ssl_ctx, domain.ssl_ctx);
	log_capture_begin();
	tls_print();
	fflush(stdout);
	text = log_capture_end();
	snprintf(want, sizeof(want), "%-28s %s: 30 days left, until ",
	    "certificate", cert);
	assert_memory_equal(text, want, strlen(want));
	assert_string_equal(strchr(text, '\n'), "\n");
	assert_non_null(strstr(text, " GMT\n"));
	TAILQ_REMOVE(&server.domains, &second, list);
	SSL_CTX_free(second.ssl_ctx);
}

static void
test_the_key_managers_certificates_are_ignored(void **state)
{
	(void)state;
	tls_worker_init();
	assert_int_equal(unregistered, 1);
}

#define TLS_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TLS_TEST(test_reading_ends_at_each_key_update),
		TLS_TEST(test_the_protocol_is_http_1_1),
		TLS_TEST(test_a_second_hello_frees_the_first_name),
		TLS_TEST(test_the_policy),
		TLS_TEST(test_files_that_cannot_be_used),
		TLS_TEST(test_the_default_certificate_is_told),
		TLS_TEST(test_tls_is_chosen),
		TLS_TEST(test_client_verify_is_refused),
		TLS_TEST(test_check_config_prints_the_days_left),
		TLS_TEST(test_the_key_managers_certificates_are_ignored),
	};

	return (cmocka_run_group_tests_name("tls", tests, make_certificate,
	    remove_certificate));
}
