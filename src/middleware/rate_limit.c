/* SPDX-License-Identifier: ISC */
/* Rate limits: counts requests, and writes the RateLimit headers. */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "middleware/buckets.h"
#include "middleware/rate_limit.h"

#define SECOND		UINT64_C(1000000)	/* microseconds */
#define HEADER_MAX	384	/* holds LIMITS_MAX names, with numbers */

static unsigned char	 secret[32];	/* clients cannot make keys collide */

const char *
rate_limit_init(void)
{
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return ("no randomness");
	return (buckets_init());
}

/* A bucket's key: its limit, network and, if given, account. */
static void
make_key(struct ctx *c, const struct rate_limit *l,
    const struct rate_network *n, const char *account,
    unsigned char key[static BUCKET_KEY])
{
	unsigned char	 digest[EVP_MAX_MD_SIZE];
	uint64_t	 network = netaddr_network(&c->address, n->bits);
	const char	*text;
	bool		 ok;

	text = ctx_printf(c, "%s %u %016llx %s", l->name, n->bits,
	    (unsigned long long)network, account != NULL ? account : "");
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

/* A bucket that a request is counted in. */
struct place {
	const struct rate_network	*network;
	struct bucket_rule		 rule;
	unsigned char			 key[BUCKET_KEY];
};

/* What was taken from each network, until the request ends. */
struct rate_held {
	struct ctx			*ctx;
	const struct rate_limit		*limit;
	struct place			 places[RATE_NETWORKS];
	unsigned			 n, taken;
	bool				 spent;
};

static void
give_all(struct rate_held *held)
{
	while (held->taken > 0) {
		held->taken--;
		buckets_give(held->places[held->taken].key,
		    &held->places[held->taken].rule, now_us());
	}
}

/* The buckets that count the client's address; nothing is taken yet. */
static struct rate_held *
find_places(struct ctx *c, const struct rate_limit *l, const char *account)
{
	struct rate_held		*held = ctx_alloc(c, sizeof(*held));
	const struct rate_network	*n;
	struct place			*place;
	unsigned			 quota, window;

	held->ctx = c;
	held->limit = l;
	for (n = rate_networks; n < rate_networks + RATE_NETWORKS; n++) {
		if (n->ipv6 != c->address.ipv6 || !rate_limit_counts(l, n))
			continue;
		place = &held->places[held->n++];
		place->network = n;
		rate_limit_rate(l, n, &quota, &window);
		place->rule.quota = quota;
		place->rule.window = window * SECOND;
		make_key(c, l, n, account, place->key);
	}
	return (held);
}

/* Takes one from the next bucket; false if there is none. */
static bool
take_one(struct rate_held *held, struct limit_state *left, uint64_t *next)
{
	const struct place	*place = &held->places[held->taken];
	struct bucket_state	 state;
	bool			 taken;

	taken = buckets_take(place->key, &place->rule, now_us(), &state);
	held->taken += taken;
	left->limit = held->limit;
	left->bits = place->network->wider != -1 ? place->network->bits : 0;
	left->quota = (unsigned)place->rule.quota;
	left->window = (unsigned)(place->rule.window / SECOND);
	left->remaining = (unsigned)state.remaining;
	left->reset = round_up(state.remaining > 0 ? state.full : state.next);
	*next = state.next;
	return (taken);
}

static void	raise_too_many(struct ctx *, uint64_t)
		    __attribute__((noreturn));

static void
raise_too_many(struct ctx *c, uint64_t next)
{
	error_header(c, "retry-after", ctx_printf(c, "%u", round_up(next)));
	raise_error(c, &ERR_TOO_MANY_REQUESTS, "Too many requests");
}

/* Records, for the response, the network that has least left. */
static void
note(struct ctx *c, const struct limit_state *left)
{
	if (c->nlimits < LIMITS_MAX)
		c->limits[c->nlimits++] = *left;
}

static struct rate_held *
take(struct ctx *c, const struct rate_limit *l, const char *account)
{
	struct rate_held	*held = find_places(c, l, account);
	struct limit_state	 left, least = { .remaining = UINT_MAX };
	uint64_t		 next;

	while (held->taken < held->n) {
		if (!take_one(held, &left, &next)) {
			give_all(held);
			note(c, &left);
			raise_too_many(c, next);
		}
		if (left.remaining < least.remaining)
			least = left;
	}
	note(c, &least);
	return (held);
}

void
rate_limit_request(struct ctx *c, const struct rate_limit *l)
{
	if (!rate_limit_off())
		take(c, l, NULL);
}

static bool
is_noted(const struct ctx *c, const struct rate_limit *l)
{
	unsigned	 i;

	for (i = 0; i < c->nlimits; i++) {
		if (c->limits[i].limit == l)
			return (true);
	}
	return (false);
}

/* Drops the limit from the response, as if it had not been counted. */
static void
forget(struct ctx *c, const struct rate_limit *l)
{
	unsigned	 i, n = 0;

	for (i = 0; i < c->nlimits; i++) {
		if (c->limits[i].limit != l)
			c->limits[n++] = c->limits[i];
	}
	c->nlimits = n;
}

/* A deferred call. */
static void
give_back(void *arg)
{
	struct rate_held	*held = arg;

	if (held->spent)
		return;
	give_all(held);
	forget(held->ctx, held->limit);
}

struct rate_held *
rate_limit_hold(struct ctx *c, const struct rate_limit *l, const char *account)
{
	struct rate_held	*held;

	/* What the first run of a request has spent counts for its retry. */
	if (rate_limit_off() || (c->retried && is_noted(c, l)))
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

/* The IETF draft of the RateLimit header fields: lists of quoted names. */
void
rate_limit_headers(const struct ctx *c, header_put_fn *put, void *to)
{
	char				 policy_data[HEADER_MAX];
	char				 left_data[HEADER_MAX];
	struct text			 policy, left;
	char				 name[RATE_LIMIT_NAME + 8];
	const struct limit_state	*s;

	policy = text_in(policy_data, sizeof(policy_data));
	left = text_in(left_data, sizeof(left_data));
	for (s = c->limits; s < c->limits + c->nlimits; s++) {
		snprintf(name, sizeof(name), s->bits != 0 ? "%s/%u" : "%s",
		    s->limit->name, s->bits);
		text_printf(&policy, "%s\"%s\";q=%u;w=%u",
		    policy.len > 0 ? ", " : "", name, s->quota, s->window);
		text_printf(&left, "%s\"%s\";r=%u;t=%u",
		    left.len > 0 ? ", " : "", name, s->remaining, s->reset);
	}
	if (c->nlimits == 0)
		return;
	put(to, "ratelimit-policy", policy.data);
	put(to, "ratelimit", left.data);
}
