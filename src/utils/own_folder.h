/* SPDX-License-Identifier: ISC */
/* Folders that nobody else can write to. */

#ifndef UTILS_OWN_FOLDER_H
#define UTILS_OWN_FOLDER_H

/*
 * Opens a folder that must be the process's own and not writable by group or
 * others, so that nobody else can have put a link or a file there. Takes
 * open()'s flags besides O_DIRECTORY, as O_NOFOLLOW. Returns NULL and a
 * descriptor, or a line that names the folder and what is wrong with it.
 */
const char	*own_folder_open(const char *path, int flags, int *fd);

#endif
