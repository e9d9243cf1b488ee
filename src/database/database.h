/* SPDX-License-Identifier: ISC */
/*
 * The database: rows, queries, transactions. The only SQL client; every wait
 * suspends the coroutine, not the worker.
 */

#ifndef DATABASE_DATABASE_H
#define DATABASE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/ctx.h"
#include "schema/schema.h"

/*
 * PostgreSQL, awaited. SQL stands in sql/queries, in sections headed
 * `-- name: users.find_by_email`; C names a section with the model its rows
 * become, and calls it with text parameters:
 *
 *	QUERIES(users);
 *	QUERY(users, find_by_email, user);
 *	...
 *	return (db_maybe_one(c, users_find_by_email, email));
 *
 * Every query is prepared on every connection, and once in the parent, where
 * its columns are compared with the model: a bad query stops the start.
 */

/* A column and its place in the model's struct. */
struct column {
	const char	*structure;		/* whose member it is */
	const char	*name;
	enum field_type	 type;
	size_t		 offset;
	bool		 nullable;		/* neither T_BOOL nor T_INT */
};

struct model {
	const char		*name;
	const struct column	*columns;	/* in the SELECT's order */
	size_t			 ncolumns;
	size_t			 size;
};

/* NULL is NULL, or TIME_NULL: COLUMN(job, error, T_STR, .nullable = true). */
#define COLUMN(s, member, ctype, ...)					\
	{ .structure = #s, .name = #member, .type = ctype,		\
	  .offset = TYPED_OFFSET(s, member, ctype), ##__VA_ARGS__ }

/* Below `static const struct column NAME_columns[]`. */
#define MODEL(s)							\
	const struct model s##_model = {				\
		.name = #s, .columns = s##_columns,			\
		.ncolumns = sizeof(s##_columns) /			\
		    sizeof(s##_columns[0]),				\
		.size = sizeof(struct s),				\
	}

/*
 * What a client reads (409) when a statement breaks this constraint or unique
 * index. One that is not named so is logged, and answered in general terms.
 *
 *	CONSTRAINT(users_email_key, "Email already registered");
 */
struct constraint {
	const char	*name;
	const char	*message;
};

#define CONSTRAINT(index, text)						\
	static const struct constraint constraint_##index = {		\
		#index, text						\
	};								\
	REGISTER(constraints, constraint_##index)

/* A statement without rows: QUERY(users, touch, none). */
struct none {
	char	unused;
};

/* A count: QUERY(users, count, total). */
struct total {
	int64_t	total;
};

extern const struct model	none_model, total_model;

struct query {
	const char		*name;		/* "users.find_by_email" */
	const struct model	*model;
	const char		*sql;		/* set at start */
	unsigned		 nparams;	/* set at start */
};

/* The SQL file sql/queries/NAME.sql, compiled in as an asset by kodev. */
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

/* Of the `row` member only the type is used: see db_one(). */
#define QUERY(file, title, s)						\
	static struct {							\
		struct query	 query;					\
		struct s	*row;					\
	} file##_##title = {						\
		.query = { .name = #file "." #title, .model = &s##_model }\
	};								\
	static struct query *const file##_##title##_registered		\
	    __attribute__((used, section("registered_queries"))) =	\
	    &file##_##title.query

/* The parameters, as text; NULL is SQL's NULL. */
#define PARAMS(...)	((const char *const[]){ NULL, ##__VA_ARGS__ } + 1), \
	(sizeof((const char *const[]){ NULL, ##__VA_ARGS__ }) /		\
	    sizeof(char *) - 1)

/*
 * db_one() returns the row and raises ERR_INTERNAL when there is not exactly
 * one; db_maybe_one() returns NULL for none; db_many() returns an array and
 * its length; db_exec() the number of rows touched. Results have the type of
 * the query's model and live as long as the request. Raises ERR_CONFLICT for
 * a broken constraint, ERR_UNAVAILABLE without a database.
 */
#define db_one(c, q, ...)						\
	((__typeof__((q).row))db_query_one(c, &(q).query,		\
	    PARAMS(__VA_ARGS__)))
#define db_maybe_one(c, q, ...)						\
	((__typeof__((q).row))db_query_maybe_one(c, &(q).query,		\
	    PARAMS(__VA_ARGS__)))
#define db_many(c, q, n, ...)						\
	((__typeof__((q).row))db_query_many(c, &(q).query, n,		\
	    PARAMS(__VA_ARGS__)))
#define db_exec(c, q, ...)						\
	db_query_exec(c, &(q).query, PARAMS(__VA_ARGS__))

void	*db_query_one(struct ctx *, const struct query *,
	    const char *const *, size_t) AWAITS;
void	*db_query_maybe_one(struct ctx *, const struct query *,
	    const char *const *, size_t) AWAITS;
void	*db_query_many(struct ctx *, const struct query *, size_t *,
	    const char *const *, size_t) AWAITS;
int64_t	 db_query_exec(struct ctx *, const struct query *,
	    const char *const *, size_t) AWAITS;

/* Parameters that are not text. */
const char	*db_time(struct ctx *, int64_t us);
const char	*db_int(struct ctx *, int64_t);
const char	*db_uuid(struct ctx *);			/* a new one, v7 */

/*
 * From db_begin() to db_commit() the request's queries are one transaction,
 * on one connection. Leaving before the commit, by return or by raise_error(),
 * rolls it back.
 */
void	db_begin(struct ctx *) AWAITS;
void	db_commit(struct ctx *) AWAITS;

/*
 * A query has shown that the session is read-only. Every connection of this
 * worker is made anew, at most once a second: after a failover they may all be
 * to a server that has been demoted. A statement that is refused for that does
 * the same by itself.
 */
void	database_reconnect(void);

/*
 * For commands, in the parent: runs a statement on a connection of its own and
 * waits. Returns NULL and the rows touched, or a line saying what is wrong.
 */
#define db_exec_now(q, touched, ...)					\
	database_exec_now(&(q).query, touched, PARAMS(__VA_ARGS__))

const char	*database_exec_now(const struct query *, int64_t *touched,
		    const char *const *, size_t);

/* In the parent, before what follows: where the database is. */
void		 database_init(const char *url);

/*
 * In the parent: the first reads the query files, the second connects and
 * checks the schema's version and every query. Both return NULL, or a line
 * saying what is wrong.
 */
const char	*database_load(void);
const char	*database_check(void);

/*
 * The conninfo string of every connection: the configured one with a literal
 * address, the user spelt out and our own session settings. NULL, and
 * *problem says why.
 */
const char	*database_conninfo(const char *url, const char **problem);

/*
 * Before database_worker_init(): every connection will LISTEN to the channel, a
 * plain identifier. told() is called for each notification, and whenever a
 * connection becomes ready, since one may have been missed.
 */
void		 database_listen(const char *channel, void (*told)(void));

/*
 * In a worker, the first once, the second at every tick. settled() is called
 * when the first connection is ready, or none could be had.
 */
void		 database_worker_init(const char *conninfo, unsigned pool,
		    void (*settled)(void));
void		 database_tick(uint64_t now_ms);

/* Compiled in by MIGRATION(0001_users), applied in order. */
struct migration {
	const char	*name;			/* "0001_users" */
	const char	*sql;
};

#define MIGRATION(file)							\
	extern const unsigned char asset_##file##_sql[];		\
	static const struct migration migration_##file = {		\
		.name = #file, .sql = (const char *)asset_##file##_sql	\
	};								\
	REGISTER(migrations, migration_##file)

/* The highest version compiled in. */
int		 migrations_version(void);

/* Applies what is missing, or only says so; prints a line for each. */
const char	*migrations_run(bool dry_run);

#endif
