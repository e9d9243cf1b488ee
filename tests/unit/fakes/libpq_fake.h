/* SPDX-License-Identifier: ISC */
/*
 * Replaces libpq, and Kore's events for its sockets: a test says what the
 * server does and when, and reads back every call in order.
 */

#ifndef TESTS_FAKES_LIBPQ_FAKE_H
#define TESTS_FAKES_LIBPQ_FAKE_H

#include <sys/types.h>

#include <kore/kore.h>
#include <libpq-fe.h>

#include <stdbool.h>

#define FAKE_DBS	64
#define FAKE_RESULTS	8

/* A connection. The test sets what its server and its network do. */
struct pg_conn {
	/* For the test to set. */
	ConnStatusType		 status;
	PGTransactionStatusType	 transaction;
	PostgresPollingStatusType	poll;	/* the next step's outcome */
	int			 unsent;	/* PQflush() returns it */
	bool			 refuses;	/* to send, after these: */
	unsigned		 accepts;
	bool			 stays;		/* in pipeline mode */
	bool			 closed;	/* by the server */
	unsigned		 notes;		/* notifications to read */
	bool			 tls;
	unsigned		 records;	/* of TLS, not read yet */
	const char		*error;
	const char		*reported;	/* session_check_reported() */

	/* For the test to read. */
	int			 fd;		/* -1: no socket */
	int			 events;	/* that are watched */
	unsigned		 starts;	/* PQconnectStart, reset */
	bool			 pipeline;	/* is in pipeline mode */
	unsigned		 sends;		/* while it refuses */

	PQnoticeReceiver	 told;
	void			*told_arg;
	void			*watcher;
	PGresult		*results[FAKE_RESULTS];	/* or NULL: end */
	unsigned		 nresults;
};

/* What libpq does for the next connections. */
struct fake_libpq {
	struct pg_conn	 dbs[FAKE_DBS];
	unsigned	 ndbs;
	bool		 no_memory;	/* PQconnectStart() returns NULL */
	bool		 no_start;	/* nothing can start to connect */
};

extern struct fake_libpq	fake_libpq;

/* Forgets everything. */
void	 fake_libpq_clear(void);

/* A connection that is open, as Kore's module hands over. */
PGconn	*fake_open(void);

/* Adds a result to those that have arrived; fake_end(): the statement's end. */
void	 fake_result(PGconn *, ExecStatusType, const char *message);
void	 fake_end(PGconn *);

/* A notice arrives; function is where the server has made it, or NULL. */
void	 fake_notice(PGconn *, const char *function, const char *message);

/* Adds what comes when all statements of a pipeline have been prepared. */
void	 fake_prepared(PGconn *, unsigned statements);

/* Is this event watched? Then Kore's loop reports it. */
bool	 fake_watches(const PGconn *, int events);

/* Kore's loop reports these events, whether they are watched or not. */
void	 fake_event(PGconn *, int kore_flags, int error);

/*
 * Notes a word; returns all since the last call. The fakes note each call that
 * sends something, and what is watched afterwards.
 */
void		 fake_say(const char *, ...)
		    __attribute__((format(printf, 1, 2)));
const char	*fake_heard(void);

#endif
