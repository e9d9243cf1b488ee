/* SPDX-License-Identifier: ISC */
/* The command that prints the statements of sql/queries. */

#ifndef SRC_COMMANDS_QUERIES_H
#define SRC_COMMANDS_QUERIES_H

/*
 * Prints every statement as PostgreSQL gets it, as a PREPARE for psql. With
 * KEEL_QUERY, only the statement of that name, those of the list, or those of
 * the file.
 */
void	command_queries(void);

#endif
