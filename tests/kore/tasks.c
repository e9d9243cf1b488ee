/* SPDX-License-Identifier: ISC */
/*
 * Defects of Kore 4.1's tasks. A request that ends while a task is bound to
 * it is freed again in every round of the loop, with a call of onfree each
 * time. And a thread that wakes up without a task takes one from an empty list:
 * POSIX allows that at any time, and a late signal of kore_task_run causes it.
 * Keel: work_start_next() binds a callback, work_thread() waits for the signal.
 *
 * And when the thread or the sockets of a task cannot be made, the worker ends.
 * In Keel, can_start() makes them first, for a moment.
 */

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <sys/resource.h>
#include <unistd.h>

#include "allow.h"

int	bound(struct http_request *);
int	freed(struct http_request *);
int	wakeup(struct http_request *);
int	no_thread(struct http_request *);
int	no_sockets(struct http_request *);
int	page(struct http_request *);

static struct kore_task	 task;
static int		 nfreed;

static int
work(struct kore_task *t)
{
	(void)t;
	sleep(1);
	return (KORE_RESULT_OK);
}

static void
count(struct http_request *req)
{
	(void)req;
	nfreed++;
}

static int
start(struct http_request *req)
{
	req->onfree = count;
	kore_task_create(&task, work);
	kore_task_bind_request(&task, req);
	kore_task_run(&task);
	return (KORE_RESULT_RETRY);
}

int
bound(struct http_request *req)
{
	if (req->fsm_state++ == 0)
		return (start(req));
	if (!kore_task_finished(&task))
		return (KORE_RESULT_RETRY);
	http_response(req, 200, "done", 4);
	return (KORE_RESULT_OK);
}

int
freed(struct http_request *req)
{
	char	 text[16];
	int	 len;

	len = snprintf(text, sizeof(text), "%d", nfreed);
	http_response(req, 200, text, (size_t)len);
	return (KORE_RESULT_OK);
}

/* Request it after bound, whose thread then waits for the next task. */
int
wakeup(struct http_request *req)
{
	pthread_cond_signal(&task.thread->cond);
	http_response(req, 200, "signalled", 9);
	return (KORE_RESULT_OK);
}

/* A thread's stack is more than what is left. */
int
no_thread(struct http_request *req)
{
	struct rlimit	 none = { 4096, RLIM_INFINITY };

	setrlimit(RLIMIT_AS, &none);
	start(req);
	return (KORE_RESULT_OK);
}

int
no_sockets(struct http_request *req)
{
	struct rlimit	 none = { 3, RLIM_INFINITY };

	none.rlim_max = worker_rlimit_nofiles;
	setrlimit(RLIMIT_NOFILE, &none);
	start(req);
	return (KORE_RESULT_OK);
}

int
page(struct http_request *req)
{
	char	 text[16];
	int	 len;

	len = snprintf(text, sizeof(text), "pid %d", (int)getpid());
	http_response(req, 200, text, (size_t)len);
	return (KORE_RESULT_OK);
}
