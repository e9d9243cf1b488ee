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

/* Rate limits: who is counted where, and how the client is told. */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "middleware/rate_limit.h"
#include "runtime/buckets.h"

#define SECOND		UINT64_C(1000000)	/* microseconds */
#define QUOTA_MAX	1000000u
#define PERIODS_MAX	10000u
#define NAME_LENGTH	64
#define HEADER_MAX	256	/* holds LIMITS_MAX names, with numbers */

extern struct rate_limit	*const __start_keel_rate_limits[];
extern struct rate_limit	*const __stop_keel_rate_limits[];

static bool		 off;
static unsigned char	 secret[32];	/* keys cannot be made to collide */
static char		 problem[512];

static struct rate_limit *
find_limit(const char *name, size_t len)
{
	struct rate_limit	*const *l;

	for (l = __start_keel_rate_limits; l < __stop_keel_rate_limits; l++) {
		if (strlen((*l)->name) == len &&
		    strncmp((*l)->name, name, len) == 0)
			return (*l);
	}
	return (NULL);
}

static bool
read_number(const char **p, unsigned most, unsigned *n)
{
	for (*n = 0; isdigit((unsigned char)**p) && *n <= most; ++*p)
		*n = *n * 10 + (unsigned)(**p - '0');
	return (*n >= 1 && *n <= most);
}

/* "30/m", "100/10m": requests, then a period of seconds to days. */
static bool
read_rate(const char *p, size_t len, struct rate_limit *l)
{
	static const char	 units[] = "smhd";
	static const unsigned	 seconds[] = { 1, MINUTE, HOUR, DAY };
	const char		*end = p + len, *unit;
	unsigned		 quota, periods = 1;

	if (!read_number(&p, QUOTA_MAX, &quota) || *p++ != '/')
		return (false);
	if (isdigit((unsigned char)*p) &&
	    !read_number(&p, PERIODS_MAX, &periods))
		return (false);
	if (p + 1 != end || *p == '\0' || (unit = strchr(units, *p)) == NULL)
		return (false);
	l->quota = quota;
	l->window = periods * seconds[unit - units];
	return (true);
}

static const char *
wrong_item(const char *item, size_t len, const char *what)
{
	struct rate_limit	*const *l;
	size_t			 n;

	n = (size_t)snprintf(problem, sizeof(problem), "KEEL_RATE_LIMITS: "
	    "'%.*s' %s; it is 'off' or a list like token=30/m,... of:",
	    (int)(len < 100 ? len : 100), item, what);
	for (l = __start_keel_rate_limits; l < __stop_keel_rate_limits &&
	    n < sizeof(problem); l++)
		n += (size_t)snprintf(problem + n, sizeof(problem) - n, " %s",
		    (*l)->name);
	return (problem);
}

const char *
rate_limit_configure(const char *setting)
{
	struct rate_limit	*limit;
	const char		*p, *equals;
	size_t			 len;

	off = setting != NULL && strcmp(setting, "off") == 0;
	if (setting == NULL || off)
		return (NULL);
	for (p = setting;; p += len + 1) {
		len = strcspn(p, ",");
		equals = memchr(p, '=', len);
		if (equals == NULL)
			return (wrong_item(p, len, "has no ="));
		limit = find_limit(p, (size_t)(equals - p));
		if (limit == NULL)
			return (wrong_item(p, len, "is no limit"));
		equals++;
		if (!read_rate(equals, len - (size_t)(equals - p), limit))
			return (wrong_item(p, len, "is no rate"));
		if (p[len] == '\0')
			return (NULL);
	}
}

void
rate_limit_print(void)
{
	struct rate_limit	*const *l;

	for (l = __start_keel_rate_limits; l < __stop_keel_rate_limits &&
	    !off; l++)
		printf("%-28s %u per %u s: %s\n", (*l)->name, (*l)->quota,
		    (*l)->window, (*l)->doc);
}

const char *
rate_limit_init(void)
{
	struct rate_limit	*const *l;

	for (l = __start_keel_rate_limits; l < __stop_keel_rate_limits; l++) {
		if (strlen((*l)->name) > NAME_LENGTH)
			return ("the name of a rate limit is too long");
	}
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return ("no randomness");
	return (buckets_init());
}

