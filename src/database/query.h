/* SPDX-License-Identifier: ISC */
/* Queries: how a repository declares the statements of sql/queries. */

#ifndef DATABASE_QUERY_H
#define DATABASE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/each.h"
#include "request/ctx.h"
#include "schema/schema.h"

/*
 * SQL is in sql/queries, in sections headed `-- name: users.find_by_email`. In
 * it, @user is the list of the columns of struct user, and :email is a
 * parameter (docs/queries.md). The header of a repository declares the section,
 * the struct of its rows and its parameters:
 *
 *	QUERY_MAYBE_ONE(users, find_by_email, user, email);
 *
 * This is the function
 *
 *	struct user *users_repository_find_by_email(struct ctx *,
 *	    const char *email);
 *
 * Every parameter is a text; NULL is SQL's NULL. QUERY_MAYBE_ONE_FROM() takes
 * them from a struct, too, by the names and the types of its members; :bio.set
 * tells whether the struct of an update has the member:
 *
 *	QUERY_MAYBE_ONE_FROM(users, update, user, user_update, version);
 *
 *	struct user *users_repository_update(struct ctx *,
 *	    const struct user_update *in, const char *version);
 *
 * One .c file of the module defines what its header declares:
 *
 *	#define DEFINE_QUERIES
 *	#include "modules/users/users_repository.h"
 *
 *	QUERIES(users);
 *
 * Every statement is prepared on every connection. At the start the parent
 * prepares it, too, and compares its columns with the struct and its parameters
 * with the declared ones: the server does not start with a wrong query.
 */

/* One of a statement's parameters: where its value comes from. */
struct query_param {
	const char		*name;		/* "email", "bio.set" */
	size_t			 given;		/* its place in names */
	const struct member	*member;	/* of from; NULL: given */
	bool			 is_set;	/* whether that is set */
};

struct query {
	const char			*name;	/* "users.find_by_email" */
	const struct schema		*row;
	const char *const		*names;	/* the caller gives; or NULL */
	const struct schema		*from;	/* has the others; or NULL */

	/* Set by database_load(). */
	const char			*sql;
	const char			*section;	/* of the file */
	const struct query_param	*params;	/* $1, $2, ... */
	unsigned			 nparams;
};

/* The row of a statement without rows: QUERY(users, touch, none). */
struct none {
	char	unused;
};

/* The row of a count: QUERY(users, count, total). */
struct total {
	int64_t	total;
};

SCHEMA_DECLARE(none, none);
SCHEMA_DECLARE(total, total);

/* sql/queries/NAME.sql, which kodev compiles in as an asset. */
struct query_file {
	const char	*name;
	const char	*text;
};

