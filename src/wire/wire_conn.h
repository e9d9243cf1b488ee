/* SPDX-License-Identifier: ISC */
/* A connection as the guard sees it. For src/wire only. */

#ifndef WIRE_WIRE_CONN_H
#define WIRE_WIRE_CONN_H

#include <sys/types.h>
#include <sys/queue.h>

#include <kore/kore.h>
#include <kore/http.h>

#include "utils/netaddr.h"
#include "wire/wire.h"
#include "wire/wire_chunked.h"

/*
 * A client's connection, as the guard's files see it. Internal to this room.
 *
 *	HANDSHAKE -> HEAD -> BODY -> HANDLING -> SENDING -> IDLE -> HEAD ...
 *	              |       |                     |
 *	              +-------+---- refused --------+-> LINGERING -> gone
 */

enum wire_phase {
	WIRE_HANDSHAKE,		/* of TLS */
	WIRE_HEAD,		/* a head is due, or the rest of it */
	WIRE_BODY,
	WIRE_HANDLING,		/* the request is Kore's */
	WIRE_SENDING,		/* the client takes the answer */
	WIRE_IDLE,		/* between two requests */
	WIRE_LINGERING,		/* all was said; the client is to hang up */
	WIRE_PHASES
};

struct wire {
	struct connection	*conn;		/* whose hdlr_extra this is */
	enum wire_phase		 phase;
	uint64_t		 since;		/* when that began, in ms */
	uint64_t		 linger_end;
	struct netaddr		 peer;
	size_t			 slot;		/* wire_caps.h */
	bool			 readable;	/* until reading says no */
	bool			 close;		/* after the answer */
	bool			 ready;		/* on the list of wire_run() */
	struct head_scan	 scan;
	char			*in;		/* read, not yet understood */
	size_t			 len, size;
	struct wire_request	*request;	/* until wire_take() */
	struct chunked		 chunked;
	TAILQ_ENTRY(wire)	 readylist;
	LIST_ENTRY(wire)	 all;
};

/* What kore.conf and the environment allow. */
struct wire_limits {
	size_t		head_max;		/* bytes */
	unsigned	per_address;		/* connections */
	uint64_t	deadline[WIRE_PHASES];	/* ms; 0: none */
};

extern struct wire_limits	wire_limits;

/*
 * The functions below return false when the connection is of no more use:
 * whoever called them from an event disconnects it, and asks nothing more of
 * the struct wire, which may be gone.
 */

/* wire_conn.c */
void	 wire_phase_set(struct wire *, enum wire_phase);

/*
 * Room for others: the connection goes that has waited longest without a
 * request in hand, of those that are sending one (for their memory) or of all.
 * False when there is none but `but`.
 */
bool	 wire_evict(const struct wire *except, bool sending_one);
void	 wire_later(struct wire *);		/* go on in the next round */

/* wire_read.c */
bool	 wire_read(struct wire *);		/* what there is to read */
void	 wire_read_end(struct wire *);		/* gives all memory back */
ssize_t	 wire_receive(struct wire *, char *, size_t);

/* wire_send.c */
bool	 wire_refuse(struct wire *, const struct error_kind *,
	    const char *message);
bool	 wire_flush(struct wire *);		/* and what follows then */
bool	 wire_discard(struct wire *);		/* while LINGERING */

#endif
