/* SPDX-License-Identifier: ISC */
/* Runs the short tasks of the runner, each in its own coroutine. */

#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_turn.h"
#include "request/ctx.h"

struct turn {
	struct ctx	 c;
	void		(*fn)(struct ctx *);
	bool		*busy;
	void		(*ended)(void);
};

static void	turn_run(void *) AWAITS;

static void
turn_run(void *arg)
{
	struct turn	*t = arg;

	t->fn(&t->c);
}

static void
turn_ended(void *arg)
{
	struct turn	*t = arg;
	void		(*ended)(void) = t->ended;

	ctx_end(&t->c);
	*t->busy = false;
	if (t->c.error.kind != NULL)	/* an outage is already logged */
		log_event(t->c.error.kind == &ERR_UNAVAILABLE ? LEVEL_DEBUG :
		    LEVEL_ERROR, NULL, "jobs", "%s", t->c.error.message);
	ctx_release(&t->c);
	mem_free(t);
	if (ended != NULL)
		ended();
}

void
turn_begin(void (*fn)(struct ctx *), bool *busy, void (*ended)(void))
{
	struct turn	*t;

	if (*busy || (t = mem_calloc(1, sizeof(*t))) == NULL)
		return;
	t->fn = fn;
	t->busy = busy;
	t->ended = ended;
	t->c.path = t->c.query = "";
	if (!ctx_begin(&t->c, turn_run, turn_ended, t)) {
		mem_free(t);
		return;
	}
	*busy = true;
	coro_wake(t->c.coro);
}
