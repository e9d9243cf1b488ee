/* SPDX-License-Identifier: ISC */
/*
 * Runs slow functions on Kore's task threads. A piece of work has its own
 * memory, outside the request and its arena, and its callback only wakes the
 * coroutine: a request may end before its thread does.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "request/fair_queue.h"
#include "request/offload.h"

#define WAITING_MAX	96	/* a few seconds of password hashing */
#define WAITING_EACH	48	/* of one network */
#define KNOWN_MAX	48
#define KNOWN_EACH	24
#define OFFLOAD_WAIT_MS	10000
#define THREAD_NICE	10	/* the loop goes first */
#define TELL_MS		60000	/* between two lines about threads */

/* The prefix lengths of a network and of a site within it. */
#define IPV4_NETWORK	24
#define IPV4_SITE	32
#define IPV6_NETWORK	48
#define IPV6_SITE	56

enum work_state { WORK_WAITING, WORK_RUNNING, WORK_FINISHED, WORK_DROPPED };

struct work {
	struct kore_task	 task;		/* first: Kore casts to it */
	struct fair_item	 place;
	struct fair_queue	*queue;
	enum work_state		 state;
	struct ctx		*ctx;		/* NULL: it gave up */
	_Atomic bool		 launched;
	void			(*fn)(void *);
	char			 data[OFFLOAD_DATA_MAX];
};

static struct fair_queue	strangers = FAIR_QUEUE(strangers, WAITING_MAX,
				    WAITING_EACH);
static struct fair_queue	known = FAIR_QUEUE(known, KNOWN_MAX,
				    KNOWN_EACH);
static unsigned			nrunning;
static unsigned			nthreads;	/* that Kore has made */
static bool			memory_kept;	/* since the last trim */

static void	work_start_next(void);

static int
work_thread(struct kore_task *task)
{
	static __thread bool	 lowered;
	struct work		*work = (struct work *)task;

	if (!lowered)
		lowered = setpriority(PRIO_PROCESS, (id_t)gettid(),
		    THREAD_NICE) == 0;
	work->fn(work->data);

	/*
	 * Kore queues the task first and signals a thread then. If the task
	 * ended before the signal, the signal would wake a thread that finds an
	 * empty queue, which it does not expect.
	 */
	while (!work->launched)
		sched_yield();
	return (KORE_RESULT_OK);
}

static void
work_free(struct work *work)
{
	OPENSSL_cleanse(work->data, sizeof(work->data));
	mem_free(work);
}

/* An event callback: marks the work as done and starts the next. */
static void
work_done(struct kore_task *task)
{
	struct work	*work = (struct work *)task;

	if (!kore_task_finished(task))
		return;
	kore_task_destroy(task);
	nrunning--;
	memory_kept = true;
	work->state = WORK_FINISHED;
	if (work->ctx != NULL)
		coro_wake(work->ctx->coro);
	else
		work_free(work);
	work_start_next();
}

static struct work *
work_at(struct fair_item *place)
{
	return ((struct work *)((char *)place - offsetof(struct work, place)));
}

/* The work has left its queue without running; its coroutine raises. */
static void
work_drop(struct work *work)
{
	work->state = WORK_DROPPED;
	coro_wake(work->ctx->coro);
}

/* The two queues take turns. */
static struct fair_item *
next_place(void)
{
	static bool		 strangers_turn;
	struct fair_item	*place;

	strangers_turn = !strangers_turn;
	place = fair_queue_pop(strangers_turn ? &strangers : &known);
	return (place != NULL ? place :
	    fair_queue_pop(strangers_turn ? &known : &strangers));
}

/*
 * Drops the work of clients that have hung up. None of them is the running
 * coroutine's, which offload() has checked.
 */
static struct work *
next_work(void)
{
	struct fair_item	*place;

	while ((place = next_place()) != NULL) {
		if (!work_at(place)->ctx->client_gone)
			return (work_at(place));
		work_drop(work_at(place));
	}
	return (NULL);
}

static void *
end_at_once(void *arg)
{
	return (arg);
}

static bool
can_make_thread(void)
{
	pthread_t	 thread;

	if ((errno = pthread_create(&thread, NULL, end_at_once, NULL)) != 0)
		return (false);
	pthread_join(thread, NULL);
	return (true);
}

