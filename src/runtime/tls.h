/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_RUNTIME_TLS_H
#define KEEL_RUNTIME_TLS_H

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
