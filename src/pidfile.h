/* SPDX-License-Identifier: ISC */
/* The file with the process id of Kore's parent. */

#ifndef SRC_PIDFILE_H
#define SRC_PIDFILE_H

/*
 * The file that holds the id of Kore's parent while it serves:
 * STATE_DIR/kore.PID.pid, or kore.pid when that is not set.
 */

/* Before Kore's main(). Kore writes its own file to /dev/null then. */
void		 pidfile_divert(void);

/*
 * Writes the file, and has Kore remove it in the end. To be called last before
 * Kore goes on: it would remove /dev/null. Returns NULL, or a line that says
 * what is wrong with the folder. A file that cannot be written is complained
 * of on standard error; the server can do without.
 */
const char	*pidfile_write(void);

/* Removes it, for an end that is not Kore's. */
void		 pidfile_remove(void);

#endif
