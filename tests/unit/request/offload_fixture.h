/* SPDX-License-Identifier: ISC */
/* What the tests of offload share: Kore's threads, a clock, and clients. */

#ifndef TESTS_REQUEST_OFFLOAD_FIXTURE_H
#define TESTS_REQUEST_OFFLOAD_FIXTURE_H

/*
 * A test says when a thread does its work, when it reports, and how late it is.
 * Needs -Wl,--wrap of clock_gettime, mem_free, setpriority and malloc_trim.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/types.h>
#include <sys/resource.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "request/offload.h"

#define CLIENTS		128
#define SECRET		"correct horse battery staple"
#define NETWORK_ONE	"192.0.2.1"
#define NETWORK_TWO	"198.51.100.1"
#define NETWORK_THREE	"203.0.113.1"

static uint64_t			now = 1000000;
static struct worker_metrics	gauges;

struct worker_metrics	*metrics = &gauges;

int	__wrap_clock_gettime(clockid_t, struct timespec *);
void	__wrap_mem_free(void *);
void	__real_mem_free(void *);
int	__wrap_setpriority(__priority_which_t, id_t, int);
int	__wrap_malloc_trim(size_t);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

/* What is freed must not hold a secret. */
static unsigned	secrets_freed;

void
__wrap_mem_free(void *p)
{
	if (p != NULL && memmem(p, malloc_usable_size(p), SECRET,
	    strlen(SECRET)) != NULL)
		secrets_freed++;
	__real_mem_free(p);
}

static struct {
	unsigned	 times;
	int		 which, nice;
	id_t		 who;
	bool		 fails;
} priority;

int
__wrap_setpriority(__priority_which_t which, id_t who, int nice)
{
	priority.times++;
	priority.which = (int)which;
	priority.who = who;
	priority.nice = nice;
	return (priority.fails ? -1 : 0);
}

static unsigned	ntrims;

int
__wrap_malloc_trim(size_t pad)
{
	ntrims += pad == 0;
	return (1);
}

/* The log. */

static unsigned	nlogged;
static char	logged[128];

void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;

	assert_int_equal(level, LEVEL_WARNING);
	assert_null(id);
	assert_string_equal(event, "threads");
	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
	nlogged++;
}

/* Kore's tasks: those that a thread has, in order of kore_task_run(). */

u_int16_t	kore_task_threads;

static struct kore_task	*given[CLIENTS];
static unsigned		 ngiven, ndestroyed;
static void		(*on_run)(struct kore_task *);
static unsigned		 threads;	/* that Kore has made */

void
kore_task_create(struct kore_task *t, int (*entry)(struct kore_task *))
{
	t->entry = entry;
	t->state = KORE_TASK_STATE_CREATED;
}

void
kore_task_bind_callback(struct kore_task *t, void (*cb)(struct kore_task *))
{
	t->cb = cb;
}

void
kore_task_run(struct kore_task *t)
{
	given[ngiven++] = t;
	if (threads < kore_task_threads)
		threads++;
	if (on_run != NULL)
		on_run(t);
}

int
kore_task_finished(struct kore_task *t)
{
	return (t->state == KORE_TASK_STATE_FINISHED);
}

void
kore_task_destroy(struct kore_task *t)
{
	(void)t;
	ndestroyed++;
}

/* A thread does its work. */
static inline void
work_on(unsigned i)
{
	given[i]->state = KORE_TASK_STATE_RUNNING;
	assert_int_equal(given[i]->entry(given[i]), KORE_RESULT_OK);
	given[i]->state = KORE_TASK_STATE_FINISHED;
}

/* The loop hears of it. The coroutines run later. */
static inline void
report(unsigned i)
{
	struct kore_task	*t = given[i];

	memmove(&given[i], &given[i + 1], sizeof(given[0]) * (CLIENTS - 1 - i));
	ngiven--;
	t->cb(t);
}

