/* SPDX-License-Identifier: ISC */
/*
 * The commands besides the server: create-admin, migrate,
 * routes and the like.
 */

#ifndef SRC_COMMANDS_H
#define SRC_COMMANDS_H

#include <stdbool.h>

/* Is it to serve? */
bool	commands_serves(void);

/* Is it to run this command? */
bool	commands_is(const char *name);

/*
 * What ./keel asks for besides serving: it runs kore with KEEL_COMMAND set,
 * and the parent runs the command before any worker exists, as manage.py does.
 *
 * Runs the command and exits with its status, or returns when it is to serve.
 * Settings and queries are loaded.
 */
void	commands_run(void);

#endif
