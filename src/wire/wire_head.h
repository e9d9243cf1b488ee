/* SPDX-License-Identifier: ISC */
/* The head of a request: request line and headers, parsed strictly. */

#ifndef WIRE_WIRE_HEAD_H
#define WIRE_WIRE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error_kinds.h"

/*
 * The head of an HTTP/1 request (RFC 9112), parsed strictly: what two parsers
 * could read differently is refused. Pure functions.
 */

#define HEAD_LINES_MAX	100	/* header lines */
#define HEAD_TARGET_MAX	8000	/* bytes (RFC 9112, 3: at least that) */
#define HEAD_HOST_MAX	253	/* bytes; a DNS name has no more */

struct head_line {
	const char	*name;
	const char	*value;		/* without blanks around */
};

/* Points into the text that head_parse() was given, or at constants. */
struct head {
	const char		*method;
	const char		*path;		/* normalized, not decoded */
	const char		*query;		/* "" if none */
	const char		*host;		/* and port; "" if none */
	int64_t			 content_length;	/* 0 when not sent */
	bool			 chunked;	/* then of unknown length */
	bool			 expects_continue;
	bool			 close;		/* after the response */
	bool			 parsed;	/* all lines; what they
						 * ask for may be refused */
	unsigned		 nlines;
	struct head_line	 lines[HEAD_LINES_MAX];
};

/* Takes a header of a response. */
typedef void	 header_put_fn(void *to, const char *name, const char *value);

/* The error: kind is NULL if there is none; message is a constant. */
struct head_error {
	const struct error_kind	*kind;
	const char		*message;
};

/* The state of head_scan(); zeroed for each request. */
struct head_scan {
	size_t		at;
	size_t		line;		/* where the current line begins */
	size_t		start;		/* of the request line */
	unsigned	lines;
	unsigned	blanks;		/* empty lines before the first */
};

/*
 * Scans the new bytes of `in`, which holds len bytes. Returns the offset of the
 * head's end once it is complete; 0 before that, or if error->kind is set. A
 * head of more than max bytes is too large; empty lines before it count.
 */
size_t	 head_scan(struct head_scan *, const char *in, size_t len, size_t max,
	    struct head_error *);

/*
 * Parses a head that head_scan() has found complete, from the request line to
 * the empty line at its end. Changes the text, which *h points into. False if
 * the head is refused; h->method is then "" or the method.
 */
bool	 head_parse(struct head *h, char *text, size_t len,
	    struct head_error *);

/*
 * The lines of that name, whatever its case: the next one after `line`, or the
 * one before it. NULL begins at the first, or at the last, and ends it.
 */
const struct head_line	*head_next(const struct head *,
			    const struct head_line *line, const char *name);
const struct head_line	*head_previous(const struct head *,
			    const struct head_line *line, const char *name);

/* The first one's value; NULL if there is none. */
const char	*head_value(const struct head *, const char *name);

#endif
