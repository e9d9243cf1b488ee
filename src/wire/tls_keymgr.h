/* SPDX-License-Identifier: ISC */
/* What Kore's key manager reads. */

#ifndef WIRE_TLS_KEYMGR_H
#define WIRE_TLS_KEYMGR_H

/*
 * In the parent, before the fork: gives the key manager a file that nobody
 * replaces, instead of the certificates and keys. It reads them at its start,
 * whenever a worker has died, and on SIGUSR1, and ends the server when one is
 * missing or not yet whole; nothing that it reads is used. The file is a key
 * made for it, in memory. Returns NULL or an error message.
 */
const char	*tls_keymgr_divert(void);

#endif
