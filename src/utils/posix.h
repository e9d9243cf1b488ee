/* SPDX-License-Identifier: ISC */
/* Reads POSIX extended regular expressions (IEEE 1003.1, 9.4). */

#ifndef UTILS_POSIX_H
#define UTILS_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters, repetitions included. ^.{0,1000}$ takes 16 MB to compile. */
#define POSIX_STATES_MAX	1000
#define POSIX_MANY		UINT32_MAX	/* no upper limit */

enum posix_op {
	POSIX_CHAR, POSIX_SEQUENCE, POSIX_CHOICE, POSIX_REPEAT
};

/* A node's parts are a list: `first`, then the `next` of each; 0 ends it. */
struct posix_node {
	enum posix_op	 op;
	unsigned	 first, next;
	uint32_t	 min, max;	/* POSIX_REPEAT */
	const char	*text;		/* POSIX_CHAR: a  \.  .  [a-z] */
	uint32_t	 states;	/* how many POSIX_CHAR, repeated */
	bool		 may_be_empty;
};

/* The anchors are not in it: the whole of a value must match. */
struct posix_tree {
	struct posix_node	*nodes;		/* for free() */
	unsigned		 count, root;
};

/*
 * Reads a pattern, to which the tree then points. Returns NULL, or the problem
 * as start_error() does, with no tree. A problem is all that glibc refuses;
 * what it reads in another way than it looks (\d, a*?, [\]], an empty
 * alternative); a pattern without ^ and $ around each alternative; and one that
 * takes much memory to compile. It says what to write instead.
 */
const char	*posix_parse(const char *pattern, struct posix_tree *);

/* The same, but only for the problem. */
const char	*posix_problem(const char *pattern);

/* Is it a list of words, ^(user|admin)$? They may be longer together. */
bool		 posix_is_words(const char *pattern);

/* What is wrong with \d at its backslash, or with (?i at its (; or NULL. */
const char	*posix_escape_problem(const char *);
const char	*posix_group_problem(const char *);

/* What is wrong with a bracket expression at its [; or NULL and its length. */
const char	*posix_bracket_problem(const char *, size_t *len);

/* A range, perhaps of one character; or the number of a class, from 0. */
struct posix_item {
	uint32_t	 from, to;
	int		 class;		/* -1: a range */
};

#define POSIX_CLASSES	12

/* Their names: "alnum", "alpha" and so on. */
extern const char *const	posix_classes[POSIX_CLASSES];

/*
 * Reads the items of a bracket expression without problems. p is behind [ or
 * [^ at first, and is moved; false at the end.
 */
bool		 posix_bracket_next(const char **p, struct posix_item *);

#endif
