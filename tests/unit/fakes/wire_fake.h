/* SPDX-License-Identifier: ISC */
/* Clients of src/wire, and what it needs of Kore and OpenSSL, in unit tests. */

#ifndef TESTS_FAKES_WIRE_FAKE_H
#define TESTS_FAKES_WIRE_FAKE_H

/*
 * Clients that send and read what the test says, without sockets: recv() and
 * others are replaced, for the whole program.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/bio.h>

#include "base/metrics.h"
#include "wire/wire_caps.h"
#include "wire/wire_conn.h"

#define PEERS		8
#define HOST		"Host: keel.test\r\n"
#define HEAD_MAX	16384
#define BODY_MAX	1048576

/* A client: what it has sent, and what it has been sent. */
struct peer {
	struct connection	 conn;
	struct netbuf		 head;		/* what Kore is given */
	struct http_request	 request;	/* what it makes of it */
	struct netbuf		 queued;
	const char		*sent;		/* not yet read */
	size_t			 len;
	bool			 endless;	/* its first byte */
	size_t			 piece;		/* most bytes of a read */
	size_t			 updates;	/* TLS records without data */
	size_t			 ahead;		/* read, and not given out */
	bool			 cut;		/* that is half a record */
	unsigned		 asked;		/* how often the kernel was */
	bool			 keeps;		/* OpenSSL, its buffers */
	unsigned		 frees;		/* them, how often */
	BIO_callback_fn_ex	 callback;
	char			*callback_arg;
	bool			 interrupted;	/* the next read */
	bool			 closed;	/* its half */
	bool			 reset;
	bool			 deaf;		/* does not read */
	bool			 gone;		/* Kore has let it go */
	bool			 notified;	/* of the end of TLS */
	bool			 ended;		/* the server's half */
	unsigned		 reads;
	size_t			 bytes;		/* read of it */
	char			 got[8192];
	size_t			 ngot;
};

extern struct peer	peers[PEERS];

/* Kore's state. */
extern struct fake_wire {
	uint64_t	 now;
	bool		 tls;
	bool		 local;		/* clients of a socket */
	bool		 unknown_host;
	size_t		 streamed;	/* bytes that were not copied */
	bool		 kore_refuses;
	bool		 browsers;	/* they get headers of their own */
	unsigned	 handshakes;	/* left to Kore */
	unsigned	 handed;	/* requests that Kore was given */
	struct peer	*asking;	/* whose the last one was */
	char		 path[64];	/* whose route was asked for */
	size_t		 body_max;	/* of the row; 0: it has none */
	unsigned	 limits_asked;
	unsigned	 rounds;	/* asked for */
	unsigned	 waiting;	/* to be accepted */
	unsigned	 accepted, admitted;
	unsigned	 passed_on;	/* the accept lock */
} fake;

/* The setup and teardown of a test: every peer has to be gone. */
int	wire_setup(void **state);
int	wire_teardown(void **state);

/* Connects with peer `n`, from the address 192.0.2.n, or another one. */
struct peer	*connect_peer(unsigned n);
struct peer	*connect_from(unsigned n, uint32_t address);

/* Something is there to be read or can be written: as from Kore's loop. */
void	send_text(struct peer *, const char *text);
void	send_bytes(struct peer *, const char *data, size_t len);
void	tell(struct peer *);

/* Answers the request that Kore was given: its own response. */
void	answer_peer(struct peer *, const char *text);

/* Has its request the route of its own path? */
bool	has_route(const struct peer *);

struct wire	*wire_of(struct peer *);

#define WIRE_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, wire_setup, wire_teardown)

#endif