static inline void
finish(unsigned i)
{
	work_on(i);
	report(i);
	coro_run();
}

static inline void
finish_all(void)
{
	while (ngiven > 0)
		finish(0);
}

/* Clients, each with one piece of work. */

struct piece {
	char	 secret[sizeof(SECRET)];
	int	 in, out;
};

struct client {
	struct ctx	*c;		/* NULL: the request has ended */
	int		 number;
	size_t		 size;		/* of the data */
	int		 result;	/* -1: none */
	char		 outcome[320];	/* "ok", or the error */
};

static struct client	clients[CLIENTS];
static char		ran[512];	/* the numbers, in order */

static inline void
add_a_hundred(void *data)
{
	struct piece	*p = data;
	size_t		 n = strlen(ran);

	p->out = p->in + 100;
	snprintf(ran + n, sizeof(ran) - n, "%s%d", n > 0 ? " " : "", p->in);
}

static void	client_main(void *) AWAITS;

static void
client_main(void *arg)
{
	struct client	*cl = arg;
	struct piece	 p = { SECRET, cl->number, -1 };

	offload(cl->c, add_a_hundred, &p, cl->size);
	cl->result = p.out;
}

static inline void
client_done(void *arg)
{
	struct client	*cl = arg;
	struct ctx	*c = cl->c;

	snprintf(cl->outcome, sizeof(cl->outcome), "%s%s%s",
	    c->error.kind == NULL ? "ok" : c->error.kind->code,
	    c->error.kind == NULL ? "" : ": ", c->error.message);
	ctx_end(c);
	ctx_release(c);
	free(c);
	cl->c = NULL;
}

/* A client whose request has not begun. */
static inline struct client *
prepare(int number, const char *address)
{
	struct client	*cl = &clients[number];

	memset(cl, 0, sizeof(*cl));
	cl->number = number;
	cl->size = sizeof(struct piece);
	cl->result = -1;
	cl->c = calloc(1, sizeof(*cl->c));
	assert_true(netaddr_parse(address, &cl->c->address));
	return (cl);
}

static inline struct client *
begin_prepared(struct client *cl)
{
	assert_true(ctx_begin(cl->c, client_main, client_done, cl));
	faults_select(&cl->c->faults);
	coro_resume(cl->c->coro);
	return (cl);
}

static inline struct client *
begin(int number, const char *address)
{
	return (begin_prepared(prepare(number, address)));
}

static inline struct client *
begin_known(int number, const char *address)
{
	struct client	*cl = prepare(number, address);

	cl->c->is_known = true;
	return (begin_prepared(cl));
}

#define BUSY	"SERVICE_UNAVAILABLE: The server is busy"

static inline void
assert_waits(const struct client *cl)
{
	if (cl->c == NULL)
		fail_msg("%d: %s", cl->number, cl->outcome);
}

static inline void
assert_ended(const struct client *cl, const char *outcome)
{
	if (cl->c != NULL)
		fail_msg("%d waits", cl->number);
	assert_string_equal(cl->outcome, outcome);
	assert_int_equal(cl->result, strcmp(outcome, "ok") == 0 ?
	    cl->number + 100 : -1);
}

static inline void
pass(uint64_t ms)
{
	now += ms;
	coro_tick(now);
	coro_run();
}

static inline void
schedule(void)
{
}

static inline int
setup(void **state)
{
	(void)state;
	coro_init(CLIENTS, schedule);
	kore_task_threads = 1;
	on_run = NULL;
	ndestroyed = secrets_freed = 0;
	memset(&priority, 0, sizeof(priority));
	ran[0] = '\0';
	return (0);
}

static inline int
teardown(void **state)
{
	(void)state;
	finish_all();
	offload_tick();
	return (offload_count() == 0 && coro_count() == 0 &&
	    arena_count() == 0 && secrets_freed == 0 &&
	    gauges.now.tasks == 0 ? 0 : -1);
}

#endif
