/* SPDX-License-Identifier: ISC */
/* Errors as problem details (RFC 9457), for clients that ask for them. */

#ifndef MIDDLEWARE_PROBLEM_H
#define MIDDLEWARE_PROBLEM_H

#include <stdbool.h>

#include "base/jsonw.h"
#include "request/raise.h"
#include "utils/text.h"
#include "wire/wire_head.h"

/* The most bytes of a title, and of a kind's code. */
#define PROBLEM_TITLE_MAX	32
#define PROBLEM_CODE_MAX	32

struct problem {
	int				 status;
	const char			*code;
	const char			*detail;	/* the message */
	const char			*instance;	/* problem_instance() */
	const struct error_detail	*errors;	/* or NULL */
};

/* Does the client want problems? NULL: what it wants is not known. */
bool	 problem_is_wanted(const struct head *);

/*
 * Adds "PATH#REQUEST_ID", a relative reference (RFC 3986, 4.2). before is what
 * the public URL has before the path, or "".
 */
void	 problem_instance(struct text *, const char *before, const char *path,
	    const char *request_id);

/* Writes the whole object. */
void	 problem_write(struct jsonw *, const struct problem *);

/* Writes the member `key`: the details as an array, or null without any. */
void	 problem_write_details(struct jsonw *, const char *key,
	    const struct error_detail *);

/* The name of a status (RFC 9110, 15; RFC 6585). */
const char	*problem_title(int status);

#endif
