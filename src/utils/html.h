/* SPDX-License-Identifier: ISC */
/* Fills templates of HTML. */

#ifndef UTILS_HTML_H
#define UTILS_HTML_H

#include <stdbool.h>

#include "utils/text.h"

/* The value of a placeholder {{name}}. */
struct html_value {
	const char	*name;
	const char	*value;
	bool		 is_html;	/* goes in as it is */
};

#define HTML_TEXT(name, value)	{ name, value, false }
#define HTML_AS_IT_IS(name, value)	{ name, value, true }

#define HTML_VALUES(...)						\
	((const struct html_value[]){ __VA_ARGS__, { 0 } })

/*
 * Adds the template, its placeholders filled with the values, of which the last
 * has no name. Text is escaped: it can be neither markup nor the end of a
 * quoted attribute. A placeholder without a value cuts the text.
 */
void	html_fill(struct text *, const char *template,
	    const struct html_value *);

/* Adds a character of n bytes; those that HTML gives a meaning are escaped. */
void	html_escape(struct text *, const char *, size_t n);

#endif
