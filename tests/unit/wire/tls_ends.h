/* SPDX-License-Identifier: ISC */
/* Both ends of a TLS connection, without a network. */

#ifndef TESTS_WIRE_TLS_ENDS_H
#define TESTS_WIRE_TLS_ENDS_H

#include "wire/tls_fixture.h"

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

#endif
