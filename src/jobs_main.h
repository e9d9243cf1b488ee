/* SPDX-License-Identifier: ISC */
/* The process of the command jobs. */

#ifndef SRC_JOBS_MAIN_H
#define SRC_JOBS_MAIN_H

struct servers;

/*
 * Runs jobs until SIGTERM, and exits. servers says where the database is
 * (database_servers()); listen, where to listen for new jobs (servers_of()), or
 * NULL for the same connections.
 */
void	jobs_main(struct servers *servers, struct servers *listen)
	    __attribute__((noreturn));

#endif
