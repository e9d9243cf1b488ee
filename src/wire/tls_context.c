/* SPDX-License-Identifier: ISC */
/* Makes TLS contexts, and tries them. */

#include <sys/types.h>

#include <kore/kore.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdbool.h>
#include <string.h>

#include "product.h"
#include "utils/start_error.h"
#include "wire/tls_context.h"
#include "wire/tls_tickets.h"

/* TLS 1.2: forward secrecy and AEAD only; 1.3 has nothing else. */
#define CIPHERS		"ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS		"X25519:P-256:P-384"
#define SIGNATURES	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:"	\
			"ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:"	\
			"RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

#define STEPS_MAX	10	/* of a handshake in memory */

static int
select_http11(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	static const unsigned char	 offer[] = "\x08http/1.1";
	unsigned char			*chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, outlen, offer, sizeof(offer) - 1,
	    in, inlen) != OPENSSL_NPN_NEGOTIATED)
		return (SSL_TLSEXT_ERR_NOACK);
	*out = chosen;
	return (SSL_TLSEXT_ERR_OK);
}

/*
 * Kore stores the server name of each ClientHello and frees only the last one.
 * A client that gets a HelloRetryRequest sends two, so free the first.
 */
static int
keep_one_name(SSL *ssl, int *alert, void *arg)
{
	struct connection	*c = SSL_get_ex_data(ssl, 0);

	kore_free(c->tls_sni);
	c->tls_sni = NULL;
	return (kore_tls_sni_cb(ssl, alert, arg));
}

/*
 * A client may send endless key updates, and SSL_read() returns after one only
 * if it has read no further. So a client that sends one is read record by
 * record from then on, and wire_read.c counts them. At most one buffer of them,
 * 16 KiB, was read before. Clients send one in a lifetime.
 */
static void
note_message(int sent, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	(void)version;
	(void)arg;
	if (sent == 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
	    *(const unsigned char *)data == SSL3_MT_KEY_UPDATE)
		SSL_set_read_ahead(ssl, 0);
}

static void
set_policy(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* Kore writes no more at once; the buffer has the size of a record. */
	SSL_CTX_set_max_send_fragment(ctx, NETBUF_SEND_PAYLOAD_MAX);
	/* A record, its head too, in one read. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_msg_callback(ctx, note_message);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)PRODUCT,
	    sizeof(PRODUCT) - 1);
	SSL_CTX_set_info_callback(ctx, kore_tls_info_callback);
	SSL_CTX_set_tlsext_servername_callback(ctx, keep_one_name);
	SSL_CTX_set_alpn_select_cb(ctx, select_http11, NULL);
	tls_tickets_use(ctx);
}

SSL_CTX *
tls_context_new(const struct tls_files *files, const struct tls_pair *p,
    const char **problem)
{
	SSL_CTX	*ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		*problem = start_error("cannot use TLS: %s", tls_reason());
		return (NULL);
	}
	set_policy(ctx);
	*problem = NULL;
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) != 1)
		*problem = start_error("cannot use the TLS policy: %s",
		    tls_reason());
	else if (SSL_CTX_use_cert_and_key(ctx, p->leaf, p->key, p->chain,
	    1) != 1)
		*problem = start_error("cannot use the certificate %s: %s",
		    files->cert, tls_reason());
	if (*problem == NULL)
		return (ctx);
	SSL_CTX_free(ctx);
	return (NULL);
}

/* What one end writes, the other one reads. */
static bool
connect_ends(SSL *server, SSL *client)
{
	BIO	*to_server = BIO_new(BIO_s_mem());
	BIO	*to_client = BIO_new(BIO_s_mem());

	if (to_server == NULL || to_client == NULL) {
		BIO_free(to_server);
		BIO_free(to_client);
		return (false);
	}
	BIO_up_ref(to_server);
	BIO_up_ref(to_client);
	SSL_set_bio(server, to_server, to_client);
	SSL_set_bio(client, to_client, to_server);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	return (true);
}

static bool
shake_hands(SSL *server, SSL *client)
{
	unsigned	 i;
	int		 done = 0;

	for (i = 0; i < STEPS_MAX && done != 2; i++) {
		done = SSL_do_handshake(client) == 1;
		done += SSL_do_handshake(server) == 1;
	}
	return (done == 2);
}

/* The callbacks above need Kore's connection; a client without SNI, no more. */
static bool
can_serve(SSL_CTX *ctx, SSL_CTX *clients)
{
	struct connection	 c;
	SSL			*server = SSL_new(ctx);
	SSL			*client = SSL_new(clients);
	bool			 served;

	memset(&c, 0, sizeof(c));
	served = server != NULL && client != NULL &&
	    SSL_set_ex_data(server, 0, &c) == 1 &&
	    connect_ends(server, client) && shake_hands(server, client);
	SSL_free(server);
	SSL_free(client);
	return (served);
}

const char *
tls_context_try(const struct tls_files *files, SSL_CTX *ctx)
{
	SSL_CTX		*clients = SSL_CTX_new(TLS_client_method());
	const char	*reason;
	bool		 served;

	ERR_clear_error();
	served = clients != NULL && can_serve(ctx, clients);
	SSL_CTX_free(clients);
	reason = tls_reason();
	return (served ? NULL : start_error("cannot use the certificate %s: "
	    "no client could connect: %s", files->cert, reason));
}
