/* SPDX-License-Identifier: ISC */
/*
 * One request, or one attempt at a job: its memory, what was sent, its answer,
 * its waits.
 */

#ifndef REQUEST_CTX_H
#define REQUEST_CTX_H

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
struct job;
struct rate_limit;
struct route;
struct schema;
struct user;
struct wire_request;

struct query_value;

struct header {
	const char	*name;
	const char	*value;
	struct header	*next;
};

/* What a rate limit leaves to this client; told in every answer. */
#define LIMITS_MAX	3

struct limit_state {
	const struct rate_limit	*limit;
	unsigned		 bits;		/* of a wider network; or 0 */
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
 * One request, from its head to its access log line. What the client sent is
 * its own (`sent`); only `req` points at Kore's request, and a client that
 * hangs up clears that pointer and changes nothing else. Or one attempt at a
 * job, which has neither: its payload is the body.
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
	uint64_t		 deadline;	/* coro_now_ms(); 0: none */

	const char		*method_name;
	const char		*path;
	const char		*query;		/* raw, "" if none */
	const char		*content_type;	/* NULL if none */
	const char		*authorization;	/* NULL if none */
	const char		*body;		/* NUL-terminated */
	size_t			 body_len;
	struct netaddr		 address;	/* the client's */
	const char		*path_values[4];
	struct query_value	*query_values;
	char			 client[NETADDR_TEXT];	/* its text */
	char			 request_id[REQUEST_ID_MAX + 1];
	int64_t			 started;	/* microseconds, UTC */

	struct limit_state	 limits[LIMITS_MAX];	/* rate_limit.h */
	unsigned		 nlimits;
	struct user		*user;		/* dependencies.h */
	struct user		*target;	/* the same */
	const char		*session_id;	/* the same */
	struct db_conn		*transaction;	/* database.h */
	bool			 is_known;	/* offload.h */
	bool			 mailed;	/* mail.h */
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
		struct header		 own[2];	/* the handler's own */
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
 * Memory of the request, released with it. Raises ERR_UNAVAILABLE when memory
 * is short, so the result needs no check.
 */
void		*ctx_alloc(struct ctx *, size_t);	/* zeroed */
char		*ctx_strdup(struct ctx *, const char *);
char		*ctx_strndup(struct ctx *, const char *, size_t);
char		*ctx_printf(struct ctx *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/*
 * fn(ptr) will be called when the request ends, however it ends, the latest
 * first. Call it on the line that acquires ptr: when it cannot remember, it
 * calls fn(ptr) at once and raises.
 */
void		 defer(struct ctx *, void (*fn)(void *), void *ptr);

/*
 * Makes the coroutine that will run fn(arg); ended(arg) is called on the
 * loop's stack once that is over, and begins with ctx_end(). False when there
 * is no memory or coroutine for it. It may be done again after ctx_end().
 */
bool		 ctx_begin(struct ctx *, void (*fn)(void *),
		    void (*ended)(void *), void *arg);

/*
 * Runs and forgets the defers, in which nothing may raise or wait, and frees
 * the coroutine. The memory stays until ctx_release(), which wipes it if it
 * held a secret.
 */
void		 ctx_end(struct ctx *);
void		 ctx_release(struct ctx *);

/*
 * Suspends until coro_wake(c->coro); false when timeout_ms ran out first, or
 * at once when the ctx has expired.
 */
bool		 ctx_wait(struct ctx *, uint64_t timeout_ms) AWAITS;

/* Has its deadline passed? Then nothing it began may go on. */
bool		 ctx_expired(const struct ctx *);

#endif
