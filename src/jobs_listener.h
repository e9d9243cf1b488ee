/* SPDX-License-Identifier: ISC */
/* The runner's own port for operators: health and metrics. */

#ifndef SRC_JOBS_LISTENER_H
#define SRC_JOBS_LISTENER_H

/*
 * Before the event loop is set up: listens on 127.0.0.1, port config's
 * jobs_admin_port, for the routes of kore.conf's server runner. Does nothing
 * without that setting. Returns NULL, or an error message.
 */
const char	*jobs_listener_init(void);

/* When the event loop is set up: accepts connections. */
void		 jobs_listener_begin(void);

/* After every wait of the event loop: handles requests. */
void		 jobs_listener_run(void);

#endif
