/* SPDX-License-Identifier: ISC */
/* The process of the command jobs. */

#ifndef SRC_JOBS_MAIN_H
#define SRC_JOBS_MAIN_H

struct servers;

/*
 * Runs jobs until SIGTERM, and exits. servers says where the database is
 * (database_servers()).
 */
void	jobs_main(struct servers *) __attribute__((noreturn));

#endif