#define QUERIES(file)							\
	extern const unsigned char asset_##file##_sql[];		\
	static const struct query_file file##_queries = {		\
		#file, (const char *)asset_##file##_sql			\
	};								\
	REGISTER(query_files, file##_queries)

/*
 * In the header of a repository: a function for the section FILE.TITLE, with
 * rows of struct r. _ONE returns the row, and raises ERR_INTERNAL unless there
 * is exactly one; _MAYBE_ONE returns NULL if there is none; _MANY returns an
 * array, and its length in *n, the last parameter; _EXEC has no rows, and
 * returns the number of affected ones; _COUNT returns the column total. Rows
 * live as long as the request. All raise ERR_CONFLICT for a violated
 * constraint, and ERR_UNAVAILABLE without a database.
 *
 * Set ctx->quiet for work that asks again and again while the database cannot
 * run a statement: that is then neither logged nor a reason to reconnect.
 */
#define QUERY_ONE(file, title, r, ...)					\
	QUERY_MAKE(file, title, r, none, NULL, struct r *,		\
	    (struct ctx *c QUERY_TEXTS(__VA_ARGS__)),			\
	    db_one(c, file##_##title, ##__VA_ARGS__), __VA_ARGS__)
#define QUERY_MAYBE_ONE(file, title, r, ...)				\
	QUERY_MAKE(file, title, r, none, NULL, struct r *,		\
	    (struct ctx *c QUERY_TEXTS(__VA_ARGS__)),			\
	    db_maybe_one(c, file##_##title, ##__VA_ARGS__),		\
	    __VA_ARGS__)
#define QUERY_MANY(file, title, r, ...)					\
	QUERY_MAKE(file, title, r, none, NULL, struct r *,		\
	    (struct ctx *c QUERY_TEXTS(__VA_ARGS__), size_t *n),	\
	    db_many(c, file##_##title, n, ##__VA_ARGS__),		\
	    __VA_ARGS__)
#define QUERY_EXEC(file, title, ...)					\
	QUERY_MAKE(file, title, none, none, NULL, int64_t,		\
	    (struct ctx *c QUERY_TEXTS(__VA_ARGS__)),			\
	    db_exec(c, file##_##title, ##__VA_ARGS__), __VA_ARGS__)
#define QUERY_COUNT(file, title, ...)					\
	QUERY_MAKE(file, title, total, none, NULL, int64_t,		\
	    (struct ctx *c QUERY_TEXTS(__VA_ARGS__)),			\
	    db_one(c, file##_##title, ##__VA_ARGS__)->total,		\
	    __VA_ARGS__)

/* The same with a `const struct st *in` that has the other parameters. */
#define QUERY_ONE_FROM(file, title, r, st, ...)				\
	QUERY_MAKE(file, title, r, st, &st##_schema, struct r *,	\
	    (struct ctx *c, QUERY_IN(st) QUERY_TEXTS(__VA_ARGS__)),	\
	    db_one_from(c, file##_##title, in, ##__VA_ARGS__),		\
	    __VA_ARGS__)
#define QUERY_MAYBE_ONE_FROM(file, title, r, st, ...)			\
	QUERY_MAKE(file, title, r, st, &st##_schema, struct r *,	\
	    (struct ctx *c, QUERY_IN(st) QUERY_TEXTS(__VA_ARGS__)),	\
	    db_maybe_one_from(c, file##_##title, in,			\
	    ##__VA_ARGS__), __VA_ARGS__)
#define QUERY_EXEC_FROM(file, title, st, ...)				\
	QUERY_MAKE(file, title, none, st, &st##_schema, int64_t,	\
	    (struct ctx *c, QUERY_IN(st) QUERY_TEXTS(__VA_ARGS__)),	\
	    db_exec_from(c, file##_##title, in, ##__VA_ARGS__),		\
	    __VA_ARGS__)

/*
 * For commands, in the parent: FILE_repository_TITLE_now() without a ctx, which
 * connects and blocks. _EXEC_NOW returns NULL and the number of affected rows
 * in its last parameter, or an error message. _MANY_NOW returns an array and
 * its length in *n, or NULL and *problem.
 */
#define QUERY_EXEC_NOW(file, title, ...)				\
	QUERY_MAKE_AS(file, title, title##_now, none, none, NULL,	\
	    const char *,						\
	    (QUERY_FIRST(__VA_ARGS__), int64_t *touched),		\
	    db_exec_now(file##_##title, touched, ##__VA_ARGS__),	\
	    __VA_ARGS__)
#define QUERY_MANY_NOW(file, title, r, ...)				\
	QUERY_MAKE_AS(file, title, title##_now, r, none, NULL, struct r *, \
	    (QUERY_FIRST(__VA_ARGS__), size_t *n, const char **problem), \
	    db_many_now(file##_##title, n, problem, ##__VA_ARGS__),	\
	    __VA_ARGS__)

/*
 * For a .c file: only the query, FILE_TITLE, for a function that is written by
 * hand with db_one(), db_exec_now() or another of the calls below.
 */
#define QUERY(file, title, r, ...)					\
	QUERY_OBJECT(file, title, r, none, NULL, ##__VA_ARGS__);	\
	QUERY_REGISTER(file, title)

/* Of row, from and given, which are never set, only the types are used. */
#define QUERY_OBJECT(file, title, r, st, source, ...)			\
	static struct {							\
		struct query		 query;				\
		struct r		*row;				\
		const struct st		*from;				\
		char	 given[1 + QUERY_COUNTED(__VA_ARGS__)];		\
	} file##_##title = {						\
		.query = {						\
			.name = #file "." #title, .row = &r##_schema,	\
			.names = (const char *const[]){			\
			    EACH(QUERY_QUOTED, ##__VA_ARGS__) NULL },	\
			.from = source					\
		}							\
	}
#define QUERY_REGISTER(file, title)					\
	static struct query *const file##_##title##_registered		\
	    __attribute__((used, section("registered_queries"))) =	\
	    &file##_##title.query

#define QUERY_TEXT(name)	, const char *name
#define QUERY_TEXTS(...)	EACH(QUERY_TEXT, ##__VA_ARGS__)
#define QUERY_FIRST(name, ...)	const char *name QUERY_TEXTS(__VA_ARGS__)
#define QUERY_QUOTED(name)	#name,
#define QUERY_PLUS(name)	+ 1
#define QUERY_COUNTED(...)	(0 EACH(QUERY_PLUS, ##__VA_ARGS__))
#define QUERY_IN(st)		const struct st *in

#define QUERY_MAKE(file, title, ...)					\
	QUERY_MAKE_AS(file, title, title, __VA_ARGS__)

#ifdef DEFINE_QUERIES
#define QUERY_MAKE_AS(file, title, fn, r, st, source, type, params, call, ...) \
	type file##_repository_##fn params AWAITS;			\
	QUERY_OBJECT(file, title, r, st, source, ##__VA_ARGS__);	\
	type								\
	file##_repository_##fn params					\
	{								\
		return (call);						\
	}								\
	QUERY_REGISTER(file, title)
#else
#define QUERY_MAKE_AS(file, title, fn, r, st, source, type, params, call, ...) \
	type file##_repository_##fn params AWAITS
#endif

/* The parameters, as text; as many as were declared, or it does not compile. */
#define PARAMS(q, ...)							\
	((const char *const[]){ NULL, ##__VA_ARGS__ } + 1),		\
	(sizeof((const char *const[]){ NULL, ##__VA_ARGS__ }) /		\
	    sizeof(char *) - 1 + MUST(					\
	    sizeof((const char *const[]){ NULL, ##__VA_ARGS__ }) /	\
	    sizeof(char *) == sizeof((q).given),			\
	    #q " has another number of parameters"))
#define QUERY_STRUCT(q, in)						\
	(0 ? (q).from : (in))

#define db_one(c, q, ...)						\
	((__typeof__((q).row))db_query_one(c, &(q).query, NULL,		\
	    PARAMS(q, ##__VA_ARGS__)))
#define db_maybe_one(c, q, ...)						\
	((__typeof__((q).row))db_query_maybe_one(c, &(q).query, NULL,	\
	    PARAMS(q, ##__VA_ARGS__)))
#define db_many(c, q, n, ...)						\
	((__typeof__((q).row))db_query_many(c, &(q).query, n, NULL,	\
	    PARAMS(q, ##__VA_ARGS__)))
#define db_exec(c, q, ...)						\
	db_query_exec(c, &(q).query, NULL, PARAMS(q, ##__VA_ARGS__))
#define db_one_from(c, q, in, ...)					\
	((__typeof__((q).row))db_query_one(c, &(q).query,		\
	    QUERY_STRUCT(q, in), PARAMS(q, ##__VA_ARGS__)))
#define db_maybe_one_from(c, q, in, ...)				\
	((__typeof__((q).row))db_query_maybe_one(c, &(q).query,		\
	    QUERY_STRUCT(q, in), PARAMS(q, ##__VA_ARGS__)))
#define db_exec_from(c, q, in, ...)					\
	db_query_exec(c, &(q).query, QUERY_STRUCT(q, in),		\
	    PARAMS(q, ##__VA_ARGS__))

void	*db_query_one(struct ctx *, const struct query *, const void *from,
	    const char *const *given, size_t) AWAITS;
void	*db_query_maybe_one(struct ctx *, const struct query *,
	    const void *from, const char *const *given, size_t) AWAITS;
void	*db_query_many(struct ctx *, const struct query *, size_t *,
	    const void *from, const char *const *given, size_t) AWAITS;
int64_t	 db_query_exec(struct ctx *, const struct query *, const void *from,
	    const char *const *given, size_t) AWAITS;

/*
 * For commands, in the parent: runs a statement on a new connection and blocks.
 * Returns NULL and the number of affected rows, or an error message.
 */
#define db_exec_now(q, touched, ...)					\
	database_exec_now(&(q).query, touched, PARAMS(q, ##__VA_ARGS__))

const char	*database_exec_now(const struct query *, int64_t *touched,
		    const char *const *, size_t);

/*
 * The same for a statement that has rows, like db_many(): returns an array of
 * the query's struct, and its length. It is never freed: a command ends soon.
 * On error, returns NULL and sets *problem.
 *
 *	user = db_many_now(users_find_by_email, &n, &problem, email);
 */
#define db_many_now(q, n, problem, ...)					\
	((__typeof__((q).row))database_many_now(&(q).query, n, problem,	\
	    PARAMS(q, ##__VA_ARGS__)))

void		*database_many_now(const struct query *, size_t *n,
		    const char **problem, const char *const *, size_t);

#endif
