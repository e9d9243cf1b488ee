/* SPDX-License-Identifier: ISC */
/* Lists: a page of rows, in any of the orders that a query file allows. */

#ifndef DATABASE_LIST_H
#define DATABASE_LIST_H

#include "database/query.h"
#include "http/page.h"
#include "http/schema_response.h"

/*
 * A list is written once in sql/queries, with its orders:
 *
 *	-- list: users.list by created_at, lower(email)
 *	SELECT @user
 *	  FROM users
 *	 WHERE (:role::text IS NULL OR role = :role)
 *
 * Its parameters are the query parameters of the same names, which kore.conf
 * has checked, or texts that the handler gives. The header of a module declares
 * the list and its responses, user_list and user_cursor_list. A .c file defines
 * them, and a handler responds with the page that the query asks for:
 *
 *	users.h:	 LISTS(users, list, user);
 *	users_models.c:	 LIST_QUERY(users, list, user, .sort = "created_at");
 *	users_router.c:	 users_list_respond(c);
 *
 *			 GET(list_users, .out = &user_list_schema,
 *			     .out_cursor = &user_cursor_list_schema, ...)
 *
 * What the handler gives stands in the declaration, as in that of a query:
 *
 *	LISTS(sessions, list, session, user_id, current);
 *
 *	sessions_list_respond(c, user->id, c->session_id);
 *
 * LIST_QUERY has pages with a total, and pages by cursor. The others:
 *
 *	LIST_QUERY_BOTH_WAYS	has a prev_cursor, too; every order needs both
 *				directions
 *	LIST_QUERY_BY_PAGE	has no cursors
 *	LIST_QUERY_BY_CURSOR	has only them, for rows that are too many to be
 *				counted; its response is named like the list,
 *				audit_list for audit.list
 *	LIST_QUERY_AS		has responses of another list of the same rows,
 *				which stands above it: .pages, .cursor
 *	LIST_QUERY_FIELDS	has items of another schema of the same struct,
 *				with .sparse = true: ?fields chooses what they
 *				show, and ?expand adds what is not in the row;
 *				it goes both ways
 */

/* The list in one order and direction, or the count of its rows. */
struct list_statement {
	const char	*sort;		/* "-created_at"; NULL: the count */
	const char	*each;		/* only if this filter is given; NULL */
	const struct member	*key;	/* the member that it is sorted by */
	bool		 descending;

	/*
	 * Its names are those of all its parameters: the list's own, and
	 * page.key, page.id, page.limit, page.skip, page.most, as far as it
	 * has them.
	 */
	struct query	 query;
};

struct list {
	const char		*name;		/* "users.list" */
	const struct schema	*row;
	const char		*sort;		/* the order without ?sort */
	const char *const	*given;		/* names; ends with NULL */
	const struct schema	*pages;		/* the answer with a total */
	const struct schema	*cursor;	/* the answer by cursor */
	bool			 both_ways;	/* it has a prev_cursor */

	/*
	 * Of a list whose items show what the client asks for: their schema,
	 * and the names that they show without ?fields.
	 */
	const struct schema	*item;
	const char *const	*fields;

	/*
	 * Sets what the statement leaves empty and `shown` has (NULL: the list
	 * has no .item). It removes rows that are gone meanwhile, and returns
	 * the number of the others, which then stand first.
	 */
	size_t			(*complete)(struct ctx *, void *rows, size_t,
				    const char *const *shown);

	/*
	 * The total is exact up to this number of rows. Of more rows, it is
	 * what estimate() says, which gets what the handler gave; at least
	 * one more than that number.
	 */
	const unsigned		*total_max;
	int64_t			(*estimate)(struct ctx *,
				    const char *const *given);

	/*
	 * For orders that descend by a T_TIME: the name of a time, as text in
	 * UTC, that is given. The list has only rows before it: its pages begin
	 * there. A condition in the SQL would make PostgreSQL read and drop all
	 * later rows first.
	 */
	const char		*until;

	/*
	 * Set by database_load(). Of the statements for filters, the first one
	 * whose filter is given is used.
	 */
	struct list_statement	*statements;
	size_t			 nstatements;
};

/* The responses of all lists; the list's schema says what the items are. */
struct row_list {
	const void	*items;
	size_t		 items_count;
	int64_t		 total;
	int64_t		 page;
	int64_t		 limit;
	int64_t		 pages;
	bool		 total_is_estimate;
};

struct row_cursor_list {
	const void	*items;
	size_t		 items_count;
	const char	*next_cursor;	/* NULL at the end */
	const char	*prev_cursor;	/* NULL at the start */
	bool		 has_more;
	int64_t		 limit;
};

/*
 * For the header. It declares all responses that a LIST_QUERY can define. Of
 * FILE_TITLE_row, which is never defined, only the type is used.
 */
