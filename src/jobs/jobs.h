/* SPDX-License-Identifier: ISC */
/*
 * Background work: jobs are rows, stored in the transaction that they belong
 * to and run by the command jobs.
 */

#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "database/database.h"
#include "request/endpoint.h"

/*
 * Work for later (the seed's BackgroundTasks, which a crash loses). A job is
 * stored in the transaction that is open, so it exists if and only if that
 * commits; the command jobs runs it, at least once. A kind of job is declared
 * like an endpoint:
 *
 *	users.h:	 JOB_KIND(send_welcome_email, user);
 *	users_jobs.c:	 JOB(send_welcome_email, .payload = &user_ref_schema,
 *			     .attempts = 20, .backoff = 10, .timeout = 60);
 *	users_service.c: background(c, send_welcome_email, user);
 *
 * Its handler returns when the work is done. If it raises an error, the attempt
 * has failed, and another one follows after a while. After ERR_PERMANENT, a
 * payload that its schema refuses, or the last attempt there is no other: the
 * job is dead, and kept for an admin to look at.
 */

/* A job, as the handler finds it in c->job. */
struct job {
	const char	*id;
	const char	*kind;
	const char	*payload;	/* JSON */
	const char	*request_id;	/* whose request; NULL: nobody's */
	int64_t		 attempts;	/* this one included */
	int64_t		 created_at;
};

struct job_kind {
	const char		*name;
	void			(*handler)(struct ctx *);
	const struct schema	*payload;	/* NULL: none */
	unsigned		 attempts;	/* then it is dead; 0: one */
	unsigned		 backoff;	/* seconds after the first, */
	unsigned		 backoff_max;	/* doubled each time up to */
	unsigned		 timeout;	/* seconds, of an attempt */
	const char		*unique;	/* the payload's member that no
						   two unfinished ones share */
	unsigned		 every;		/* seconds: it is scheduled */
	bool			 atomic;	/* in one transaction with the
						   note that it is done */
	struct endpoint		 endpoint;	/* made at start */
	uint64_t		 ask_at;	/* the runner: its next round */
};

/* What JOB_KIND says, for the start to compare with the payload's schema. */
struct job_payload {
	const struct job_kind	*kind;
	const char		*structure;
};

/* In a header: payloads are of this struct. */
#define JOB_KIND(kind, st)						\
	extern struct job_kind kind##_job;				\
	static const struct job_payload kind##_declared = {		\
		&kind##_job, #st					\
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
		.name = #kind, .handler = kind, ##__VA_ARGS__		\
	};								\
	REGISTER(job_kinds, kind##_job)

/*
 * Stores a job in the transaction that is open; in a line:
 *
 *	background(c, send_welcome_email, user);
 *
 * Its payload is what the kind's schema lists of the struct. Nothing is stored
 * if the kind has a unique member and such a job waits or runs.
 */
#define background(c, kind, payload)					\
	job_store(c, &kind##_job, kind##_typed(payload))

void		 job_store(struct ctx *, const struct job_kind *,
		    const void *payload) AWAITS;

/* Filled before the runner starts. */
struct jobs_settings {
	unsigned	 concurrency;	/* attempts at once */
	unsigned	 keep_days;	/* of jobs that are done */
};

extern struct jobs_settings	jobs_settings;

/*
 * In the parent, once: checks what the kinds declare. Returns NULL, or a line
 * saying what is wrong.
 */
const char	*jobs_init(void);

#endif
