/* SPDX-License-Identifier: ISC */
/* What the files of ./keel migrate share. For src/database only. */

#ifndef DATABASE_MIGRATE_H
#define DATABASE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "database/database.h"
#include "utils/text.h"

#define MIGRATE_SAID	768	/* bytes of what the database says */
#define MIGRATE_WHO	512	/* of who blocks */

/* One of its three connections. */
struct migrate_conn {
	PGconn			*db;
	struct migrate_conn	*other;	/* that may cancel it, or NULL */
	int			 pid;	/* of its server process */
	char			 state[6];	/* SQLSTATE of what failed last;
						   "": there is no answer */
	char			 said[MIGRATE_SAID];	/* in one line */
};

/* What has been seen of the processes that block a statement. */
struct migrate_waits {
	char		 who[MIGRATE_WHO];	/* the last ones; or "" */
	char		 pids[128];		/* of those, for comparison */
	char		 shown[128];		/* and of those in a line */
	int64_t		 shown_at;		/* ms; 0: never */
	int64_t		 since;			/* ms; 0: nobody blocks now */
};

/*
 * The worker runs the migrations. The locker holds the advisory lock in an idle
 * transaction: a statement there would have a snapshot, for which CREATE INDEX
 * CONCURRENTLY waits until that transaction ends. So the watcher sees who
 * blocks the worker, and cancels.
 */
struct migrate {
	struct migrate_conn	 worker, locker, watcher;
	const struct migration	*m;		/* the one that is applied */
	int64_t			 limit_ms;	/* to wait for locks of it */
	int64_t			 until;		/* ms: the end of that; 0: has
						   not waited */
	int64_t			 pause_ms;	/* before the next attempt */
	struct migrate_waits	 waits;
};

/* migrate_exec.c: statements that signals end. */

/* Looks around while a statement runs. False: the statement is cancelled. */
struct migrate_look {
	bool	(*look)(void *arg);
	void	*arg;
};

int64_t		 migrate_now(void);	/* ms of a clock that never stands */

/*
 * Runs a statement, or with n == 0 several, and waits for the end. With a look,
 * a signal cancels it, and none is sent after a signal. With NULL, it is one
 * that takes no time: it waits 10 seconds at most and takes no notice of
 * signals. Returns the last result, for PQclear(), or NULL: then state and said
 * tell why.
 */
PGresult	*migrate_exec(struct migrate_conn *, const char *sql,
		    const char *const *params, int n,
		    const struct migrate_look *);

/* Opens a connection. Returns NULL, or an error message. */
const char	*migrate_open(struct migrate_conn *);

/* Makes its session a new one. Returns NULL, or an error message. */
const char	*migrate_renew(struct migrate_conn *);

/* migrate_blockers.c: who blocks. */

/*
 * Who blocks process pid: its names in one line, and its pids. *who is empty if
 * nobody does. Returns false if the connection does not answer.
 */
bool		 migrate_blockers(struct migrate_conn *, int pid,
		    struct text *who, struct text *pids);

/* The same of who holds the advisory lock. */
bool		 migrate_holders(struct migrate_conn *, struct text *who,
		    struct text *pids);

/* migrate_wait.c: waits, and tells for whom. */

/* Takes the advisory lock on the locker. NULL, or an error message. */
const char	*migrate_lock(struct migrate *);

/* The default lock_timeout, as an expression of SQL. */
void		 migrate_lock_timeout(struct migrate *, struct text *);

/*
 * Runs a statement of a migration on the worker. `patient`: no lock_timeout
 * ends it, so it is cancelled when it has waited for limit_ms.
 */
PGresult	*migrate_watched(struct migrate *, const char *sql,
		    const char *const *params, int n, bool patient);

/*
 * After a failure: may it be tried again? Then waits for a while before that.
 */
bool		 migrate_again(struct migrate *);

/* Is what failed a wait for a lock that took too long? */
bool		 migrate_waited(const struct migrate *);

/* What failed, in one line that names the file. */
const char	*migrate_failure(struct migrate *);

/* migrate_check.c: what a file may not contain. NULL, or an error message. */
const char	*migrate_check(const struct migration *);

/* migrate_apply.c, migrate_alone.c: apply run->m. NULL, or an error message. */
const char	*migrate_apply(struct migrate *);
const char	*migrate_apply_alone(struct migrate *);

/* Records run->m. False: it failed. */
bool		 migrate_record(struct migrate *);

/* Rolls back, and keeps what has failed. */
void		 migrate_roll_back(struct migrate *);

/* migrate_print.c: the SQL of one that is missing, for psql. */
void		 migrate_print_head(bool has_table);
void		 migrate_print(const struct migration *);

#endif
