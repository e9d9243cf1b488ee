/* SPDX-License-Identifier: ISC */
/*
 * One request wakes another, as a lock, a queue or a cache does. Kore 4.1 has
 * already passed the other request in its list, and sleeps until the next
 * timer. Keel uses loop_schedule().
 */

#include <kore/kore.h>
#include <kore/http.h>

#define NEXT_TIMER_MS	3000

void	kore_worker_configure(void);
int	waiting(struct http_request *);
int	waking(struct http_request *);

static struct http_request	*sleeper;

static void
tick(void *arg, u_int64_t now)
{
	(void)arg;
	(void)now;
}

void
kore_worker_configure(void)
{
	kore_timer_add(tick, NEXT_TIMER_MS, NULL, 0);
}

int
waiting(struct http_request *req)
{
	if (req->fsm_state++ == 0) {
		sleeper = req;
		http_request_sleep(req);
		return (KORE_RESULT_RETRY);
	}
	http_response(req, 200, "awake", 5);
	return (KORE_RESULT_OK);
}

int
waking(struct http_request *req)
{
	if (sleeper != NULL)
		http_request_wakeup(sleeper);
	sleeper = NULL;
	http_response(req, 200, "done", 4);
	return (KORE_RESULT_OK);
}
