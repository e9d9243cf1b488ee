/* SPDX-License-Identifier: ISC */
/* The TLS policy: what a connection may use, as an SSL_CTX. */

#ifndef WIRE_TLS_CONTEXT_H
#define WIRE_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "wire/tls_pair.h"

/*
 * Makes a context that serves the pair. Opens no file. Returns NULL, with an
 * error message, if it cannot.
 */
SSL_CTX		*tls_context_new(const struct tls_files *,
		    const struct tls_pair *, const char **problem);

/*
 * Does a handshake with it, in memory: OpenSSL accepts keys that the policy
 * cannot use, such as those of other curves. Returns NULL or an error message.
 */
const char	*tls_context_try(const struct tls_files *, SSL_CTX *);

#endif
