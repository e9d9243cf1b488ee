/* SPDX-License-Identifier: ISC */
/* HTTPS: certificates and TLS contexts. */

#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>

/*
 * With OpenSSL 3, Kore's key manager is never asked to sign. So the parent
 * builds the contexts, before the fork, and the workers ignore the certificates
 * that the key manager sends. The cost: the private key is in the workers'
 * memory, as in most web servers.
 *
 * The parent reads the files again, and gives what has changed to the workers:
 * see tls_renew.h.
 */

/*
 * In the parent, before tls_init(): with `off`, no server has TLS, whatever
 * kore.conf says. Otherwise all but the admin's, which must be there, must have
 * it. Kore runs a key manager only if one has.
 * Returns NULL or an error message.
 */
const char	*tls_choose(bool off);

/*
 * In the parent: loads the certificate chain and its key (PEM files; RSA or EC)
 * into every TLS domain. If they are NULL, uses those of kore.conf and logs a
 * warning. Returns NULL or an error message.
 */
const char	*tls_init(const char *certfile, const char *keyfile);

/* For check-config: a line for each certificate, with the days left. */
void		 tls_print(void);

/* In a worker, from kore_worker_configure(). */
void		 tls_worker_init(void);

#endif
