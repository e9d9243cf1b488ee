/* SPDX-License-Identifier: ISC */
/* Folders that no other user can write to. */

#ifndef UTILS_OWN_FOLDER_H
#define UTILS_OWN_FOLDER_H

/*
 * Opens a folder that the process's user must own and that must not be writable
 * by group or others, so that no other user can have put a link or a file
 * there. flags: open()'s besides O_DIRECTORY, such as O_NOFOLLOW. Returns NULL
 * and a descriptor, or a line that names the folder and the problem.
 */
const char	*own_folder_open(const char *path, int flags, int *fd);

#endif
