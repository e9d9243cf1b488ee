/* SPDX-License-Identifier: ISC */
/* Looks passwords up in a file of leaked ones, in Pwned Passwords' format. */

#ifndef UTILS_PASSWORD_LIST_H
#define UTILS_PASSWORD_LIST_H

/*
 * The file has a line for each password, ordered: the 40 hex digits of its
 * SHA-1, a colon and a count, and CR LF or LF. It may have 40 GB: it is read
 * with some forty pread() for each look-up, and never loaded.
 */

#define PASSWORD_LISTED_TEXT	"Password is in a list of leaked passwords"

enum password_listing {
	PASSWORD_UNLISTED,	/* also if there is no list */
	PASSWORD_LISTED,
	PASSWORD_LIST_FAILED	/* it cannot be read, or is no list any more */
};

/*
 * Opens the list, in the parent, and looks at its first and last lines and at
 * some in between. It stays open as long as the process and its workers.
 * Returns NULL, or a line that begins with the name, of a setting, and tells
 * what is wrong. Opening another list closes the one before.
 */
const char	*password_list_open(const char *name, const char *path);

/*
 * Looks for the password, in its normal form. It reads a file, so call it on a
 * task thread. Thread-safe. After PASSWORD_LIST_FAILED *error is an errno, or 0
 * for a line that is none or missing; otherwise it is unchanged.
 */
enum password_listing	password_list_find(const char *password, int *error);

#endif
