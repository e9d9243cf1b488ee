/* SPDX-License-Identifier: ISC */
/* The orderly end of the server: no request is cut. */

#ifndef SRC_DRAIN_H
#define SRC_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Draining. From its beginning, /readyz gets 503 and each response closes its
 * connection; new connections are still served. This ends when every client
 * that was connected has had such a response, but not before
 * DRAIN_DELAY_SECONDS, and at the latest after half of DRAIN_SECONDS more. Then
 * no connection is accepted, idle ones are closed, and the requests that have
 * begun have the other half.
 *
 * Each worker drains by itself, sends the parent MSG_DRAINED, and waits for
 * Kore's SIGTERM.
 */

#define MSG_DRAINED	(KORE_MSG_APP_BASE + 2)

/* In the parent, before the fork. Returns NULL or an error message. */
const char	*drain_init(void);

/*
 * In the parent, also from a signal handler: begins it. hurried: the first part
 * is left out.
 */
void		 drain_begin(bool hurried);

/*
 * In the parent, also from a signal handler: within how many seconds from the
 * beginning all workers should have reported, and whether they are over.
 */
unsigned	 drain_seconds(void);
bool		 drain_is_late(uint64_t now_ms);

/* In the parent, at its end: logs how many requests were finished or cut. */
void		 drain_log(void);

/* In a worker: at its start, with its id from 0, and at its end. */
void		 drain_worker_init(unsigned id);
void		 drain_worker_end(void);

#endif
