/* SPDX-License-Identifier: ISC */
/* The pid file: the process id of Kore's parent. */

#ifndef SRC_PIDFILE_H
#define SRC_PIDFILE_H

/*
 * The file is STATE_DIR/kore.PID.pid, or kore.pid if STATE_DIR is not set. It
 * exists while the server runs, and is locked. The files of servers that were
 * killed are removed when the next one writes its own.
 */

/* Before Kore's main(): makes Kore write its own file to /dev/null. */
void		 pidfile_divert(void);

/*
 * Writes the file, and makes Kore remove it at the end. Must be called, as the
 * last step, before Kore continues, or Kore would remove /dev/null. Returns
 * NULL, or an error message about the folder. If the file cannot be written,
 * prints a warning to standard error: the server does not need the file.
 */
const char	*pidfile_write(void);

/* Removes the file, when the process exits without Kore's cleanup. */
void		 pidfile_remove(void);

#endif
