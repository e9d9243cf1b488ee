/* SPDX-License-Identifier: ISC */
/* What a client accepts, and how a body is coded: Accept, ...-Encoding. */

#ifndef UTILS_ACCEPT_H
#define UTILS_ACCEPT_H

#include <stdbool.h>

/* Pure. An element of a list whose weight is malformed does not count. */

#define UNLISTED	(-1)

#define PROBLEM_TYPE	"application/problem+json"	/* RFC 9457, 3 */

/*
 * Returns the weight, in thousandths, that an Accept-Encoding header gives a
 * content coding, by its name or else by "*" (RFC 9110, 12.5.3); UNLISTED if it
 * has neither.
 */
int	coding_weight(const char *header, const char *coding);

/*
 * Returns the weight, in thousandths, that an Accept header gives a media type
 * (12.5.1): that of the most specific range that contains it, the highest if
 * there are two; 0 if none does. Parameters other than q do not matter.
 */
int	media_type_weight(const char *header, const char *type);

/*
 * The weights that a client gives to the two media types of an error, each by
 * its own name: a wildcard asks for no shape. Accept may have several lines;
 * begin with NO_WEIGHTS and add each.
 */
struct error_weights {
	int	 problem;	/* in thousandths, or UNLISTED */
	int	 json;		/* the same */
};

#define NO_WEIGHTS	{ UNLISTED, UNLISTED }

void	error_weights_add(struct error_weights *, const char *header);

/*
 * Returns whether PROBLEM_TYPE is named and accepted, and application/json is
 * not preferred to it.
 */
bool	error_weights_want_problem(const struct error_weights *);

/*
 * Returns whether a Content-Encoding header names a coding other than identity
 * (8.4).
 */
bool	coding_is_applied(const char *header);

#endif
