/* SPDX-License-Identifier: ISC */
/* Makes statements of the sections of query files. For src/database only. */

#ifndef DATABASE_QUERY_LOAD_H
#define DATABASE_QUERY_LOAD_H

#include <string.h>

#include "database/list.h"
#include "database/query.h"
#include "database/query_text.h"
#include "utils/start_error.h"
#include "utils/text.h"

/* A section of a query file. */
struct query_section {
	const char	*file;		/* "users" */
	const char	*name;		/* "users.create" */
	const char	*heading;	/* of a list: what follows its name */
	const char	*text;
	size_t		 len;
};

/* An expression by which a list is sorted, and the member that it names. */
struct list_order {
	const char		*text;		/* lower(email) */
	size_t			 len;
	const char		*collation;	/* what follows it; or "" */
	const struct member	*key;		/* email */
	bool			 up, down;
};

struct list_heading {
	const struct query_section	*section;
	struct list			*list;
	struct list_order		*orders;
	size_t				 norders;
	const char			**filters;
	size_t				 nfilters;
	const char			*problem;
};

/* What one statement is made of. */
struct query_expansion {
	const struct query_section	*section;

	/* Where its parameters come from. */
	const char *const	*names;		/* of the caller; or NULL */
	const struct schema	*from;		/* has others; or NULL */
	bool			 collects;	/* any other name, too */
	bool			 reserved;	/* names with a dot, too */

	struct text		 sql;
	struct query_param	*params;	/* $1, $2, ... */
	unsigned		 nparams;
	const char		*problem;	/* the first, or NULL */
};

/* Is the name this part of a text? */
static inline bool
query_is_name(const char *name, const char *s, size_t len)
{
	return (strncmp(name, s, len) == 0 && name[len] == '\0');
}

/* The member that this part of a text names; NULL if there is none. */
static inline const struct member *
query_member(const struct schema *schema, const char *s, size_t len)
{
	const struct member	*m = schema->members;

	for (; m < schema->members + schema->nmembers; m++) {
		if (query_is_name(m->name, s, len))
			return (m);
	}
	return (NULL);
}

/* The parameter that it names, among n; NULL if there is none. */
static inline const struct query_param *
query_find_param(const struct query_param *params, unsigned n, const char *s,
    size_t len)
{
	const struct query_param	*p;

	for (p = params; p < params + n; p++) {
		if (query_is_name(p->name, s, len))
			return (p);
	}
	return (NULL);
}

/* query_memory.c */

/* In memory that lasts until the queries are loaded anew; NULL: none left. */
void		*query_alloc(size_t);
char		*query_strndup(const char *, size_t);

/* A text to be put together, in memory that query_scratch_free() frees. */
struct text	 query_text(void);
char		*query_keep(const struct text *);
void		 query_scratch_free(void);

/* The same array of n items with room for one more, which is zero; or NULL. */
void		*query_grow(void *, size_t n, size_t size);
void		 query_memory_free(void);

/* "sql/queries/FILE.sql: NAME: " and then the text. */
#define section_problem(s, fmt, ...)					\
	start_error("sql/queries/%s.sql: %s: " fmt, (s)->file, (s)->name, \
	    ##__VA_ARGS__)
#define QUERY_FAIL(x, ...)					\
	((x)->problem = section_problem((x)->section, __VA_ARGS__))

/* query_columns.c */

/* How many columns the last line of the text has. */
size_t		 query_width(const struct text *);

/*
 * Writes the columns of @user, whose token t is; it moves on over the
 * expressions behind it. u.@user begins at start. Returns NULL, or an error
 * message.
 */
const char	*query_columns(const struct query_section *,
		    struct query_token *t, const char *start, size_t indent,
		    struct text *);

/* query_expand.c */

/* The length of the text without what follows the statement. */
size_t		 query_trim(const char *, size_t);

/*
 * Appends the text, with the columns of each @user, and $1 for each :email.
 * After an error it does nothing.
 */
void		 query_expand(struct query_expansion *, const char *, size_t);

/*
 * Checks that each declared parameter is used, and sets what
 * database_load() sets of the query. Returns NULL, or an error message.
 */
const char	*query_finish(struct query_expansion *, struct query *);

/* list_heading.c */

/* Reads the section's heading. Returns NULL, or an error message. */
const char	*list_read_heading(struct list_heading *);

/* The type that a member is compared as; NULL: it cannot be. */
const char	*list_key_cast(const struct member *);

/*
 * The member of the list's rows that the token names; or NULL. The token before
 * it tells whether it is a collation.
 */
const struct member	*list_member_named(const struct list *,
			    const struct query_token *,
			    const struct query_token *before);

/* list_load.c */

/* Makes all statements of the list. Returns NULL, or an error message. */
const char	*list_load(const struct query_section *, struct list *);

#endif
