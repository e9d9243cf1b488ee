/* SPDX-License-Identifier: ISC */
/*
 * The context of one request, or of one attempt at a job: its memory, input,
 * response and waits.
 */

#ifndef REQUEST_CTX_H
#define REQUEST_CTX_H

#include <sys/queue.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/faults.h"
#include "base/log.h"
#include "coro/coro.h"
#include "request/raise.h"
#include "utils/netaddr.h"

struct db_conn;
struct endpoint;
struct http_request;
struct idempotency;
struct job;
struct rate_limit;
struct route;
struct user;
struct wire_request;

struct query_value;

struct header {
	const char	*name;
	const char	*value;
	struct header	*next;
};

/* The state of a rate limit for this client, sent in every response. */
#define LIMITS_MAX	3

struct limit_state {
	const struct rate_limit	*limit;
	unsigned		 bits;		/* a wider network's; or 0 */
	unsigned		 quota;
	unsigned		 window;	/* seconds */
	unsigned		 remaining;
	unsigned		 reset;		/* seconds */
};

struct defer {
	void		(*fn)(void *);
	void		*ptr;
	struct defer	*next;
};

/*
 * One request, from its head to its access log line, or one attempt at a job. A
 * request owns what the client sent (`sent`); only `req` points into Kore. When
 * the client hangs up, `req` becomes NULL, client_gone becomes true, and
 * nothing else changes. A job has neither `req` nor `sent`: its payload is the
 * body.
 */
struct ctx {
	struct arena		 arena;
	struct defer		*defers;
	struct coro		*coro;
	struct http_request	*req;
	struct wire_request	*sent;
	const struct route	*route;
	const struct endpoint	*endpoint;	/* NULL: none matched */
	struct faults		 faults;
	const struct job	*job;		/* jobs.h; NULL: a request */
	TAILQ_ENTRY(ctx)	 queued;	/* app_queue.c */
	uint64_t		 queued_at;	/* the same */
	uint64_t		 deadline;	/* coro_now_ms(); 0: none */

	const char		*method_name;
	const char		*path;
	const char		*query;		/* raw, "" if none */
	const char		*content_type;	/* NULL if none */
	bool			 coded;		/* Content-Encoding */
	const char		*authorization;	/* NULL if none */
	const char		*user_agent;	/* the same */
	const char		*body;		/* NUL-terminated */
	size_t			 body_len;
	struct netaddr		 address;	/* the client's */
	const char		*path_values[4];
	struct query_value	*query_values;
	char			 client[NETADDR_TEXT];	/* as text */
	char			 request_id[REQUEST_ID_MAX + 1];
	int64_t			 started;	/* microseconds, UTC */

	struct limit_state	 limits[LIMITS_MAX];	/* rate_limit.h */
	unsigned		 nlimits;
	struct user		*user;		/* dependencies.h */
	struct user		*target;	/* the same */
	const char		*user_id;	/* the same: of user, or NULL */
	const char		*session_id;	/* the same */
	struct db_conn		*transaction;	/* database.h */
	bool			 begun;		/* the same: db_begin() */
	bool			 enclosed;	/* the same: db_enclose() */
	bool			 queried;	/* the same: db_confirm() */
	bool			 wrote;		/* the same */
	void			(*on_first)(struct ctx *);	/* the same */
	struct idempotency	*idempotency;	/* idempotency.h */
	bool			 quiet;		/* the same: no log */
	bool			 is_known;	/* offload.h */
	bool			 attempt_counted;	/* auth_attempts.c */
	bool			 mailed;	/* mail.h */
	bool			 accepted;	/* schema_response.h */
	bool			 retried;
	bool			 no_unwind;
	bool			 secret;	/* wipe the arena at the end */
	bool			 done;
	bool			 client_gone;

	struct {
		const struct error_kind	*kind;	/* NULL: none raised */
		char			 message[256];
		struct error_detail	*details;
		struct error_detail	**last_detail;
		unsigned		 ndetails;
		struct header		*headers;
		struct header		 own;	/* error_handler.c's */
		char			 busy[ENVELOPE_MAX];	/* no memory */
		bool			 retry;	/* serialization failure */
	} error;

	struct {
		int			 status;
		struct header		*headers;
		const char		*body;
		size_t			 len;
		bool			 is_static;	/* never freed */
	} response;
};

/*
 * Allocate from the ctx's arena, which is freed when the ctx ends. Raise
 * ERR_UNAVAILABLE when out of memory, so callers need not check the result.
 */
void		*ctx_alloc(struct ctx *, size_t);	/* zeroed */
char		*ctx_strdup(struct ctx *, const char *);
char		*ctx_strndup(struct ctx *, const char *, size_t);
char		*ctx_printf(struct ctx *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* Adds a header to a list of the ctx's; name is kept, value is copied. */
void		 header_add(struct ctx *, struct header **list,
		    const char *name, const char *value);

/*
 * Registers fn(ptr) to be called when the ctx ends, in any way; the last one
 * registered runs first. Call defer() right after ptr is acquired: when out of
 * memory, it calls fn(ptr) at once and raises ERR_UNAVAILABLE.
 */
void		 defer(struct ctx *, void (*fn)(void *), void *ptr);

/*
 * Creates the coroutine that runs fn(arg). When it has ended, ended(arg) runs
 * on the loop's stack and calls ctx_end() first. Returns false if out of memory
 * or coroutines. May be called again after ctx_end().
 */
bool		 ctx_begin(struct ctx *, void (*fn)(void *),
		    void (*ended)(void *), void *arg);

/*
 * Runs the deferred calls, which must not raise or wait, and frees the
 * coroutine. The memory stays until ctx_release(), which wipes it if it holds a
 * secret.
 */
void		 ctx_end(struct ctx *);
void		 ctx_release(struct ctx *);

/*
 * Suspends the coroutine until coro_wake(c->coro), and returns true. False when
 * timeout_ms or the ctx's deadline passes first; at once if the deadline has
 * passed already.
 */
bool		 ctx_wait(struct ctx *, uint64_t timeout_ms) AWAITS;

/* Has the deadline passed? Then the ctx's work must stop. */
bool		 ctx_expired(const struct ctx *);

#endif
