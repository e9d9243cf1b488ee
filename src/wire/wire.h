/* SPDX-License-Identifier: ISC */
/*
 * The guard: reads each request before Kore does, and refuses what RFC 9112
 * does not allow.
 */

#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "wire/wire_head.h"

/*
 * The guard reads and checks whole requests, and keeps their headers and body.
 * It passes Kore one request at a time, and only the method, target and host of
 * it. A pipelined request waits until the response to the first one is sent. A
 * refused request gets an error status and its body, and the connection closes.
 *
 * Each phase of a connection has a deadline, which wire_tick() enforces:
 * handshake, head, body, sending, idle and lingering. While a request is being
 * handled, each of its waits has one.
 */

struct connection;
struct http_request;
struct kore_domain;
struct kore_module_handle;
struct netaddr;
struct netblock;

/* A request that has been read completely. */
struct wire_request {
	struct head	 head;
	char		*body;		/* NUL-terminated; NULL if empty */
	size_t		 body_len;
	size_t		 body_size;	/* allocated */
	size_t		 body_max;	/* the limit of body_len */
	size_t		 counted;	/* in wire_memory() */
	bool		 is_large;	/* and in the share of large bodies */
	size_t		 text_len;
	char		 text[];	/* what head points into */
};

/* A request that the guard refuses, and the response's body. */
struct refusal {
	const struct error_kind	*kind;
	const char		*message;	/* a constant without quotes */
	const char		*request_id;
	const struct head	*head;		/* NULL: it was not parsed */
	bool			 is_admin;	/* on the admin listener */

	/* write_refusal sets these. */
	const char		*type;		/* the media type */
	const char		*vary;		/* as in put_headers; or NULL */
	size_t			 len;
	char			 body[ENVELOPE_MAX];
};

/* The guard's settings, besides the limits of kore.conf. Set at start. */
struct wire_settings {
	unsigned	 workers;
	unsigned	 per_address;	/* connections of one client */
	unsigned	 other_files;	/* other descriptors of a worker */
	unsigned	 keepalive;	/* seconds; 0: kore.conf says */

	/* The value of Strict-Transport-Security; NULL: it is not sent. */
	const char	*hsts;

	const struct netblock	*proxies;	/* trusted ones */
	unsigned	 nproxies;
	bool		 proxies_only;	/* close all other connections */
	/*
	 * kore.conf's servers for operators: of the server, and of the runner.
	 * Both count as the admin listener.
	 */
	const char	*admin, *runner;

	/* The address of a socket that was given for the API; or NULL. */
	const char	*given_host, *given_port;
	bool		 given_admin;	/* one was given for operators */

	/* The route of a path; there is one, in every domain. */
	struct kore_module_handle	*(*find_route)(
			    const struct kore_domain *, const char *path);
	/*
	 * The limit of the body of such a request; 0: http_body_max. Not for
	 * the admin listener.
	 */
	size_t		(*find_body_max)(const struct kore_domain *,
			    const char *path, const char *method);
	/*
	 * Writes a request's id: the header's value, or a new id if the value
	 * is NULL or not valid.
	 */
	void		(*name_request)(char id[static REQUEST_ID_MAX + 1],
			    const char *header);
	/* Writes the body of a refusal. */
	void		(*write_refusal)(struct refusal *);
	/*
	 * Puts Vary, and what browsers need, in a refusal. The head is NULL on
	 * the admin listener, which no browser uses.
	 */
	void		(*put_headers)(const struct head *, const char *vary,
			    header_put_fn *, void *to);
};

extern struct wire_settings	wire_settings;

/* Is it the name of a server for operators? */
bool		 wire_is_for_operators(const char *server);

/* Is it a connection to the admin listener? */
bool		 wire_is_admin(const struct connection *);

/* Is it the address of a trusted proxy? */
bool		 wire_trusts(const struct netaddr *);

/*
 * In the parent, at start. wire_check() checks that the limits of kore.conf and
 * of this process fit each other; wire_init() then maps the memory that the
 * workers share. Both return NULL or an error message.
 */
const char	*wire_check(void);
const char	*wire_init(void);

/*
 * In a worker: at its start, with its id from 0; at every tick; and in every
 * round of the loop.
 */
void		 wire_worker_init(unsigned id);
void		 wire_tick(uint64_t now_ms);
void		 wire_run(void);

/*
 * In a worker of a server that is stopping. Its responses then close the
 * connection (stopping_begun()).
 *
 * wire_has_older(): is there a connection, not of the admin listener, that is
 * older than the end's beginning? wire_close_idle(): closes those without a
 * request, unless they are so new that one is about to come, and returns how
 * many are left. wire_count_requests(): how many of them have a request.
 * wire_stop_accepting(): this worker accepts none any more, once.
 * wire_shut_listeners(): for all workers, when none accepts: takes the
 * connections that wait, and lets the kernel refuse others; not those of a
 * socket that this server was given.
 */
bool		 wire_has_older(uint64_t begun_ms);
unsigned	 wire_close_idle(uint64_t now_ms);
unsigned	 wire_count_requests(void);
void		 wire_stop_accepting(void);
void		 wire_shut_listeners(void);

/*
 * Returns the request that Kore calls a handler for; the caller then owns it.
 * NULL if the connection has closed meanwhile.
 */
struct wire_request	*wire_take(struct http_request *);

/*
 * Wipes and frees a request, which may hold a password; until then it counts in
 * wire_memory(). NULL is allowed.
 */
void		 wire_request_free(struct wire_request *);

/*
 * Call these before and after a response is put together. The first one decides
 * whether the connection closes after the response. The second one sends the
 * response, then lets the next request in.
 */
void		 wire_response_begins(struct connection *);
void		 wire_response_ends(struct connection *);

/* What follows the header lines of a response. */
struct wire_body {
	const void	*data;
	size_t		 len;		/* bytes */
	int		 status;	/* 204 and 304 have no content-length */
	bool		 is_static;	/* data is never freed: not copied */
	bool		 is_left_out;	/* a response to HEAD */
};

/*
 * Put the parts of a response, in this order: the status line and what the wire
 * itself says, each header line (a header_put_fn), and the end of the head with
 * the body. A value must not have a line break.
 */
void		 wire_put_status(struct connection *, int status);
void		 wire_put_header(void *connection, const char *name,
		    const char *value);
void		 wire_put_body(struct connection *, const struct wire_body *);

/*
 * The most bytes that a worker holds for requests, those that are coming in and
 * those that are being handled. Bodies stop growing before that, so that there
 * is room for requests without one. Requests with a large body, which is one
 * above http_body_max, have a share, so that there is room for others.
 */
#define WIRE_MEMORY_MAX	((size_t)32 * 1024 * 1024)
#define WIRE_BODIES_MAX	(WIRE_MEMORY_MAX / 8 * 7)
#define WIRE_LARGE_MAX	(WIRE_MEMORY_MAX / 2)

/* The highest limit that a body may have. */
#define WIRE_BODY_MAX	(WIRE_MEMORY_MAX / 8)

/* The bytes that it holds now. */
size_t		 wire_memory(void);

#endif
