/* SPDX-License-Identifier: ISC */
/* The process of the command jobs. */

#ifndef SRC_JOBS_MAIN_H
#define SRC_JOBS_MAIN_H

/*
 * Runs jobs until SIGTERM, and exits. conninfo says where the database is
 * (database_conninfo()); listen, where to listen for new jobs, or NULL for the
 * same connections (database_listen_conninfo()).
 */
void	jobs_main(const char *conninfo, const char *listen)
	    __attribute__((noreturn));

#endif
