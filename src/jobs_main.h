/* SPDX-License-Identifier: ISC */
/* The process of the command jobs. */

#ifndef SRC_JOBS_MAIN_H
#define SRC_JOBS_MAIN_H

/*
 * Runs jobs until SIGTERM, and exits. conninfo says where the database is
 * (database_conninfo()).
 */
void	jobs_main(const char *conninfo) __attribute__((noreturn));

#endif
