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

/*
 * Bounded work on Kore's task threads. A task's memory lives here, outside of
 * request and arena, and its callback only wakes the coroutine: a request that
 * ends early is no concern of the thread.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "runtime/mem.h"
#include "runtime/offload.h"

#define OFFLOAD_WAITING_MAX	48	/* a few seconds of password hashing */
#define OFFLOAD_WAIT_MS		10000
#define THREAD_NICE		10	/* the loop goes first */

struct job {
	struct kore_task	 task;
	struct ctx		*ctx;		/* NULL: nobody waits */
	bool			 running;
	bool			 finished;
	_Atomic bool		 launched;
	void			(*fn)(void *);
	char			 data[OFFLOAD_DATA_MAX];
	TAILQ_ENTRY(job)	 list;
};

static TAILQ_HEAD(, job)	waiting = TAILQ_HEAD_INITIALIZER(waiting);
static unsigned			nwaiting, nrunning;
static bool			memory_kept;	/* since the last trim */

static void	job_start_next(void);

static int
job_thread(struct kore_task *task)
{
	static __thread bool	 lowered;
	struct job		*job = (struct job *)task;

	if (!lowered)
		lowered = setpriority(PRIO_PROCESS, (id_t)gettid(),
		    THREAD_NICE) == 0;
	job->fn(job->data);

	/*
	 * Kore signals a thread after it has queued the task. Were the task
	 * done before that signal, the signal would wake the thread for an
	 * empty queue, which it does not expect.
	 */
	while (!job->launched)
		sched_yield();
	return (KORE_RESULT_OK);
}

static void
job_free(struct job *job)
{
	OPENSSL_cleanse(job->data, sizeof(job->data));
	mem_free(job);
}

/* An event callback: it only marks, and lets the next job in. */
static void
job_done(struct kore_task *task)
{
	struct job	*job = (struct job *)task;

	if (!kore_task_finished(task))
		return;
	kore_task_destroy(task);
	nrunning--;
	memory_kept = true;
	job->running = false;
	job->finished = true;
	if (job->ctx != NULL)
		coro_wake(job->ctx->coro);
	else
		job_free(job);
	job_start_next();
}

static void
job_start_next(void)
{
	struct job	*job;

	if (nrunning >= kore_task_threads ||
	    (job = TAILQ_FIRST(&waiting)) == NULL)
		return;
	TAILQ_REMOVE(&waiting, job, list);
	nwaiting--;
	nrunning++;
	job->running = true;
	kore_task_create(&job->task, job_thread);
	kore_task_bind_callback(&job->task, job_done);
	kore_task_run(&job->task);
	job->launched = true;
}

void
offload(struct ctx *c, void (*fn)(void *), void *data, size_t size)
{
	struct job	*job;

	if (size > OFFLOAD_DATA_MAX)
		raise_error(c, &ERR_INTERNAL, "Offloaded data is too large");
	if (nwaiting >= OFFLOAD_WAITING_MAX ||
	    (job = mem_calloc(1, sizeof(*job))) == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "The server is busy");

	job->ctx = c;
	job->fn = fn;
	memcpy(job->data, data, size);
	TAILQ_INSERT_TAIL(&waiting, job, list);
	nwaiting++;
	job_start_next();

	while (!job->finished && ctx_wait(c, OFFLOAD_WAIT_MS))
		;
	if (!job->finished) {
		/* A thread cannot be stopped; it frees the job when done. */
		if (job->running) {
			job->ctx = NULL;
		} else {
			TAILQ_REMOVE(&waiting, job, list);
			nwaiting--;
			job_free(job);
		}
		raise_error(c, &ERR_UNAVAILABLE, "The server is busy");
	}
	memcpy(data, job->data, size);
	job_free(job);
}

/*
 * A password hash takes 19 MiB. Between hashes that follow each other malloc
 * keeps them, which saves a third of the time; at rest they are given back.
 */
void
offload_tick(void)
{
	if (!memory_kept || offload_count() > 0)
		return;
	malloc_trim(0);
	memory_kept = false;
}

unsigned
offload_count(void)
{
	return (nwaiting + nrunning);
}
