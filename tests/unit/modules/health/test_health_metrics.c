/* SPDX-License-Identifier: ISC */
/* The whole page of metrics: names, types, labels, and how workers add up. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "base/metrics.h"
#include "modules/health/health.h"
#include "utils/timefmt.h"

#define DAY_US	INT64_C(86400000000)

#define GAUGE(name, help, value)					\
	"# HELP keel_" name " " help "\n# TYPE keel_" name " gauge\n"	\
	"keel_" name " " value "\n"
#define COUNTER_TYPE(name, help)					\
	"# HELP keel_" name " " help "\n# TYPE keel_" name " counter\n"
#define COUNTER(name, help, value)					\
	COUNTER_TYPE(name, help) "keel_" name " " value "\n"

static const char	page[] =
    GAUGE("coroutines", "Requests being handled.", "4")
    GAUGE("queued", "Requests that wait until others have ended.", "32")
    GAUGE("stack_high_water", "Deepest coroutine stack, in bytes.", "9000")
    GAUGE("arenas", "Arenas that hold memory.", "8")
    GAUGE("tasks", "Offloaded tasks, running or waiting.", "10")
    GAUGE("db_in_use", "Database connections in use.", "12")
    GAUGE("db_idle", "Idle database connections.", "14")
    GAUGE("db_down", "Database connections that are down.", "16")
    GAUGE("db_ending", "Database connections that are set aside: their "
	"statement did not end in time.", "30")
    GAUGE("connections", "Client connections.", "18")
    GAUGE("wire_memory", "Bytes held for requests.", "20")
    COUNTER("connections_refused_total",
	"Refused: one address had too many.", "22")
    COUNTER("connections_evicted_total", "Closed to make room for others.",
	"24")
    COUNTER_TYPE("requests_total",
	"Requests, by the status class of the response.")
    "keel_requests_total{status=\"2xx\"} 202\n"
    "keel_requests_total{status=\"3xx\"} 302\n"
    "keel_requests_total{status=\"4xx\"} 402\n"
    "keel_requests_total{status=\"5xx\"} 18446744073709551615\n"
    COUNTER("worker_restarts_total", "Workers that died.", "26")
    COUNTER("log_lines_dropped_total",
	"Lines of the log that were not written.", "28");

/* Each value of a worker is its own; the page has the sum of two. */
static void
count_in(struct worker_metrics *m, uint64_t n)
{
	m->now.coroutines = 1 + n;
	m->now.queued = 15 + n;
	m->now.arenas = 3 + n;
	m->now.tasks = 4 + n;
	m->now.db_in_use = 5 + n;
	m->now.db_idle = 6 + n;
	m->now.db_down = 7 + n;
	m->now.db_ending = 14 + n;
	m->now.connections = 8 + n;
	m->now.wire_memory = 9 + n;
	m->total.connections_refused = 10 + n;
	m->total.connections_evicted = 11 + n;
	m->total.requests[0] = m->total.requests[1] = 77;
	m->total.requests[2] = 100 + n;
	m->total.requests[3] = 150 + n;
	m->total.requests[4] = 200 + n;
}

static void
assert_page(const char *want)
{
	struct ctx	 c = { 0 };

	assert_string_equal(health_service_metrics(&c), want);
	arena_free(&c.arena, false);
}

static void
test_the_page(void **state)
{
	struct worker_metrics	*first = &shared->workers[0];
	struct worker_metrics	*last =
				    &shared->workers[METRICS_WORKERS_MAX - 1];
	struct worker_metrics	 before = *first;

	(void)state;
	count_in(first, 0);
	count_in(last, 2);
	first->now.stack_high_water = 9000;
	last->now.stack_high_water = 8999;
	first->total.requests[5] = UINT64_MAX;
	shared->worker_restarts = 26;
	shared->log_lines_dropped = 28;
	assert_page(page);
	first->now.stack_high_water = 8999;
	last->now.stack_high_water = 9000;
	assert_page(page);
	*first = before;
	memset(last, 0, sizeof(*last));
	shared->worker_restarts = 0;
	shared->log_lines_dropped = 0;
}

/* Only with TLS. */
static void
test_the_days_left(void **state)
{
	static const char	 gauges[] = GAUGE("certificate_days_left",
				    "Days until a certificate expires.", "24")
				    GAUGE("certificates_refused", "Replaced "
				    "certificates that are not good: the old "
				    "one is served.", "1");
	struct ctx		 c = { 0 };
	const char		*text;

	(void)state;
	shared->certificate_expires = timefmt_now() + 25 * DAY_US - 1000000;
	shared->certificates_refused = 1;
	text = health_service_metrics(&c);
	assert_string_equal(text + strlen(text) - strlen(gauges), gauges);
	shared->certificate_expires = 0;
	shared->certificates_refused = 0;
	text = health_service_metrics(&c);
	assert_null(strstr(text, "certificate"));
	arena_free(&c.arena, false);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_the_page),
		CLIENT_TEST(test_the_days_left),
	};

	return (cmocka_run_group_tests_name("health_metrics", tests,
	    client_start, NULL));
}
