/* SPDX-License-Identifier: ISC */
/*
 * The runner's signs of life, and its numbers of jobs. Both are asked for in
 * coroutines of the runner, so that /metrics answers without the database, too.
 */

#include <inttypes.h>
#include <unistd.h>

#include "jobs/jobs_repository.h"
#include "jobs/jobs_turn.h"
#include "jobs/jobs_alive.h"
#include "product.h"

#define TELL_MS		10000
#define FRESH_MS	5000
#define COUNT_WAIT_MS	2000
#define LOOK_MS		20

static struct {
	const char		*runner;
	char			 host[256];
	bool			 telling, counting;
	uint64_t		 begun_at;	/* to tell */
	uint64_t		 counted_at;	/* 0: never */
	struct job_counts	 counts;
} alive;

static void	tell(struct ctx *) AWAITS;
static void	count(struct ctx *) AWAITS;

static void
tell(struct ctx *c)
{
	jobs_repository_seen(c, alive.runner, alive.host, getpid());
}

static void
count(struct ctx *c)
{
	uint64_t	 now = coro_now_ms();

	alive.counts = *jobs_repository_count(c);
	alive.counted_at = now;
}

void
jobs_alive_init(const char *runner)
{
	alive.runner = runner;
	if (gethostname(alive.host, sizeof(alive.host) - 1) == -1)
		alive.host[0] = '\0';
}

void
jobs_alive_tick(uint64_t now)
{
	if (alive.begun_at != 0 && now - alive.begun_at < TELL_MS)
		return;
	alive.begun_at = now;
	turn_begin(tell, &alive.telling, NULL);
}

static bool
is_fresh(void)
{
	return (alive.counted_at != 0 &&
	    coro_now_ms() - alive.counted_at < FRESH_MS);
}

static void
write_gauge(struct text *page, const char *name, const char *help,
    int64_t value)
{
	text_printf(page, "# HELP " PRODUCT "_%s %s\n# TYPE " PRODUCT
	    "_%s gauge\n" PRODUCT "_%s %" PRId64 "\n", name, help, name, name,
	    value);
}

static void
write_counts(struct text *page)
{
	const struct job_counts	*n = &alive.counts;

	text_printf(page,
	    "# HELP " PRODUCT "_jobs Jobs, by status.\n"
	    "# TYPE " PRODUCT "_jobs gauge\n"
	    PRODUCT "_jobs{status=\"queued\"} %" PRId64 "\n"
	    PRODUCT "_jobs{status=\"running\"} %" PRId64 "\n"
	    PRODUCT "_jobs{status=\"dead\"} %" PRId64 "\n",
	    n->queued, n->running, n->dead);
	write_gauge(page, "jobs_oldest_seconds", "Seconds for which the oldest "
	    "job has been due; 0 if none is.", n->oldest);
	write_gauge(page, "job_runners", "Runners that were alive within the "
	    "last minute.", n->runners);
}

void
jobs_alive_write(struct ctx *c, struct text *page)
{
	uint64_t	 until = coro_now_ms() + COUNT_WAIT_MS;

	if (!is_fresh())
		turn_begin(count, &alive.counting, NULL);
	while (!is_fresh() && alive.counting && coro_now_ms() < until)
		ctx_wait(c, LOOK_MS);
	write_gauge(page, "jobs_counted", "1 if the database has told how many "
	    "jobs there are.", is_fresh());
	if (is_fresh())
		write_counts(page);
}
