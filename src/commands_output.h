/* SPDX-License-Identifier: ISC */
/* The standard output of a command: what could not be written is an error. */

#ifndef SRC_COMMANDS_OUTPUT_H
#define SRC_COMMANDS_OUTPUT_H

/*
 * From now on, remembers why standard output could not be written, and writes
 * nothing after that. Not for the server and the runner, which go on without.
 */
void		 commands_output_begin(void);

/*
 * Writes what is left, and closes standard output. Returns NULL, or an error
 * message if anything was lost.
 */
const char	*commands_output_end(void);

#endif
