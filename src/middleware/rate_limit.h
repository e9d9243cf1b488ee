/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_RATE_LIMIT_H
#define KEEL_RATE_LIMIT_H

#include "runtime/ctx.h"
#include "runtime/schema.h"

/*
 * Rate limits, counted in memory that all workers share and exact across them:
 * of a limit of N per period, N requests pass at once, and one more each
 * period/N (the generic cell rate algorithm: one timestamp per client).
 *
 *	RATE_LIMIT(register, 20, HOUR, "registrations of an address");
 *	ROUTE(users_collection, POST(create_user, .limit = &register_limit, ...
 *
 * KEEL_RATE_LIMITS changes them by name, or switches all of them off.
 */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };	/* seconds */

struct rate_held;

struct rate_limit {
	const char	*name;
	unsigned	 quota;
	unsigned	 window;	/* seconds */
	const char	*doc;
};

#define RATE_LIMIT(title, n, period, text)				\
	static struct rate_limit title##_limit = {			\
		.name = #title, .quota = n, .window = period,		\
		.doc = text						\
	};								\
	REGISTER(rate_limits, title##_limit)

/*
 * In the parent. Sets the limits that a KEEL_RATE_LIMITS of the form
 * "off" or "token=30/m,register=20/h" names; NULL leaves all as they are.
 * Returns NULL, or a line saying what is wrong with it.
 */
const char	*rate_limit_configure(const char *setting);

/* Prints every limit as it stands, a line each (./keel check-config). */
void		 rate_limit_print(void);

/* In the parent: maps the table. Returns NULL, or what failed. */
const char	*rate_limit_init(void);

/* Counts a request of the client's address. Raises 429 beyond the limit. */
void		 rate_limit_request(struct ctx *, const struct rate_limit *);

/*
 * For what counts only when it fails: takes one for the account from this
 * address, and gives it back at the request's end unless it was spent. Counted
 * with the address, so that nobody can use up what is somebody else's. Raises
 * 429 when there is none to take. Returns NULL while limits are off.
 */
struct rate_held	*rate_limit_hold(struct ctx *,
			    const struct rate_limit *, const char *account);
void			 rate_limit_spend(struct rate_held *);

/* Writes RateLimit and RateLimit-Policy into the answer about to be sent. */
void		 rate_limit_headers(const struct ctx *);

#endif
