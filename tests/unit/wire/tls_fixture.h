/* SPDX-License-Identifier: ISC */
/*
 * For the tests of TLS: Kore's servers and domains, and certificates.
 * tls_ends.h has connections.
 */

#ifndef TESTS_WIRE_TLS_FIXTURE_H
#define TESTS_WIRE_TLS_FIXTURE_H

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
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
#include "wire/tls_renew.h"
#include "wire/tls_served.h"
#include "wire/wire.h"

#define DAY_S	86400L

struct kore_server_list		 kore_servers;
static char			 names_of_servers[][6] = { "api", "admin" };
static struct kore_server	 server, plain;
static struct kore_domain	 domain, plain_domain;
static char			 folder[] = "/tmp/keel-tls-XXXXXX";
static char			 cert[64], key[64];
static unsigned			 unregistered, hellos;
static int			 names;		/* not yet freed */

/* Kore. */

void
kore_free(void *p)
{
	names -= p != NULL;
	free(p);
}

void *
kore_calloc(size_t n, size_t size)
{
	return (calloc(n, size));
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
	(void)where;
	(void)value;
	assert_non_null(SSL_get_app_data(ssl));		/* Kore would end */
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

static X509 *
make_x509(EVP_PKEY *pkey, long serial, long begins, long expires)
{
	X509		*x = X509_new();
	const EVP_MD	*digest = EVP_sha256();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), begins);
	X509_gmtime_adj(X509_getm_notAfter(x), expires);
	X509_set_pubkey(x, pkey);
	if (EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_is_a(pkey, "ED448"))
		digest = NULL;
	assert_true(X509_sign(x, pkey, digest) > 0);
	return (x);
}

/* Valid since that second from now, and until that other one. */
static void
write_dated(EVP_PKEY *pkey, long serial, long begins, long expires)
{
	X509	*x = make_x509(pkey, serial, begins, expires);
	FILE	*f = fopen(cert, "w");

	assert_non_null(f);
	PEM_write_X509(f, x);
	fclose(f);
	X509_free(x);
	write_key(key, pkey);
}

/* A good pair, 30.5 days. Takes the key. */
static void
write_pair(EVP_PKEY *pkey, long serial)
{
	write_dated(pkey, serial, -DAY_S, 61 * DAY_S / 2);
	EVP_PKEY_free(pkey);
}

static int
make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	return (0);
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(cert);
	unlink(key);
	return (rmdir(folder));
}

/* A server with TLS, and the admin listener's without. */
static void
begin_servers(void)
{
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
}

static void
end_servers(void)
{
	struct kore_server	*srv;
	struct kore_domain	*dom;
	struct tls_served	*s;

	assert_null(plain_domain.ssl_ctx);
	LIST_FOREACH(srv, &kore_servers, list) {
		TAILQ_FOREACH(dom, &srv->domains, list) {
			SSL_CTX_free(dom->ssl_ctx);
			free(dom->certfile);
			free(dom->certkey);
		}
	}
	while ((s = tls_served) != NULL) {
		tls_served = s->next;
		SSL_CTX_free(s->ctx);
		free((void *)(uintptr_t)s->files.cert);
		free((void *)(uintptr_t)s->files.key);
		free(s);
	}
}

#endif
