/* SPDX-License-Identifier: ISC */
/*
 * The guard: reads every request before Kore sees it, and holds it to RFC
 * 9112.
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
 * The wire guard: everything a client sends passes here before Kore sees it.
 * The guard reads and checks whole requests, keeps their header lines and
 * body, and hands Kore one request at a time, of which Kore needs to know the
 * method, the target and the host. A second request that came along is held
 * back until the first is answered. What is refused gets its status, the
 * envelope and a closed connection.
 *
 * Every state of a connection has a deadline, which wire_tick() enforces:
 * handshake, head, body, sending, idle, and the last word; while Kore has the
 * request, each of its awaits has one.
 */

struct connection;
struct http_request;
struct netaddr;
struct netblock;

/* A request that was read whole. */
struct wire_request {
	struct head	 head;
	char		*body;		/* NUL-terminated; NULL if empty */
	size_t		 body_len;
	size_t		 body_size;	/* of the memory */
	size_t		 text_len;
	char		 text[];	/* what head points into */
};

/* What the start hands to the guard, besides kore.conf's limits. */
struct wire_settings {
	unsigned	 workers;
	unsigned	 per_address;	/* connections of one client */
	unsigned	 other_files;	/* that a worker has open besides */

	const struct netblock	*proxies;	/* that are trusted */
	unsigned	 nproxies;

	/* A request's id: the header's, NULL if none was sent, or a new one. */
	void		(*name_request)(char id[static REQUEST_ID_MAX + 1],
			    const char *header);
	/* Writes the body of a refusal, and returns its length. */
	size_t		(*write_refusal)(char body[static ENVELOPE_MAX],
			    const struct error_kind *, const char *message,
			    const char *request_id);
};

extern struct wire_settings	wire_settings;

/* Is it the address of a proxy that is trusted? */
bool		 wire_trusts(const struct netaddr *);

/*
 * In the parent: are kore.conf's limits and this process's such that they fit
 * each other? Returns NULL, or a line that names what does not. Then
 * wire_init() maps the memory that the workers share.
 */
const char	*wire_check(void);
const char	*wire_init(void);

/* In worker `id`, counted from 0; then at every tick and every round. */
void		 wire_worker_init(unsigned id);
void		 wire_tick(uint64_t now_ms);
void		 wire_run(void);

/*
 * The request that Kore calls a handler for; the caller owns it from then on.
 * NULL when the connection has gone meanwhile.
 */
struct wire_request	*wire_take(struct http_request *);

/* Gives it back, overwritten: it may have held a password. NULL is fine. */
void		 wire_request_free(struct wire_request *);

/*
 * Around Kore's http_response(): whether the connection closes afterwards is
 * the guard's to say; then the answer is sent and the next request may come.
 */
void		 wire_answer_begins(struct connection *);
void		 wire_answer_ends(struct connection *);

/* Bytes that a worker holds for requests coming in, at the most. */
#define WIRE_MEMORY_MAX	((size_t)32 * 1024 * 1024)

/* How many it holds now. */
size_t		 wire_memory(void);

#endif
