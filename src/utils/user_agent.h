/* SPDX-License-Identifier: ISC */
/* Names the program that a User-Agent header is about. */

#ifndef UTILS_USER_AGENT_H
#define UTILS_USER_AGENT_H

#include <stddef.h>

/* The longest name, its NUL included. */
#define DEVICE_TEXT	64

/*
 * Writes the browser or the program and the system, "Firefox on Windows", as
 * far as they are known, otherwise "an unknown program". All words come from
 * lists in user_agent.c: none is the client's. user_agent may be NULL.
 */
void	user_agent_device(const char *user_agent, char out[static DEVICE_TEXT]);

#endif
