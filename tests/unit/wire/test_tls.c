/* SPDX-License-Identifier: ISC */
/* The TLS contexts, with a client of OpenSSL and no network. */

/* sources: src/base/log_write.c */
/* sources: src/wire/tls.c src/base/log.c src/base/jsonw.c src/base/arena.c */
/* sources: src/wire/wire_settings.c */
/* sources: src/base/mem.c src/base/faults.c tests/unit/fakes/log_fake.c */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <kore/kore.h>

#include "base/log.h"
#include "fakes/log_fake.h"
#include "wire/tls.h"
#include "wire/wire.h"

#define UPDATES	100

struct kore_server_list		 kore_servers;
static char			 names_of_servers[][6] = { "api", "admin" };
static struct kore_server	 server, plain;
static struct kore_domain	 domain, plain_domain;
static char			 folder[] = "/tmp/keel-tls-XXXXXX";
static char			 cert[64], key[64], other_key[64];
static unsigned			 unregistered, hellos;
static int			 names;		/* not yet freed */

const char	*__asan_default_options(void);

/* A context that could not be made is not freed: the start ends. */
const char *
__asan_default_options(void)
{
	return ("detect_leaks=0");
}

/* Kore. */

void
kore_free(void *p)
{
	names -= p != NULL;
	free(p);
}

char *
kore_strdup(const char *s)
{
	return (strdup(s));
}

struct kore_server *
kore_server_lookup(const char *name)
{
	struct kore_server	*srv;

	LIST_FOREACH(srv, &kore_servers, list) {
		if (strcmp(srv->name, name) == 0)
			return (srv);
	}
	return (NULL);
}

/* Like Kore's: keeps the name, and does not free an earlier one. */
int
kore_tls_sni_cb(SSL *ssl, int *alert, void *arg)
{
	struct connection	*c = SSL_get_ex_data(ssl, 0);
	const char		*name;

	(void)alert;
	(void)arg;
	if ((name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) !=
	    NULL) {
		c->tls_sni = strdup(name);
		names++;
	}
	hellos++;
	return (SSL_TLSEXT_ERR_OK);
}

void
kore_tls_info_callback(const SSL *ssl, int where, int value)
{
	(void)ssl;
	(void)where;
	(void)value;
}

void
kore_msg_unregister(u_int8_t id)
{
	unregistered += id == KORE_MSG_CERTIFICATE;
}

/* Certificates. */

static void
write_key(const char *path, EVP_PKEY *pkey)
{
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL,
	    NULL), 1);
	fclose(f);
}

static int
make_certificate(void **state)
{
	EVP_PKEY	*pkey = EVP_EC_gen("P-256");
	EVP_PKEY	*other = EVP_EC_gen("P-256");
	X509		*x = X509_new();
	FILE		*f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	snprintf(other_key, sizeof(other_key), "%s/other.pem", folder);
	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, pkey);
	assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
	assert_non_null(f = fopen(cert, "w"));
	PEM_write_X509(f, x);
	fclose(f);
	write_key(key, pkey);
	write_key(other_key, other);
	X509_free(x);
	EVP_PKEY_free(pkey);
	EVP_PKEY_free(other);
	return (0);
}

static int
remove_certificate(void **state)
{
	(void)state;
	unlink(cert);
	unlink(key);
	unlink(other_key);
	return (rmdir(folder));
}

/* A server with TLS, and the admin listener's without. */
static int
setup(void **state)
{
	(void)state;
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	memset(&domain, 0, sizeof(domain));
	memset(&plain_domain, 0, sizeof(plain_domain));
	LIST_INIT(&kore_servers);
	LIST_INSERT_HEAD(&kore_servers, &server, list);
	LIST_INSERT_HEAD(&kore_servers, &plain, list);
	TAILQ_INIT(&server.domains);
	TAILQ_INSERT_TAIL(&server.domains, &domain, list);
	TAILQ_INIT(&plain.domains);
	TAILQ_INSERT_TAIL(&plain.domains, &plain_domain, list);
	server.tls = 1;
	plain.tls = 0;
	server.name = names_of_servers[0];
	plain.name = names_of_servers[1];
	wire_settings.admin = "admin";
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	assert_null(plain_domain.ssl_ctx);
	SSL_CTX_free(domain.ssl_ctx);
	free(domain.certfile);
	free(domain.certkey);
	return (0);
}

/* Both ends of a connection: what one writes, the other one reads. */
static struct {
	struct connection	 conn;
	SSL_CTX			*ctx;
	SSL			*server, *client;
} pair;

static void
begin_pair(void)
{
	BIO	*to_server = BIO_new(BIO_s_mem()), *to_client;

	to_client = BIO_new(BIO_s_mem());
	assert_null(tls_init(cert, key));
	memset(&pair, 0, sizeof(pair));
	assert_non_null(pair.ctx = SSL_CTX_new(TLS_client_method()));
	assert_non_null(pair.client = SSL_new(pair.ctx));
	assert_non_null(pair.server = SSL_new(domain.ssl_ctx));
	SSL_set_ex_data(pair.server, 0, &pair.conn);
	SSL_set_accept_state(pair.server);
	SSL_set_connect_state(pair.client);
	BIO_up_ref(to_server);
	BIO_up_ref(to_client);
	SSL_set_bio(pair.server, to_server, to_client);
	SSL_set_bio(pair.client, to_client, to_server);
}

static bool
shake_hands(void)
{
	unsigned	 i;
	int		 done = 0;

	for (i = 0; i < 10 && done != 2; i++) {
		done = SSL_do_handshake(pair.client) == 1;
		done += SSL_do_handshake(pair.server) == 1;
	}
	return (done == 2);
}

static void
end_pair(void)
{
	SSL_free(pair.server);
	SSL_free(pair.client);
	SSL_CTX_free(pair.ctx);
	free(pair.conn.tls_sni);
}

/*
 * Each key update is one call of SSL_read(), so that wire_read.c can count
 * them.
 */
static void
test_reading_ends_at_each_key_update(void **state)
{
	char		 byte;
	unsigned	 i;

	(void)state;
	begin_pair();
	assert_true(shake_hands());
	assert_int_equal(SSL_version(pair.server), TLS1_3_VERSION);
	for (i = 0; i < UPDATES; i++) {
		assert_int_equal(SSL_key_update(pair.client,
		    SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(pair.client), 1);
	}
	assert_int_equal(SSL_write(pair.client, "x", 1), 1);
	for (i = 0; SSL_read(pair.server, &byte, 1) != 1; i++)
		assert_int_equal(SSL_get_error(pair.server, -1),
		    SSL_ERROR_WANT_READ);
	assert_int_equal(i, UPDATES);
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
		begin_pair();
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
	begin_pair();
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
	assert_string_equal(domain.certfile, cert);
	assert_string_equal(domain.certkey, key);
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
	assert_fails(cert, other_key, "mismatch");
}

/* Of kore.conf, which a real server should not use. */
static void
test_the_default_certificate_is_told(void **state)
{
	json_t	*event;

	(void)state;
	domain.certfile = cert;
	domain.certkey = key;
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
		TLS_TEST(test_the_key_managers_certificates_are_ignored),
	};

	return (cmocka_run_group_tests_name("tls", tests, make_certificate,
	    remove_certificate));
}
