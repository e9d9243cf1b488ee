/* SPDX-License-Identifier: ISC */
/* Certificates that are replaced while the server runs. */

#ifndef WIRE_TLS_RENEW_H
#define WIRE_TLS_RENEW_H

#include <sys/types.h>

/*
 * The parent reads the files again every TLS_LOOK_MS, and after
 * tls_renew_soon(). It compares what is in them, not their times: so links that
 * point elsewhere, renamed files and files written in place are all found. It
 * checks a new pair as a start does, and that it is valid now. A pair that is
 * not good is refused with a line in the log, and the old one goes on.
 *
 * The text of a good one goes to the workers in shared memory. Each makes its
 * own context, at its tick, without opening a file; open connections keep the
 * old one. A worker that starts later inherits the parent's.
 */

#define TLS_LOOK_MS	10000

/*
 * In the parent, after tls_init() and metrics_init(), before the fork. Returns
 * NULL or an error message.
 */
const char	*tls_renew_init(void);

/* From a signal's handler: reads the files at the next tick, and says so. */
void		 tls_renew_soon(void);

/* The parent's timer. now: Kore's time. */
void		 tls_renew_tick(void *, u_int64_t now);

/* In a worker, at its tick: takes what the parent has read. */
void		 tls_renew_take(void);

#endif
