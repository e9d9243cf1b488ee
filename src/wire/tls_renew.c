/* SPDX-License-Identifier: ISC */
/* Serves replaced certificates: the parent's half, and the workers'. */

#include <sys/types.h>
#include <sys/mman.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "utils/timefmt.h"
#include "wire/tls_context.h"
#include "wire/tls_keymgr.h"
#include "wire/tls_renew.h"
#include "wire/tls_served.h"
#include "wire/tls_tickets.h"

#define SOON_DAYS	14
#define DAY_MS		UINT64_C(86400000)
#define EVENT		"certificate"

static volatile sig_atomic_t	wanted;		/* by tls_renew_soon() */
static struct tls_text		text;		/* zero between two uses */
static uint64_t			next_look, next_warning;

void
tls_renew_soon(void)
{
	wanted = 1;
}

static void
show_days(void)
{
	const struct tls_served	*s;
	int64_t			 first = INT64_MAX;

	for (s = tls_served; s != NULL; s = s->next)
		first = s->expires < first ? s->expires : first;
	shared->certificate_expires = first;
}

static void
count_refused(void)
{
	const struct tls_served	*s;
	uint64_t		 n = 0;

	for (s = tls_served; s != NULL; s = s->next)
		n += s->problem[0] != '\0' && s->told;
	shared->certificates_refused = n;
}

static void
warn(void)
{
	const struct tls_served	*s;

	for (s = tls_served; s != NULL; s = s->next) {
		if (tls_days_left(s) < SOON_DAYS || timefmt_now() < s->begins)
			log_event(LEVEL_WARNING, NULL, EVENT, "%s: %s",
			    s->files.cert, tls_left(s));
	}
}

const char *
tls_renew_init(void)
{
	struct tls_served	*s;

	if (tls_served == NULL)
		return (NULL);
	next_look = 0;
	next_warning = 0;
	for (s = tls_served; s != NULL; s = s->next) {
		s->slot = mmap(NULL, sizeof(*s->slot), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (s->slot == MAP_FAILED)
			return ("cannot map shared memory");
	}
	show_days();
	warn();
	return (tls_keymgr_divert());
}

/*
 * The files are replaced one after the other, so a pair that is not good must
 * be so at two ticks before it is told. Returns whether it has been told.
 */
static bool
refuse(struct tls_served *s, const char *problem, const unsigned char *digest,
    bool asked)
{
	bool	 known;

	known = strncmp(problem, s->problem, sizeof(s->problem) - 1) == 0 &&
	    memcmp(digest, s->refused, sizeof(s->refused)) == 0;
	if (!known) {
		snprintf(s->problem, sizeof(s->problem), "%s", problem);
		memcpy(s->refused, digest, sizeof(s->refused));
		s->told = false;
	}
	if (asked || (known && !s->told)) {
		log_event(LEVEL_ERROR, NULL, EVENT, "%s; the old pair is "
		    "still served: %s", problem, tls_left(s));
		s->told = true;
	}
	return (s->told);
}

static void
publish(struct tls_served *s)
{
	struct tls_slot	*slot = s->slot;

	slot->generation++;
	atomic_thread_fence(memory_order_release);
	memcpy(&slot->text, &text, sizeof(text));
	slot->generation++;
	s->generation = slot->generation;
}

/* Returns whether there is no doubt about the files. */
static bool
look(struct tls_served *s, bool asked)
{
	unsigned char	 digest[SHA256_DIGEST_LENGTH];
	const char	*problem = tls_text_read(&s->files, &text);
	SSL_CTX		*ctx;
	bool		 same;

	tls_text_digest(&text, digest);
	same = problem == NULL &&
	    memcmp(digest, s->digest, sizeof(digest)) == 0;
	if (!same && problem == NULL &&
	    (ctx = tls_accept(s, &text, true, &problem)) != NULL) {
		publish(s);
		tls_serve(s, ctx);
		show_days();
		log_event(LEVEL_INFO, NULL, EVENT, "%s is new, and served "
		    "from now on: %s", s->files.cert, tls_left(s));
	} else if (same && asked)
		log_event(LEVEL_INFO, NULL, EVENT, "%s has not changed: %s",
		    s->files.cert, tls_left(s));
	OPENSSL_cleanse(&text, sizeof(text));
	if (problem != NULL)
		return (refuse(s, problem, digest, asked));
	s->problem[0] = '\0';
	return (true);
}

void
tls_renew_tick(void *arg, u_int64_t now)
{
	struct tls_served	*s;
	bool			 asked = wanted != 0;

	(void)arg;
	wanted = 0;
	if (asked && tls_served == NULL)
		log_event(LEVEL_INFO, NULL, EVENT, "none is served: TLS is "
		    "off");
	if (tls_served == NULL)
		return;
	tls_tickets_tick(now);
	if (asked || now >= next_look) {
		next_look = now + TLS_LOOK_MS;
		for (s = tls_served; s != NULL; s = s->next) {
			if (!look(s, asked))
				next_look = now;
		}
		count_refused();
	}
	if (now < next_warning)
		return;
	if (next_warning != 0)		/* the start has warned already */
		warn();
	next_warning = now + DAY_MS;
}

/* Copies the new text. Returns its generation, or 0 if there is none. */
static unsigned
copy(const struct tls_served *s)
{
	unsigned	 generation = s->slot->generation;

	if (generation == s->generation || generation % 2 != 0)
		return (0);
	memcpy(&text, &s->slot->text, sizeof(text));
	atomic_thread_fence(memory_order_acquire);
	return (s->slot->generation == generation ? generation : 0);
}

/*
 * The parent has checked it, so only memory may be missing: the next tick
 * tries again.
 */
static void
take(struct tls_served *s, unsigned generation)
{
	struct tls_pair	 pair;
	const char	*problem;
	SSL_CTX		*ctx = NULL;

	if ((problem = tls_pair_parse(&s->files, &text, &pair)) == NULL) {
		ctx = tls_context_new(&s->files, &pair, &problem);
		tls_pair_free(&pair);
	}
	if (ctx != NULL) {
		tls_serve(s, ctx);
		s->generation = generation;
	} else if (!s->failed)
		log_event(LEVEL_ERROR, NULL, EVENT, "a worker %s", problem);
	s->failed = ctx == NULL;
}

void
tls_renew_take(void)
{
	struct tls_served	*s;
	unsigned		 generation;

	for (s = tls_served; s != NULL; s = s->next) {
		if (s->slot->generation == s->generation)
			continue;
		if ((generation = copy(s)) != 0)
			take(s, generation);
		OPENSSL_cleanse(&text, sizeof(text));
	}
}
