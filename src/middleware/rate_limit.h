/* SPDX-License-Identifier: ISC */
/*
 * Rate limits: how many requests a client, a network or an account may send in
 * a window.
 */

#ifndef MIDDLEWARE_RATE_LIMIT_H
#define MIDDLEWARE_RATE_LIMIT_H

#include "request/ctx.h"
#include "schema/schema.h"
#include "wire/wire_head.h"

/*
 * Requests are counted in memory that all workers share, exactly across them.
 * If a limit is N per period, N requests pass at once, then one more each
 * period/N (the generic cell rate algorithm: one timestamp per client).
 *
 *	RATE_LIMIT(register, 20, HOUR, "Registrations from one address");
 *	ROUTE(users_collection, POST(create_user, .limit = &register_limit, ...
 *
 * An address is one IPv4 address or an IPv6 /64. One client may have many
 * addresses, so its wider networks are counted too: an IPv4 /24 has 16 times
 * the quota, an IPv6 /56 has 4 times and a /48 16 times. Limits of an account
 * do not count the /48.
 *
 * The setting RATE_LIMITS changes limits by name, or switches all of them off.
 */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };	/* seconds */

struct rate_held;

#define WIDER_NETWORKS	3	/* /24, /56, /48 */

struct rate_limit {
	const char	*name;
	unsigned	 quota;
	unsigned	 window;	/* seconds */
	const char	*doc;
	bool		 of_account;	/* counts an account per client */
	bool		 no_client;	/* not of clients: no networks */
	struct {
		unsigned	quota;	/* 0: a multiple of the address's */
		unsigned	window;
	} wider[WIDER_NETWORKS];
};

#define RATE_LIMIT_NAME	64	/* maximum, in bytes, with its NUL */

#define RATE_LIMIT(title, n, period, text, ...)			\
	_Static_assert(sizeof(#title) <= RATE_LIMIT_NAME,		\
	    "the name of a rate limit is too long");			\
	static struct rate_limit title##_limit = {			\
		.name = #title, .quota = n, .window = period,		\
		.doc = text, ##__VA_ARGS__				\
	};								\
	REGISTER(rate_limits, title##_limit)

/* rate_limit_config.c */

/*
 * In the parent: applies RATE_LIMITS, which is "off" or a list such as
 * "token=30/m,token/48=900/m,register=20/h"; NULL changes nothing. Returns NULL
 * or an error message.
 */
const char	*rate_limit_configure(const char *setting);

/* Prints each limit on a line (for the command check-config). */
void		 rate_limit_print(void);

/* Are all limits switched off? */
bool		 rate_limit_off(void);

/* A network that is counted. In each family the narrowest comes first. */
struct rate_network {
	bool		ipv6;
	unsigned	bits;
	unsigned	times;		/* as much as one address */
	int		wider;		/* in rate_limit.wider; -1: none */
	bool		of_account;	/* counts accounts too; not a /48, where
					   other customers could use up the
					   owner's quota */
};

#define RATE_NETWORKS	5

extern const struct rate_network	rate_networks[RATE_NETWORKS];

/* Does the limit count that network? */
bool		 rate_limit_counts(const struct rate_limit *,
		    const struct rate_network *);

/* The quota and the window, in seconds, of a limit in that network. */
void		 rate_limit_rate(const struct rate_limit *,
		    const struct rate_network *, unsigned *quota,
		    unsigned *window);

/* rate_limit.c */

/* In the parent: maps the table. Returns NULL or an error message. */
const char	*rate_limit_init(void);

/* Counts a request of the client's address. Raises 429 beyond the limit. */
void		 rate_limit_request(struct ctx *, const struct rate_limit *);

/*
 * For limits that count only failures: takes one for the account from this
 * address, and gives it back when the request ends, unless rate_limit_spend()
 * was called. An account is counted per address and network, up to a /24 or /56
 * (.of_account), so that clients elsewhere cannot use up its quota. If account
 * is NULL, only addresses are counted. Raises 429 if none is left. Returns NULL
 * if limits are off, or if the request is a retry and has spent one already.
 */
struct rate_held	*rate_limit_hold(struct ctx *,
			    const struct rate_limit *, const char *account);
void			 rate_limit_spend(struct rate_held *);

/* Calls put(to, ...) for RateLimit-Policy and RateLimit, if limits are on. */
void		 rate_limit_headers(const struct ctx *, header_put_fn *put,
		    void *to);

#endif
