/* SPDX-License-Identifier: ISC */
/* HTTPS: certificates and TLS contexts. */

#ifndef WIRE_TLS_H
#define WIRE_TLS_H

/*
 * HTTPS with stock Kore on OpenSSL 3. Kore's key manager never gets to sign
 * there, so the parent builds the contexts itself, before the fork, and the
 * workers ignore the certificates the key manager sends. The price: the
 * private key is in the workers' memory, as in most web servers.
 */

/*
 * In the parent: loads the certificate chain and its key (PEM files; RSA or
 * EC) into every TLS domain. Where they are NULL, kore.conf's are taken, which
 * is said in the log. Returns NULL, or a line saying what is wrong.
 */
const char	*tls_init(const char *certfile, const char *keyfile);

/* In a worker, from kore_worker_configure(). */
void		 tls_worker_init(void);

#endif
