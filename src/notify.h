/* SPDX-License-Identifier: ISC */
/* Tells the service manager how the server is doing: sd_notify(3). */

#ifndef SRC_NOTIFY_H
#define SRC_NOTIFY_H

/*
 * Sends the text, like "READY=1", to the socket that NOTIFY_SOCKET names, if
 * there is one. Never waits; what cannot be sent is dropped.
 */
void	notify(const char *state);

#endif
