/* SPDX-License-Identifier: ISC */
/*
 * Background work: a job is a row that a request stores in its transaction and
 * the command jobs runs.
 */

#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "database/database.h"
#include "request/endpoint.h"

/*
 * FastAPI's BackgroundTasks, but a crash does not lose them: a job exists if
 * and only if its transaction commits, and the command jobs runs it at least
 * once. A kind of job is declared like an endpoint:
 *
 *	users.h:	 JOB_KIND(send_welcome_email, user);
 *	users_jobs.c:	 JOB(send_welcome_email, .payload = &user_ref_schema,
 *			     MAIL_ATTEMPTS);
 *	users_service.c: background(c, send_welcome_email, user);
 *
 * The handler returns when the work is done. If it raises an error, the attempt
 * has failed and is retried after the backoff. After ERR_PERMANENT, a payload
 * that is invalid by its schema, or the last attempt, the job is dead: it is
 * kept for an admin.
 */

/* A job; the handler's is c->job. */
struct job {
	const char	*id;
	const char	*kind;
	const char	*payload;	/* JSON */
	const char	*request_id;	/* that stored it; NULL: none did */
	int64_t		 attempts;	/* with this one */
	int64_t		 created_at;
};

struct job_kind {
	const char		*name;
	const char		*file;		/* that defines it */
	void			(*handler)(struct ctx *);
	const struct schema	*payload;	/* NULL: none */
	unsigned		 attempts;	/* at most; 0: one */
	unsigned		 backoff;	/* seconds; doubled after each
						   attempt */
	unsigned		 backoff_max;	/* seconds */
	unsigned		 timeout;	/* seconds, per attempt */
	const char		*unique;	/* the payload's member that is
						   unique in unfinished jobs */
	const char		*user;		/* the payload's member that is
						   the user it is about */
	unsigned		 every;		/* seconds between rounds; 0:
						   not scheduled, or daily */
	const char		*daily;		/* the time of day, "03:30" or
						   "03:30:00"; NULL: not */
	const char		*zone;		/* of .daily, as PostgreSQL
						   names it; NULL: UTC */
	bool			 atomic;	/* handler and outcome share a
						   transaction */
	bool			 mails;		/* sends mail: has a place of
						   its own */
	struct endpoint		 endpoint;	/* set at start */
	uint64_t		 ask_at;	/* the runner: next round */
	bool			 is_told;	/* that .mails is missing */
	bool			 zone_known;	/* the database knows it */
};

/* What JOB_KIND declares; jobs_init() compares it with the schema. */
struct job_payload {
	const char		*name;
	const char		*file;		/* the header */
	const struct job_kind	*kind;		/* NULL: no JOB defines it */
	const char		*structure;
};

/* In a header: a payload of this kind is a struct st. */
#define JOB_KIND(kind, st)						\
	extern struct job_kind kind##_job __attribute__((weak));	\
	static const struct job_payload kind##_declared = {		\
		#kind, __FILE__, &kind##_job, #st			\
	};								\
	REGISTER(job_payloads, kind##_declared);			\
	static inline const void *					\
	kind##_typed(const struct st *payload)				\
	{								\
		return (payload);					\
	}								\
	static inline const struct st *					\
	kind##_payload(struct ctx *c)					\
	{								\
		return (schema_read_body(c, kind##_job.payload));	\
	}

/* In one .c file, below the handler of that name. */
#define JOB(kind, ...)							\
	struct job_kind kind##_job = {					\
		.name = #kind, .file = __FILE__, .handler = kind,	\
		##__VA_ARGS__						\
	};								\
	REGISTER(job_kinds, kind##_job)

/*
 * Stores a job in the open transaction:
 *
 *	background(c, send_welcome_email, user);
 *
 * Its payload is the members of the struct that the kind's schema lists. Stores
 * nothing if an unfinished job has the same value of the kind's unique member;
 * if that one was stored for later, it is due now.
 * Raises ERR_INTERNAL outside of a transaction.
 */
#define background(c, kind, payload)					\
	job_store(c, &kind##_job, kind##_typed(payload))

void		 job_store(struct ctx *, const struct job_kind *,
		    const void *payload) AWAITS;

/*
 * The attempt waits for another server, until that time by coro_now_ms() at
 * most, or no more (0). Meanwhile its .timeout does not count, and the runner
 * may give its place to another job. May be called again with another time.
 */
void		 job_waits(struct ctx *, uint64_t until);

/*
 * The same for later: when these seconds have passed since the transaction
 * began, or at a time, in microseconds since 1970 (UTC); at once, if that has
 * passed.
 *
 *	background_in(c, 3 * 86400, remind, user);
 *	background_at(c, meeting->begins_at - HOUR_US, remind, meeting);
 *
 * If an unfinished job has the same unique member, the earlier of both times
 * counts for that one until its first attempt. Raises ERR_INTERNAL for seconds
 * below 0, for a time more than ten years ago, which must be in another unit,
 * and for what is more than ten years ahead.
 */
#define background_in(c, seconds, kind, payload)			\
	job_store_in(c, seconds, &kind##_job, kind##_typed(payload))
#define background_at(c, when, kind, payload)				\
	job_store_at(c, when, &kind##_job, kind##_typed(payload))

void		 job_store_in(struct ctx *, int64_t seconds,
		    const struct job_kind *, const void *payload) AWAITS;
void		 job_store_at(struct ctx *, int64_t when,
		    const struct job_kind *, const void *payload) AWAITS;

/* Filled before the runner starts. */
struct jobs_settings {
	unsigned	 concurrency;	/* attempts at once */
	unsigned	 mails;		/* besides, at kinds that send mail */
	unsigned	 waiting;	/* besides, that wait for a server */
	unsigned	 keep_days;	/* for jobs that are done */
};

extern struct jobs_settings	jobs_settings;

/*
 * In the parent, once: checks the kinds of jobs. Returns NULL, or an error
 * message.
 */
const char	*jobs_init(void);

#endif
