/* SPDX-License-Identifier: ISC */
/*
 * The database: rows, queries, transactions. All SQL goes through here; a wait
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
 * SQL is in sql/queries, in sections headed `-- name: users.find_by_email`. C
 * declares a section with the model of its rows, and calls it with text
 * parameters:
 *
 *	QUERIES(users);
 *	QUERY(users, find_by_email, user);
 *	...
 *	return (db_maybe_one(c, users_find_by_email, email));
 *
 * Every query is prepared on every connection. At the start the parent also
 * prepares it once and compares its columns with the model: the server does
 * not start with a wrong query.
 */

/*
 * The message of the 409 response when a statement violates this constraint or
 * unique index. Without one, the client gets a general message, and the log
 * the details.
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

struct query {
	const char		*name;		/* "users.find_by_email" */
	const struct schema	*row;
	const char		*sql;		/* set at start */
	unsigned		 nparams;	/* set at start */
};

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

/* `row` is never set: db_one() uses only its type. */
#define QUERY(file, title, s)						\
	static struct {							\
		struct query	 query;					\
		struct s	*row;					\
	} file##_##title = {						\
		.query = { .name = #file "." #title, .row = &s##_schema }\
	};								\
	static struct query *const file##_##title##_registered		\
	    __attribute__((used, section("registered_queries"))) =	\
	    &file##_##title.query

/* The parameters, as text; NULL is SQL's NULL. */
#define PARAMS(...)	((const char *const[]){ NULL, ##__VA_ARGS__ } + 1), \
	(sizeof((const char *const[]){ NULL, ##__VA_ARGS__ }) /		\
	    sizeof(char *) - 1)

/*
 * db_one() returns the row and raises ERR_INTERNAL unless there is exactly one;
 * db_maybe_one() returns NULL if there is none; db_many() returns an array and
 * its length; db_exec() returns the number of affected rows. Rows have the type
 * of the query's model and live as long as the request. All raise ERR_CONFLICT
 * for a violated constraint, and ERR_UNAVAILABLE without a database.
 *
 * Set ctx->quiet for work that asks again and again while the database cannot
 * run a statement: that is then neither logged nor a reason to reconnect.
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

/* Convert a value to a text parameter. Times are in microseconds. */
const char	*db_time(struct ctx *, int64_t us);
const char	*db_int(struct ctx *, int64_t);
const char	*db_uuid(struct ctx *);			/* a new UUIDv7 */

/*
 * From db_begin() to db_commit() the request's queries are one transaction,
 * on one connection. A return or raise_error() before the commit rolls it back.
 */
void	db_begin(struct ctx *) AWAITS;
void	db_commit(struct ctx *) AWAITS;

/*
 * For a query that has found its session read-only: reconnects all connections
 * of this worker, at most once a second. After a failover, all may lead to the
 * old primary. A statement that fails because the session is read-only does
 * this by itself.
 */
void	database_reconnect(void);

/*
 * For commands, in the parent: runs a statement on a new connection and blocks.
 * Returns NULL and the number of affected rows, or an error message.
 */
#define db_exec_now(q, touched, ...)					\
	database_exec_now(&(q).query, touched, PARAMS(__VA_ARGS__))

const char	*database_exec_now(const struct query *, int64_t *touched,
		    const char *const *, size_t);

/*
 * The same for a statement that has rows, like db_many(): returns an array of
 * the query's model, and its length. It is never freed: a command ends soon. On
 * error, returns NULL and sets *problem.
 *
 *	user = db_many_now(users_find_by_email, &n, &problem, email);
 */
#define db_many_now(q, n, problem, ...)					\
	((__typeof__((q).row))database_many_now(&(q).query, n, problem,	\
	    PARAMS(__VA_ARGS__)))

void		*database_many_now(const struct query *, size_t *n,
		    const char **problem, const char *const *, size_t);

/* In the parent, before the functions below. Keeps the pointer. */
void		 database_init(const char *url);

/*
 * In the parent. database_load() reads the query files. database_check()
 * connects, and checks the schema's version and every query. Both return NULL,
 * or an error message.
 */
const char	*database_load(void);
const char	*database_check(void);

/*
 * Returns the conninfo string for every connection, in static memory: the
 * configured one with the host's IP address, an explicit user and our session
 * settings. On error returns NULL and sets *problem.
 */
const char	*database_conninfo(const char *url, const char **problem);

/*
 * Before database_worker_init(): makes every connection LISTEN to the channel,
 * a plain identifier. told() is called for each notification, and when a
 * connection becomes ready, since a notification may have been missed.
 */
void		 database_listen(const char *channel, void (*told)(void));

/*
 * In a worker: database_worker_init() once, database_tick() at every tick.
 * settled() is called once, when a connection is ready or connecting failed.
 */
void		 database_worker_init(const char *conninfo, unsigned pool,
		    void (*settled)(void));
void		 database_tick(uint64_t now_ms);

/* MIGRATION(0001_users) compiles one in. They are applied in order. */
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

/*
 * Applies the missing migrations and prints a line for each; with dry_run, only
 * prints. Returns NULL, or an error message.
 */
const char	*migrations_run(bool dry_run);

#endif
