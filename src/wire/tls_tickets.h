/* SPDX-License-Identifier: ISC */
/* The keys of session tickets: shared by all workers, and replaced. */

#ifndef WIRE_TLS_TICKETS_H
#define WIRE_TLS_TICKETS_H

#include <stdint.h>

#include <openssl/ssl.h>

#define TLS_TICKETS_MS	UINT64_C(3600000)	/* then comes a new key */

/*
 * In the parent, before the fork: shared memory and the first key. Returns NULL
 * or an error message.
 */
const char	*tls_tickets_init(void);

/* Makes a context use the keys. */
void		 tls_tickets_use(SSL_CTX *);

/* In the parent, now and then: makes a new key each hour. now: Kore's time. */
void		 tls_tickets_tick(uint64_t now);

#endif
