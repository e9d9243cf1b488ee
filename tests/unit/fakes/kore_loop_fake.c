/* SPDX-License-Identifier: ISC */
/*
 * Kore's loop and its task threads. A task runs between two rounds, not when it
 * is queued: by then its coroutine is suspended, as in the server.
 */

#include "kore_fake.h"

u_int16_t	kore_task_threads = 1;

static TAILQ_HEAD(, kore_task)	tasks = TAILQ_HEAD_INITIALIZER(tasks);
static bool			asleep, scheduled;
static unsigned			ntasks;

void
fake_schedule(void)
{
	scheduled = true;
}

bool
fake_asleep(void)
{
	return (asleep);
}

unsigned
fake_tasks(void)
{
	return (ntasks);
}

bool
fake_round(void)
{
	struct kore_task	*t = TAILQ_FIRST(&tasks);
	bool			 more = scheduled || t != NULL;

	scheduled = false;
	if (t != NULL) {
		TAILQ_REMOVE(&tasks, t, list);
		ntasks++;
		t->result = t->entry(t);
		t->state = KORE_TASK_STATE_FINISHED;
		t->cb(t);
	}
	return (more);
}

void
http_request_sleep(struct http_request *req)
{
	(void)req;
	asleep = true;
}

void
http_request_wakeup(struct http_request *req)
{
	(void)req;
	asleep = false;
}

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
	TAILQ_INSERT_TAIL(&tasks, t, list);
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
}
