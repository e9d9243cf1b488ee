/* SPDX-License-Identifier: ISC */
/* What looks familiar in a regular expression but is not POSIX. */

#include <ctype.h>
#include <string.h>

#include "utils/posix.h"
#include "utils/start_error.h"

struct foreign {
	const char	*begins;
	const char	*write;
};

/* Behind a backslash. glibc knows some of them, and reads others as letters. */
static const struct foreign escapes[] = {
	{ "d", "[0-9]" },
	{ "D", "[^0-9]" },
	{ "w", "[A-Za-z0-9_]" },
	{ "W", "[^A-Za-z0-9_]" },
	{ "s", "[[:space:]]" },
	{ "S", "[^[:space:]]" },
	{ "b", "the characters around the word: POSIX has no boundaries" },
	{ "B", "the characters around the word: POSIX has no boundaries" },
	{ "<", "< for the character: POSIX has no boundaries" },
	{ ">", "> for the character: POSIX has no boundaries" },
	{ "`", "^ for the beginning, ` for the character" },
	{ "'", "$ for the end, ' for the character" },
	{ "A", "^" },
	{ "Z", "$" },
	{ "z", "$" },
	{ "n", "[[:space:]]" },
	{ "r", "[[:space:]]" },
	{ "f", "[[:space:]]" },
	{ "v", "[[:space:]]" },
	{ "R", "[[:space:]]" },
	{ "t", "[[:blank:]]" },
	{ "h", "[[:blank:]]" },
	{ "H", "[^[:blank:]]" },
	{ "V", "[^[:space:]]" },
	{ "a", "[[:cntrl:]]" },
	{ "e", "[[:cntrl:]]" },
	{ "c", "[[:cntrl:]]" },
	{ "x", "the character itself" },
	{ "u", "the character itself" },
	{ "U", "the character itself" },
	{ "o", "the character itself" },
	{ "0", "the character itself" },
	{ "N", "the character itself, or [^[:cntrl:]]" },
	{ "p", "a class such as [[:alpha:]]" },
	{ "P", "a class such as [^[:alpha:]]" },
	{ "X", "." },
	{ "C", "." },
	{ "Q", "a backslash before each special character" },
	{ "E", "a backslash before each special character" },
	{ "G", "^" },
	{ "k", "the alternatives: POSIX has no back-references" },
	{ "g", "the alternatives: POSIX has no back-references" },
};

/* Behind ( and ?; the longer ones first. */
static const struct foreign groups[] = {
	{ "?:", "(...)" },
	{ "?>", "(...)" },
	{ "?|", "(...)" },
	{ "?=", "a validator function: POSIX does not look ahead" },
	{ "?!", "a validator function: POSIX does not look ahead" },
	{ "?<=", "a validator function: POSIX does not look behind" },
	{ "?<!", "a validator function: POSIX does not look behind" },
	{ "?P=", "the alternatives: POSIX has no back-references" },
	{ "?P>", "the group again: POSIX has no names" },
	{ "?P", "(...): POSIX has no names" },
	{ "?<", "(...): POSIX has no names" },
	{ "?'", "(...): POSIX has no names" },
	{ "?#", "no comment" },
	{ "?(", "the alternatives: POSIX has no conditions" },
	{ "?i", "both cases, [Aa]: POSIX has no flags" },
	{ "?", "( alone: POSIX has no flags" },
	{ "*", "(\\* for the character" },
};

static const struct foreign *
find(const struct foreign *rows, size_t n, const char *p)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (strncmp(p, rows[i].begins, strlen(rows[i].begins)) == 0)
			return (&rows[i]);
	}
	return (NULL);
}

#define FIND(rows, p)	find(rows, sizeof(rows) / sizeof(rows[0]), p)

const char *
posix_escape_problem(const char *p)
{
	const struct foreign	*f;

	if (p[1] == '\0')
		return ("a backslash at the end: write \\\\ for the character");
	if (p[1] >= '1' && p[1] <= '9')
		return (start_error("\\%c is a back-reference, which POSIX "
		    "does not have: write the alternatives", p[1]));
	if ((f = FIND(escapes, p + 1)) != NULL)
		return (start_error("\\%s is not POSIX: write %s", f->begins,
		    f->write));
	if (isalpha((unsigned char)p[1]))
		return (start_error("\\%c is not POSIX: write %c for the "
		    "letter", p[1], p[1]));
	return (NULL);
}

const char *
posix_group_problem(const char *p)
{
	const struct foreign	*f = FIND(groups, p + 1);

	if (f == NULL)
		return (NULL);
	return (start_error("(%s is not POSIX: write %s", f->begins,
	    f->write));
}