#define LISTS(file, title, r, ...)					\
	extern struct schema r##_list_schema, r##_cursor_list_schema,	\
	    file##_##title##_schema;					\
	extern struct list file##_##title;				\
	extern __typeof__(r##_struct) file##_##title##_row;		\
	static const char *const file##_##title##_given[]		\
	    __attribute__((unused)) = {					\
		EACH(QUERY_QUOTED, ##__VA_ARGS__) NULL };		\
	static inline AWAITS void					\
	file##_##title##_respond(struct ctx *c QUERY_TEXTS(__VA_ARGS__)) \
	{								\
		list_respond(c, &file##_##title,			\
		    (const char *const[]){ EACH(LIST_VALUE, ##__VA_ARGS__) \
		    NULL });						\
	}								\
	struct list		/* so that LISTS(...) takes a semicolon */
#define LIST_VALUE(name)	name,

#define LIST_QUERY(file, title, r, ...)					\
	LIST_PAGES(r##_list, r);					\
	LIST_CURSOR(r##_cursor_list, r);				\
	LIST_QUERY_AS(file, title, r, .pages = &r##_list_schema,	\
	    .cursor = &r##_cursor_list_schema, ##__VA_ARGS__)
#define LIST_QUERY_BOTH_WAYS(file, title, r, ...)			\
	LIST_PAGES(r##_list, r);					\
	LIST_CURSOR(r##_cursor_list, r, LIST_PREVIOUS);			\
	LIST_QUERY_AS(file, title, r, .pages = &r##_list_schema,	\
	    .cursor = &r##_cursor_list_schema, .both_ways = true,	\
	    ##__VA_ARGS__)
#define LIST_QUERY_BY_PAGE(file, title, r, ...)				\
	LIST_PAGES(r##_list, r);					\
	LIST_QUERY_AS(file, title, r, .pages = &r##_list_schema,	\
	    ##__VA_ARGS__)
#define LIST_QUERY_BY_CURSOR(file, title, r, ...)			\
	LIST_CURSOR(file##_##title, r);					\
	LIST_QUERY_AS(file, title, r, .cursor = &file##_##title##_schema, \
	    ##__VA_ARGS__)
#define LIST_QUERY_FIELDS(file, title, r, one, ...)			\
	_Static_assert(__builtin_types_compatible_p(			\
	    __typeof__(one##_struct), __typeof__(r##_struct)),		\
	    #one " has another struct than " #r);			\
	LIST_PAGES(r##_list, one, LIST_ESTIMATE);			\
	LIST_CURSOR(r##_cursor_list, one, LIST_PREVIOUS);		\
	LIST_QUERY_AS(file, title, r, .pages = &r##_list_schema,	\
	    .cursor = &r##_cursor_list_schema, .both_ways = true,	\
	    .item = &one##_schema, ##__VA_ARGS__)
#define LIST_QUERY_AS(file, title, r, ...)				\
	_Static_assert(__builtin_types_compatible_p(			\
	    __typeof__(file##_##title##_row), __typeof__(r##_struct)),	\
	    #file "." #title " has other rows than " #r);		\
	struct list file##_##title = {					\
		.name = #file "." #title, .row = &r##_schema,		\
		.given = file##_##title##_given, ##__VA_ARGS__		\
	};								\
	REGISTER(lists, file##_##title)

#define LIST_PAGES(s, r, ...)						\
	static const struct member s##_members[] = {			\
		LIST_ITEMS(row_list, r),				\
		MEMBER(row_list, total, T_INT, OUT),			\
		MEMBER(row_list, page, T_INT, OUT),			\
		MEMBER(row_list, limit, T_INT, OUT),			\
		MEMBER(row_list, pages, T_INT, OUT),			\
		__VA_ARGS__						\
	};								\
	SCHEMA_OF(s, row_list)
#define LIST_CURSOR(s, r, ...)						\
	static const struct member s##_members[] = {			\
		LIST_ITEMS(row_cursor_list, r),				\
		MEMBER(row_cursor_list, next_cursor, T_STR,		\
		    OUT | OR_NULL, .example = "eyJ0IjoxfQ"),		\
		__VA_ARGS__						\
		MEMBER(row_cursor_list, has_more, T_BOOL, OUT),		\
		MEMBER(row_cursor_list, limit, T_INT, OUT),		\
	};								\
	SCHEMA_OF(s, row_cursor_list)
#define LIST_ESTIMATE							\
	MEMBER(row_list, total_is_estimate, T_BOOL, OUT | SPARSE,	\
	    .doc = "Of a search: true if the total is about right."),
#define LIST_PREVIOUS							\
	MEMBER(row_cursor_list, prev_cursor, T_STR, OUT | OR_NULL,	\
	    .example = "eyJ0IjoxfQ"),
#define LIST_ITEMS(s, r)						\
	{ .structure = #s, .name = "items", .type = T_LIST, .flags = OUT, \
	  .of = &r##_schema, .offset = offsetof(struct s, items),	\
	  .count = offsetof(struct s, items_count) }

/*
 * Responds with the page that the query asks for: its rows, their total or a
 * cursor, and the Link header. given has a value, or NULL, for each name of
 * list->given. Raises what page_from_query() does, 422 for an order that the
 * list does not have, and ERR_UNAVAILABLE without a database.
 *
 * A test that overrides the repository (request/depend.h) gets the list's
 * title, or "count" for struct total, and what the handler gave.
 */
void		 list_respond(struct ctx *, const struct list *,
		    const char *const *given) AWAITS;

/*
 * What the items of a list with .item show, by ?fields and ?expand: the names,
 * ended by NULL. Raises 422 for a name that they do not have.
 */
const char *const	*list_fields(struct ctx *, const struct list *);

/*
 * In the parent, after routes_init() and database_load(): compares each list
 * with the routes that respond with it. Returns NULL or an error message, which
 * says what to write.
 */
const char	*lists_check(void);

#endif