/* Which bucket: of the limit, the address and, if given, the account. */
static void
make_key(struct ctx *c, const struct rate_limit *l, const char *account,
    unsigned char key[static BUCKET_KEY])
{
	unsigned char	 digest[EVP_MAX_MD_SIZE];
	uint64_t	 address = netaddr_key(&c->address);
	const char	*text;
	bool		 ok;

	text = ctx_printf(c, "%s %016llx %s", l->name,
	    (unsigned long long)address, account != NULL ? account : "");
	ok = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret,
	    sizeof(secret), (const unsigned char *)text, strlen(text), digest,
	    sizeof(digest), NULL) != NULL;
	if (!ok)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	memcpy(key, digest, BUCKET_KEY);
}

static uint64_t
now_us(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec / 1000);
}

static unsigned
round_up(uint64_t us)
{
	return ((unsigned)((us + SECOND - 1) / SECOND));
}

static void
note(struct ctx *c, const struct rate_limit *l, const struct bucket_state *s)
{
	struct limit_state	*state;

	if (c->nlimits == LIMITS_MAX)
		return;
	state = &c->limits[c->nlimits++];
	state->limit = l;
	state->remaining = (unsigned)s->remaining;
	state->reset = round_up(s->remaining > 0 ? s->full : s->next);
}

/* What was taken, until the request ends. */
struct rate_held {
	struct ctx			*ctx;
	const struct rate_limit		*limit;
	struct bucket_rule		 rule;
	unsigned char			 key[BUCKET_KEY];
	bool				 spent;
};

static struct rate_held *
take(struct ctx *c, const struct rate_limit *l, const char *account)
{
	struct rate_held	*held = ctx_alloc(c, sizeof(*held));
	struct bucket_state	 state;
	bool			 taken;

	held->ctx = c;
	held->limit = l;
	held->rule.quota = l->quota;
	held->rule.window = l->window * SECOND;
	make_key(c, l, account, held->key);
	taken = buckets_take(held->key, &held->rule, now_us(), &state);
	note(c, l, &state);
	if (taken)
		return (held);
	error_header(c, "retry-after", ctx_printf(c, "%u",
	    round_up(state.next)));
	raise_error(c, &ERR_TOO_MANY_REQUESTS, "Too many requests");
}

void
rate_limit_request(struct ctx *c, const struct rate_limit *l)
{
	if (!off)
		take(c, l, NULL);
}

/* A defer. */
static void
give_back(void *arg)
{
	struct rate_held	*held = arg;
	struct ctx		*c = held->ctx;

	if (held->spent)
		return;
	buckets_give(held->key, &held->rule, now_us());
	if (c->nlimits > 0 && c->limits[c->nlimits - 1].limit == held->limit)
		c->nlimits--;
}

struct rate_held *
rate_limit_hold(struct ctx *c, const struct rate_limit *l, const char *account)
{
	struct rate_held	*held;

	if (off)
		return (NULL);
	held = take(c, l, account);
	defer(c, give_back, held);
	return (held);
}

void
rate_limit_spend(struct rate_held *held)
{
	if (held != NULL)
		held->spent = true;
}

/* The IETF's draft of RateLimit header fields: lists of quoted names. */
void
rate_limit_headers(const struct ctx *c)
{
	char				 policy[HEADER_MAX], left[HEADER_MAX];
	const struct limit_state	*s;
	size_t				 n = 0, m = 0;

	for (s = c->limits; s < c->limits + c->nlimits; s++) {
		n += (size_t)snprintf(policy + n, sizeof(policy) - n,
		    "%s\"%s\";q=%u;w=%u", n > 0 ? ", " : "", s->limit->name,
		    s->limit->quota, s->limit->window);
		m += (size_t)snprintf(left + m, sizeof(left) - m,
		    "%s\"%s\";r=%u;t=%u", m > 0 ? ", " : "", s->limit->name,
		    s->remaining, s->reset);
	}
	if (c->nlimits == 0)
		return;
	http_response_header(c->req, "ratelimit-policy", policy);
	http_response_header(c->req, "ratelimit", left);
}
