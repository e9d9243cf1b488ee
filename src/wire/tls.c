/* SPDX-License-Identifier: ISC */
/* TLS contexts, built before the fork. */

#include <sys/types.h>

#include <kore/kore.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "product.h"
#include "utils/start_error.h"
#include "wire/tls.h"
#include "wire/wire.h"

/* TLS 1.2: forward secrecy and AEAD only; 1.3 has nothing else. */
#define CIPHERS		"ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS		"X25519:P-256:P-384"
#define SIGNATURES	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:"	\
			"ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:"	\
			"RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

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

static const char *
failed(const char *subject, const char *file)
{
	const char	*reason;

	reason = ERR_reason_error_string(ERR_peek_error());
	ERR_clear_error();
	return (start_error("cannot use %s%s%s: %s", subject,
	    file != NULL ? " " : "", file != NULL ? file : "",
	    reason != NULL ? reason : "unknown error"));
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
	/* A client may send endless key updates: see wire_read.c. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)PRODUCT,
	    sizeof(PRODUCT) - 1);
	SSL_CTX_set_info_callback(ctx, kore_tls_info_callback);
	SSL_CTX_set_tlsext_servername_callback(ctx, keep_one_name);
	SSL_CTX_set_alpn_select_cb(ctx, select_http11, NULL);
}

static const char *
domain_init(struct kore_domain *dom, const char *certfile,
    const char *keyfile)
{
	SSL_CTX	*ctx;

	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		return (failed("TLS", NULL));
	set_policy(ctx);
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) != 1)
		return (failed("the TLS policy", NULL));
	if (SSL_CTX_use_certificate_chain_file(ctx, certfile) != 1)
		return (failed("the certificate", certfile));
	if (SSL_CTX_use_PrivateKey_file(ctx, keyfile, SSL_FILETYPE_PEM) != 1)
		return (failed("the private key", keyfile));
	if (SSL_CTX_check_private_key(ctx) != 1)
		return (failed("the certificate with the private key",
		    keyfile));

	/*
	 * Kore's key manager reads these files too, but never signs. The old
	 * names are not freed: they may be the arguments.
	 */
	dom->certfile = kore_strdup(certfile);
	dom->certkey = kore_strdup(keyfile);
	dom->ssl_ctx = ctx;
	return (NULL);
}

static void
say_default(const struct kore_domain *dom)
{
	log_event(LEVEL_WARNING, NULL, "start", ENV("TLS_CERT") " is not set: "
	    "serving kore.conf's certificate %s", dom->certfile);
}

const char *
tls_choose(bool off)
{
	struct kore_server	*srv;

	LIST_FOREACH(srv, &kore_servers, list) {
		if (off)
			srv->tls = 0;
		else if (!srv->tls && strcmp(srv->name,
		    wire_settings.admin) != 0)
			return (start_error("kore.conf: the server %s has "
			    "`tls no`: write `tls yes`, or set " ENV("TLS")
			    "=off", srv->name));
	}
	return (NULL);
}

const char *
tls_init(const char *certfile, const char *keyfile)
{
	struct kore_server	*srv;
	struct kore_domain	*dom;
	const char		*problem;

	LIST_FOREACH(srv, &kore_servers, list) {
		if (!srv->tls)
			continue;
		TAILQ_FOREACH(dom, &srv->domains, list) {
			if (certfile == NULL)
				say_default(dom);
			problem = domain_init(dom,
			    certfile != NULL ? certfile : dom->certfile,
			    keyfile != NULL ? keyfile : dom->certkey);
			if (problem != NULL)
				return (problem);
		}
	}
	return (NULL);
}

void
tls_worker_init(void)
{
	kore_msg_unregister(KORE_MSG_CERTIFICATE);
}
