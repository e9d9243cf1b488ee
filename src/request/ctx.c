/* SPDX-License-Identifier: ISC */
/* The memory, deferred calls and waits of a struct ctx, from begin to end. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/ctx.h"
#include "utils/timefmt.h"

void *
ctx_alloc(struct ctx *c, size_t len)
{
	void	*p;

	if ((p = arena_alloc(&c->arena, len)) == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (memset(p, 0, len));
}

char *
ctx_strndup(struct ctx *c, const char *s, size_t len)
{
	char	*p = ctx_alloc(c, len + 1);

	return (memcpy(p, s, len));
}

char *
ctx_strdup(struct ctx *c, const char *s)
{
	return (ctx_strndup(c, s, strlen(s)));
}

char *
ctx_printf(struct ctx *c, const char *fmt, ...)
{
	va_list	 ap;
	char	*p;
	int	 len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		raise_error(c, &ERR_INTERNAL, "Cannot format");

	p = ctx_alloc(c, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return (p);
}

void
header_add(struct ctx *c, struct header **list, const char *name,
    const char *value)
{
	struct header	*h = ctx_alloc(c, sizeof(*h));

	h->name = name;
	h->value = ctx_strdup(c, value);
	h->next = *list;
	*list = h;
}

void
defer(struct ctx *c, void (*fn)(void *), void *ptr)
{
	struct defer	*d;

	if ((d = arena_alloc(&c->arena, sizeof(*d))) == NULL) {
		fn(ptr);
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	}
	d->fn = fn;
	d->ptr = ptr;
	d->next = c->defers;
	c->defers = d;
}

bool
ctx_begin(struct ctx *c, void (*fn)(void *), void (*ended)(void *), void *arg)
{
	if ((c->coro = coro_new(fn, ended, arg)) == NULL)
		return (false);
	coro_own(c->coro, c);
	return (true);
}

static void
run_defers(struct ctx *c)
{
	struct defer	*d;

	c->no_unwind = true;
	while ((d = c->defers) != NULL) {
		c->defers = d->next;
		d->fn(d->ptr);
	}
	c->no_unwind = false;
}

void
ctx_end(struct ctx *c)
{
	faults_select(NULL);
	run_defers(c);
	coro_free(c->coro);
	c->coro = NULL;
}

void
ctx_release(struct ctx *c)
{
	arena_free(&c->arena, c->secret);
}

bool
ctx_expired(const struct ctx *c)
{
	return (c->deadline != 0 && c->deadline <= coro_now_ms());
}

static bool	wait_until(struct ctx *, uint64_t) AWAITS;

/* Reads the deadline again after each wait: a job's lease may move it. */
static bool
wait_until(struct ctx *c, uint64_t until)
{
	uint64_t	 now, end;

	while ((now = coro_now_ms()) < until && !ctx_expired(c)) {
		end = c->deadline != 0 && c->deadline < until ? c->deadline :
		    until;
		if (coro_suspend(end > now ? end - now : 0))
			return (true);
	}
	return (false);
}

#if defined(FAULTS)
static bool	ctx_stall(void) AWAITS;

/* Suspends for FAULT_STALL_MS even if woken; returns true if woken. */
static bool
ctx_stall(void)
{
	int64_t	 end = timefmt_now() + FAULT_STALL_MS * 1000;
	bool	 woken = false;

	while (timefmt_now() < end)
		woken |= coro_suspend(FAULT_STALL_MS / 4);
	return (woken);
}
#endif

bool
ctx_wait(struct ctx *c, uint64_t timeout_ms)
{
	bool	 woken = false;

	if (c->no_unwind || coro_self() != c->coro)
		abort();
	if (ctx_expired(c))
		return (false);

#if defined(FAULTS)
	if (fault_hit(FAULT_STALL)) {
		faults_select(NULL);
		woken = ctx_stall();
	}
#endif
	faults_select(NULL);
	if (!woken)
		woken = wait_until(c, coro_now_ms() + timeout_ms);
	faults_select(&c->faults);
	return (woken);
}
