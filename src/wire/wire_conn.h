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
 * The phases of a connection:
 *
 *	HANDSHAKE -> HEAD -> BODY -> HANDLING -> SENDING -> IDLE -> HEAD ...
 *	              |       |                     |
 *	              +-------+---- refused --------+-> LINGERING -> closed
 */

enum wire_phase {
	WIRE_HANDSHAKE,		/* the PROXY header, and TLS */
	WIRE_HEAD,		/* waiting for a head, or the rest of it */
	WIRE_BODY,
	WIRE_HANDLING,		/* Kore has the request */
	WIRE_SENDING,		/* the response */
	WIRE_IDLE,		/* between two requests */
	WIRE_LINGERING,		/* waiting for the client to close */
	WIRE_PHASES
};

struct wire {
	struct connection	*conn;		/* whose hdlr_extra this is */
	enum wire_phase		 phase;
	uint64_t		 accepted;	/* when, in ms */
	uint64_t		 since;		/* start of the phase */
	uint64_t		 linger_end;
	struct netaddr		 peer;
	size_t			 slot;		/* wire_caps.h */
	bool			 proxied;	/* by a trusted proxy */
	bool			 announcing;	/* a PROXY header may come */
	bool			 readable;	/* until a read would block */
	bool			 drained;	/* below TLS: see wire_read.c */
	bool			 keeps;		/* OpenSSL's buffers */
	bool			 close;		/* after the response */
	bool			 ready;		/* on the list of wire_run() */
	struct head_scan	 scan;
	char			*in;		/* read, not yet parsed */
	size_t			 len, size;
	struct wire_request	*request;	/* until wire_take() */
	struct chunked		 chunked;
	TAILQ_ENTRY(wire)	 readylist;
	LIST_ENTRY(wire)	 all;
};

/* Limits from kore.conf and the environment. */
struct wire_limits {
	size_t		head_max;		/* bytes */
	uint64_t	deadline[WIRE_PHASES];	/* ms; 0: none */
	unsigned	kept;			/* wire_buffers_keep() */
};

extern struct wire_limits	wire_limits;

/* The bytes that are held now: see wire.h. */
struct wire_used {
	size_t		all;
	size_t		large;			/* of requests with is_large */
};

extern struct wire_used	wire_used;

/* Who may be evicted. */
enum wire_whom {
	WIRE_ANYONE,		/* who has no request being handled */
	WIRE_A_SENDER,		/* of a request, to free its memory */
	WIRE_A_LARGE_SENDER	/* the same, of one with is_large */
};

/*
 * The files of this room call only those above them in this list; wire_conn.c
 * calls them all, at Kore's events. wire_send.c and wire_read.c return false
 * when the connection must be closed: the event callback that has called them
 * disconnects it, and does not use the struct wire again, which may have been
 * freed.
 */

/* wire_list.c */
void	 wire_phase_set(struct wire *, enum wire_phase);
void	 wire_list_add(struct wire *);
void	 wire_list_remove(struct wire *);
struct wire	*wire_first(void);		/* then LIST_NEXT(w, all) */
unsigned wire_count(void);
bool	 wire_has_request(const struct wire *);	/* has it begun? */
bool	 wire_has_next(const struct wire *);	/* one that is not parsed */

/* Lets the connection go on in the next round of wire_run(). */
void	 wire_later(struct wire *);
unsigned wire_count_ready(void);
struct wire	*wire_next_ready(void);		/* takes it off the list */

/*
 * Makes room: closes the connection that has waited longest among these. False
 * if there is none except `except`.
 */
bool	 wire_evict(const struct wire *except, enum wire_whom);

/*
 * wire_peer.c: whose connection it is. wire_peer_enter() takes the peer's
 * address, and counts the connection; wire_peer_announce() reads the PROXY
 * header of a trusted proxy, which announces another address, and is called
 * again while w->announcing. False: the connection must be closed.
 */
bool	 wire_peer_enter(struct wire *);
bool	 wire_peer_announce(struct wire *);

/*
 * wire_memory.c: wire_memory() counts all of it. At its limits the client that
 * has been sending longest is evicted. False or NULL: there is no memory.
 */
bool	 wire_in_grow(struct wire *);		/* makes room to read */
void	 wire_in_free(struct wire *);
bool	 wire_body_append(struct wire *, const char *, size_t);
struct wire_request	*wire_request_new(const struct wire *,
			    const char *text, size_t len);
void	 wire_memory_free(struct wire *);	/* all of the connection's */

/*
 * OpenSSL's buffers have 25 KiB, and to free, wipe and allocate them for each
 * record costs a microsecond. So connections that send one request after the
 * other keep theirs, wire_limits.kept of them, until wire_buffers_free().
 */
void	 wire_buffers_keep(struct wire *);
void	 wire_buffers_free(struct wire *);

/* OpenSSL's memory of a connection is freed: malloc() may give it back. */
void	 wire_ssl_freed(void);

/* wire_send.c */
bool	 wire_refuse(struct wire *, const struct error_kind *,
	    const char *message);
bool	 wire_flush(struct wire *);		/* then the next phase */
bool	 wire_discard(struct wire *);		/* while LINGERING */

/* wire_read.c. wire_read_begins(): after the handshake, before wire_read(). */
void	 wire_read_begins(struct wire *);
bool	 wire_read(struct wire *);		/* reads what is there */

/* wire_conn.c, for wire_drain.c: false if no connection waits. */
bool	 wire_accept_one(struct listener *);

#endif
