/* SPDX-License-Identifier: ISC */
/* Readiness, and the page of metrics. */

#include <inttypes.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/stopping.h"
#include "modules/health/health_repository.h"
#include "product.h"
#include "utils/timefmt.h"

#define RUNNER_SECONDS	60
#define NO_RUNNER	"No job runner was seen for a minute: background " \
			"work waits until ./" PRODUCT " jobs runs"

static bool	told_missing;	/* one line of the log for each time */

static bool	runner_is_missing(struct ctx *) AWAITS;

/* A server that has just started does not know yet. */
static bool
runner_is_missing(struct ctx *c)
{
	const struct runner_seen	*seen;
	bool				 missing;

	seen = health_repository_runner_seen(c);
	missing = seen->seconds == INT_NULL ?
	    metrics_uptime() >= RUNNER_SECONDS :
	    seen->seconds >= RUNNER_SECONDS;
	if (missing && !told_missing)
		log_event(LEVEL_WARNING, c->request_id, "jobs", NO_RUNNER);
	told_missing = missing;
	return (missing);
}

struct health *
health_service_ready(struct ctx *c)
{
	struct health			*health;
	const struct database_state	*state;

	if (stopping_begun())
		raise_error(c, &ERR_UNAVAILABLE, "The server is stopping");
	state = health_repository_database_state(c);
	if (!state->writable)
		raise_error(c, &ERR_UNAVAILABLE, "The database is read-only");
	if (state->version < migrations_version() ||
	    state->own_version < migrations_own_version())
		raise_error(c, &ERR_UNAVAILABLE,
		    "The database's schema is older than this server's");
	health = ctx_alloc(c, sizeof(*health));
	health->status = "ready";
	if (runner_is_missing(c))
		health->warning = NO_RUNNER;
	return (health);
}

/* The metrics that are added up over the workers. */
static const struct gauge {
	const char	*name;
	const char	*help;
	size_t		 offset;
	bool		 highest;	/* the largest, not the sum */
	bool		 counter;
} gauges[] = {
#define GAUGE(member, text, highest)					\
	{ PRODUCT "_" #member, text,					\
	  offsetof(struct worker_metrics, now.member), highest, false }
#define COUNTER(member, text)						\
	{ PRODUCT "_" #member "_total", text,				\
	  offsetof(struct worker_metrics, total.member), false, true }
	GAUGE(coroutines, "Requests being handled.", false),
	GAUGE(queued, "Requests that wait until others have ended.", false),
	GAUGE(stack_high_water, "Deepest coroutine stack, in bytes.", true),
	GAUGE(arenas, "Arenas that hold memory.", false),
	GAUGE(tasks, "Offloaded tasks, running or waiting.", false),
	GAUGE(db_in_use, "Database connections in use.", false),
	GAUGE(db_idle, "Idle database connections.", false),
	GAUGE(db_down, "Database connections that are down.", false),
	GAUGE(db_ending, "Database connections that are set aside: their "
	    "statement did not end in time.", false),
	GAUGE(connections, "Client connections.", false),
	GAUGE(wire_memory, "Bytes held for requests.", false),
	COUNTER(connections_refused, "Refused: one address had too many."),
	COUNTER(connections_evicted, "Closed to make room for others."),
#undef GAUGE
#undef COUNTER
};

#define NGAUGES		(sizeof(gauges) / sizeof(gauges[0]))

static uint64_t
gauge_value(const struct gauge *g)
{
	const char	*slot;
	uint64_t	 value, total = 0;
	int		 i;

	for (i = 0; i < METRICS_WORKERS_MAX; i++) {
		slot = (const char *)&shared->workers[i];
		value = *(const _Atomic uint64_t *)(slot + g->offset);
		if (!g->highest)
			total += value;
		else if (value > total)
			total = value;
	}
	return (total);
}

static void
write_requests(struct text *page)
{
	uint64_t	 total;
	int		 class, i;

	text_puts(page,
	    "# HELP " PRODUCT "_requests_total Requests, by the status class "
	    "of the response.\n# TYPE " PRODUCT "_requests_total counter\n");
	for (class = 2; class <= 5; class++) {
		for (total = 0, i = 0; i < METRICS_WORKERS_MAX; i++)
			total += shared->workers[i].total.requests[class];
		text_printf(page,
		    PRODUCT "_requests_total{status=\"%dxx\"} %" PRIu64 "\n",
		    class, total);
	}
}

/* One that the workers do not have each. */
static void
write_counter(struct text *page, const char *name, const char *help,
    uint64_t value)
{
	text_printf(page,
	    "# HELP " PRODUCT "_%s_total %s\n"
	    "# TYPE " PRODUCT "_%s_total counter\n"
	    PRODUCT "_%s_total %" PRIu64 "\n",
	    name, help, name, name, value);
}

/* By the clock of now, so that it is right whenever it is read. */
static void
write_certificates(struct text *page)
{
	int64_t	 expires = shared->certificate_expires;

	if (expires == 0)
		return;
	text_printf(page,
	    "# HELP " PRODUCT "_certificate_days_left Days until a certificate "
	    "expires.\n# TYPE " PRODUCT "_certificate_days_left gauge\n"
	    PRODUCT "_certificate_days_left %" PRId64 "\n",
	    timefmt_whole_days(expires - timefmt_now()));
	text_printf(page,
	    "# HELP " PRODUCT "_certificates_refused Replaced certificates "
	    "that are not good: the old one is served.\n"
	    "# TYPE " PRODUCT "_certificates_refused gauge\n"
	    PRODUCT "_certificates_refused %" PRIu64 "\n",
	    (uint64_t)shared->certificates_refused);
}

void
health_service_write(struct text *page)
{
	size_t	 i;

	for (i = 0; i < NGAUGES; i++)
		text_printf(page,
		    "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n",
		    gauges[i].name, gauges[i].help, gauges[i].name,
		    gauges[i].counter ? "counter" : "gauge",
		    gauges[i].name, gauge_value(&gauges[i]));
	write_requests(page);
	write_counter(page, "worker_restarts", "Workers that died.",
	    shared->worker_restarts);
	write_counter(page, "log_lines_dropped", "Lines of the log that "
	    "were not written.", shared->log_lines_dropped);
	write_certificates(page);
}

const char *
health_service_metrics(struct ctx *c)
{
	struct text	 page = arena_text(&c->arena);

	health_service_write(&page);
	if (page.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (page.data);
}
