/* SPDX-License-Identifier: ISC */
/*
 * Rate limits: how many requests a client, a network or an account may send in
 * a window.
 */

#ifndef MIDDLEWARE_RATE_LIMIT_H
#define MIDDLEWARE_RATE_LIMIT_H

#include "request/ctx.h"
#include "schema/schema.h"

/*
 * Rate limits, counted in memory that all workers share and exact across them:
 * of a limit of N per period, N requests pass at once, and one more each
 * period/N (the generic cell rate algorithm: one timestamp per client).
 *
 *	RATE_LIMIT(register, 20, HOUR, "registrations of an address");
 *	ROUTE(users_collection, POST(create_user, .limit = &register_limit, ...
 *
 * An address is one of IPv4, or a /64 of IPv6. It is counted in its wider
 * networks too, since one client may have many addresses: 16 times the quota
 * for a /24 of IPv4, 4 times for a /56 and 16 times for a /48 of IPv6 (which is
 * not counted together with an account).
 *
 * RATE_LIMITS changes them by name, or switches all of them off.
 */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };	/* seconds */

struct rate_held;

#define WIDER_NETWORKS	3	/* /24, /56, /48 */

struct rate_limit {
	const char	*name;
	unsigned	 quota;
	unsigned	 window;	/* seconds */
	const char	*doc;
	bool		 of_account;	/* with the client: an account */
	bool		 no_client;	/* something else is counted: it has
					   no networks */
	struct {
		unsigned	quota;	/* 0: a multiple of the address's */
		unsigned	window;
	} wider[WIDER_NETWORKS];
};

#define RATE_LIMIT_NAME	64	/* bytes of a name at the most */

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
 * In the parent. Sets the limits that a RATE_LIMITS of the form "off" or
 * "token=30/m,token/48=900/m,register=20/h" names; NULL leaves all as they are.
 * Returns NULL, or a line saying what is wrong with it.
 */
const char	*rate_limit_configure(const char *setting);

/* Prints every limit as it stands, a line each (the command check-config). */
void		 rate_limit_print(void);

/* Are all switched off? */
bool		 rate_limit_off(void);

/* A network that is counted; in each family the narrowest comes first. */
struct rate_network {
	bool		ipv6;
	unsigned	bits;
	unsigned	times;		/* the quota of one address */
	int		wider;		/* in struct rate_limit; -1: itself */
	bool		of_account;	/* also with an account: in a /48, other
					   customers would use up what is its
					   owner's */
};

#define RATE_NETWORKS	5

extern const struct rate_network	rate_networks[RATE_NETWORKS];

/* Does the limit count that network? */
bool		 rate_limit_counts(const struct rate_limit *,
		    const struct rate_network *);

/* The quota and the window, in seconds, of a limit in such a network. */
void		 rate_limit_rate(const struct rate_limit *,
		    const struct rate_network *, unsigned *quota,
		    unsigned *window);

/* rate_limit.c */

/* In the parent: maps the table. Returns NULL, or what failed. */
const char	*rate_limit_init(void);

/* Counts a request of the client's address. Raises 429 beyond the limit. */
void		 rate_limit_request(struct ctx *, const struct rate_limit *);

/*
 * For what counts only when it fails: takes one for the account from this
 * address, and gives it back at the request's end unless it was spent. Counted
 * with the address and its networks up to a /24 or /56 (.of_account), so that
 * nobody beyond these can use up what is somebody else's; account NULL: by
 * address alone.
 * Raises 429 when there is none to take. Returns NULL while limits are off, and
 * when the request, run once more, has spent one already.
 */
struct rate_held	*rate_limit_hold(struct ctx *,
			    const struct rate_limit *, const char *account);
void			 rate_limit_spend(struct rate_held *);

/* Writes RateLimit and RateLimit-Policy into the answer about to be sent. */
void		 rate_limit_headers(const struct ctx *);

#endif
