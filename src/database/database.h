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

#include "database/query.h"
#include "request/ctx.h"

/*
 * The message of the 409 response when a statement violates this constraint or
 * unique index. Without one, the client gets a general message, and the log
 * the details.
 *
 *	CONSTRAINT(users_email_key, "Email already registered");
 *
 * A foreign key names the column that a body has as a member, too. When the row
 * that the body refers to does not exist, the response is 422 then, with
 * not_found and the message at body.post_id. Where the body has no such member,
 * such as in the DELETE of the post, the message is not used.
 *
 *	CONSTRAINT(notes_post_id_fkey, "There is no such post",
 *	    .member = "post_id");
 */
struct constraint {
	const char	*name;
	const char	*message;
	const char	*file;
	const char	*member;	/* of a body; or NULL */
};

#define CONSTRAINT(index, text, ...)					\
	static const struct constraint constraint_##index = {		\
		.name = #index, .message = text, .file = __FILE__,	\
		##__VA_ARGS__						\
	};								\
	REGISTER(constraints, constraint_##index)

/* Convert a value to a text parameter. Times are in microseconds. */
const char	*db_time(struct ctx *, int64_t us);
const char	*db_int(struct ctx *, int64_t);
const char	*db_uuid(struct ctx *);			/* a new UUIDv7 */
const char	*db_bool(bool);

/*
 * From db_begin() to db_commit() the request's queries are one transaction,
 * on one connection. A return or raise_error() before the commit rolls it back.
 */
void	db_begin(struct ctx *) AWAITS;
void	db_commit(struct ctx *) AWAITS;

/* Is there a db_begin() without its db_commit()? */
bool	db_is_begun(const struct ctx *);

/*
 * For what must commit together with all that a handler writes. After
 * db_enclose(), the next statement or db_begin() opens a transaction, calls
 * first() in it, once, and then goes on. All later statements belong to that
 * transaction, and db_begin() and db_commit() send nothing. When the handler
 * has returned, db_commit_enclosing() commits; a raise_error() or
 * end_with_response() before that, also in first(), rolls everything back.
 *
 * Until the handler uses the database there is no transaction, and it holds no
 * connection: it may hash a password first. The statements of a dependency that
 * it asks meanwhile, with depend(), open none either: they only read who may do
 * this. db_has_enclosed() tells whether it was opened.
 */
void	db_enclose(struct ctx *, void (*first)(struct ctx *));
bool	db_has_enclosed(const struct ctx *);
void	db_commit_enclosing(struct ctx *) AWAITS;

/*
 * With a synchronous standby, a commit is a success only when the standby has
 * it, too: ERR_UNAVAILABLE otherwise, though it is done here. A client that
 * then repeats its request must not be told that all is well before the standby
 * has it. db_confirm() is for a response of success after nothing was written:
 * it waits as a commit would. It does nothing if the request has written, or if
 * it has not asked the database anything. src/app.c calls it after each handler
 * of a POST, PUT, PATCH or DELETE.
 */
void	db_confirm(struct ctx *) AWAITS;

/*
 * For a query that has found its session read-only: reconnects all connections
 * of this worker, at most once a second. After a failover, all may lead to the
 * old primary. A statement that fails because the session is read-only does
 * this by itself.
 */
void	database_reconnect(void);

/*
 * In the parent, before the functions below. Keeps the pointers: the URL, and
 * the setting that it comes from.
 */
void		 database_init(const char *url, const char *setting);

/*
 * In the parent, in this order. database_files() checks that each file of sql/
 * is registered, and the names of the migrations. database_load() reads the
 * query files. database_check() connects, and checks the schema's version,
 * every query, and that the tables take what kore.conf allows. Each returns
 * NULL, or an error message.
 */
const char	*database_files(void);
const char	*database_load(void);
const char	*database_check(void);

/* All statements, of which *n are; also those of lists. */
struct query	*const *database_queries(size_t *n);

/*
 * Checks the text of a URL that a setting has, or NULL: it connects to nothing,
 * and looks up no name. Returns NULL, or an error message.
 */
const char	*database_check_url(const char *url, const char *setting);

/* The servers of a database URL, which connections try one after the other. */
struct servers;

/*
 * In the parent: finds the servers of the URL that a setting has, which must
 * not be freed; looks up names, which may take some seconds. On error returns
 * NULL and sets *problem. database_servers() does that, once, with the URL of
 * database_init().
 */
struct servers	*servers_of(const char *url, const char *setting,
		    const char **problem);
struct servers	*database_servers(const char **problem);

/*
 * In the parent, about twice a second; it does not wait. Looks up the names
 * again, in threads, when a connection has failed.
 */
void		 servers_tick(uint64_t now_ms);

/*
 * Before database_worker_init(): makes every connection LISTEN to the channel,
 * a plain identifier. told() is called for each notification, and when a
 * connection becomes ready, since a notification may have been missed.
 */
void		 database_listen(const char *channel, void (*told)(void));

/*
 * The same on one connection of its own, to other servers. It connects at
 * database_listen_tick(), at every tick. While it is down, nobody is told.
 */
void		 database_listen_apart(struct servers *, const char *channel,
		    void (*told)(void));
void		 database_listen_tick(uint64_t now_ms);

/*
 * In the parent, before database_listen_apart(). Connects: if a pooler is there
 * that is not in session mode, where LISTEN has no effect, returns a line that
 * says so; NULL, also if it cannot connect.
 */
const char	*database_listen_useless(struct servers *);

/*
 * In a worker: database_worker_init() once, database_tick() at every tick.
 * settled() is called once, when a connection is ready or connecting failed.
 */
void		 database_worker_init(struct servers *, unsigned pool,
		    void (*settled)(void));
void		 database_tick(uint64_t now_ms);

/*
 * MIGRATION(0001_users) compiles one in. They are applied in order, each in a
 * transaction. With a step, a C function (database/step.h) runs in it, after
 * the file. step_if is a condition in SQL: where it is false, the step would do
 * nothing, and psql may go on without it (migrate --dry-run). With
 * no_transaction, each statement of the file runs on its own:
 *
 *	MIGRATION(1003_slugs, .step = fill_slugs,
 *	    .step_if = "EXISTS (SELECT FROM posts)");
 *	MIGRATION(1004_index, .no_transaction = true);
 */
struct step;

struct migration {
	const char	*name;			/* "0001_users" */
	const char	*sql;
	void		(*step)(struct step *);
	const char	*step_if;		/* or NULL: always */
	bool		 no_transaction;
};

#define MIGRATION(file_name, ...)					\
	extern const unsigned char asset_##file_name##_sql[];		\
	static const struct migration migration_##file_name = {		\
		.name = #file_name,					\
		.sql = (const char *)asset_##file_name##_sql,		\
		##__VA_ARGS__						\
	};								\
	REGISTER(migrations, migration_##file_name)

/*
 * The highest version compiled in; of a project's own, which begin at 1001, or
 * 0 if there is none.
 */
int		 migrations_version(void);
int		 migrations_own_version(void);

/*
 * The command migrate: applies the missing migrations, and prints a line for
 * each; with dry_run, prints their SQL. It connects to the URL of
 * database_init(), and waits for locks for lock_seconds for each. Returns NULL,
 * or an error message; migrations_ended_by() is the signal that is the reason,
 * or 0.
 */
const char	*migrations_run(bool dry_run, unsigned lock_seconds);
int		 migrations_ended_by(void);

/*
 * Before migrations_run(): from now on, HUP, INT, QUIT and TERM end the
 * command. Returns NULL, or an error message.
 */
const char	*migrations_take_signals(void);

#endif