static bool
can_make_sockets(void)
{
	int	 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return (false);
	close(fds[0]);
	close(fds[1]);
	return (true);
}

/*
 * Kore ends the process if it cannot make a task's sockets, or its thread when
 * it has too few. So they are made here first, for a moment.
 */
static bool
can_start(void)
{
	static uint64_t	 tell_at;
	uint64_t	 now = coro_now_ms();

	if (can_make_sockets() && (nrunning < nthreads || can_make_thread()))
		return (true);
	if (tell_at <= now) {
		tell_at = now + TELL_MS;
		log_event(LEVEL_WARNING, NULL, "threads",
		    "cannot make a thread: %s", strerror(errno));
	}
	return (false);
}

/* Kore makes another thread for each task, up to kore_task_threads. */
static void
run_task(struct kore_task *task)
{
	u_int16_t	 most = kore_task_threads;

	if (nthreads <= nrunning)
		nthreads++;
	nrunning++;
	kore_task_threads = (u_int16_t)nthreads;
	kore_task_run(task);
	kore_task_threads = most;
}

static void
work_start_next(void)
{
	struct work	*work;

	if (nrunning >= kore_task_threads ||
	    strangers.length + known.length == 0 || !can_start() ||
	    (work = next_work()) == NULL)
		return;
	work->state = WORK_RUNNING;
	kore_task_create(&work->task, work_thread);
	kore_task_bind_callback(&work->task, work_done);
	run_task(&work->task);
	work->launched = true;
}

/* Sets the network and the site of an item. */
static void
assign_place(struct fair_item *place, const struct netaddr *a)
{
	place->network = netaddr_network(a, a->ipv6 ? IPV6_NETWORK :
	    IPV4_NETWORK);
	place->site = netaddr_network(a, a->ipv6 ? IPV6_SITE : IPV4_SITE);
}

static void
raise_busy(struct ctx *c)
{
	raise_error(c, &ERR_UNAVAILABLE, "The server is busy");
}

static void
queue_up(struct ctx *c, struct work *work)
{
	struct fair_item	*dropped;

	assign_place(&work->place, &c->address);
	work->queue = c->is_known || c->user != NULL ? &known : &strangers;
	if (!fair_queue_push(work->queue, &work->place, &dropped)) {
		work_free(work);
		raise_busy(c);
	}
	if (dropped != NULL)
		work_drop(work_at(dropped));
}

/*
 * The work is late or was dropped. A thread cannot be stopped: work_done()
 * frees the memory when it ends.
 */
static void
give_up(struct ctx *c, struct work *work)
{
	if (work->state == WORK_RUNNING) {
		work->ctx = NULL;
		raise_busy(c);
	}
	if (work->state == WORK_WAITING)
		fair_queue_remove(work->queue, &work->place);
	work_free(work);
	raise_busy(c);
}

void
offload(struct ctx *c, void (*fn)(void *), void *data, size_t size)
{
	struct work	*work;

	if (size > OFFLOAD_DATA_MAX)
		raise_error(c, &ERR_INTERNAL, "Offloaded data is too large");
	if (c->client_gone)
		raise_busy(c);
	if ((work = mem_calloc(1, sizeof(*work))) == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	work->ctx = c;
	work->fn = fn;
	memcpy(work->data, data, size);
	queue_up(c, work);
	work_start_next();
	if (nrunning == 0)	/* nobody would start it */
		give_up(c, work);

	while (work->state < WORK_FINISHED && ctx_wait(c, OFFLOAD_WAIT_MS))
		;
	if (work->state != WORK_FINISHED)
		give_up(c, work);
	memcpy(data, work->data, size);
	work_free(work);
}

/*
 * A password hash takes 19 MiB. While one hash follows another, malloc keeps
 * that memory, which saves a third of the time; when no work is left, it is
 * given back.
 */
void
offload_tick(void)
{
	if (nrunning == 0)
		work_start_next();
	metrics->now.tasks = offload_count();
	if (!memory_kept || offload_count() > 0)
		return;
	malloc_trim(0);
	memory_kept = false;
}

unsigned
offload_count(void)
{
	return (strangers.length + known.length + nrunning);
}
