/* SPDX-License-Identifier: ISC */
/*
 * Stackful coroutines: each has a stack of its own. Stacks are mapped lazily,
 * above a guard page. The pages that the kernel has given to a stack, and the
 * zeros in them, tell coro_high_water() how deep it went.
 */

#include <sys/mman.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/faults.h"
#include "base/mem.h"
#include "coro/coro.h"
#include "coro/stack_switch.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#define FIBER_START(save, bottom, size)					\
	__sanitizer_start_switch_fiber(save, bottom, size)
#define FIBER_FINISH(save, bottom, size)				\
	__sanitizer_finish_switch_fiber(save, bottom, size)
#define FIBER_CLEAN(addr, size)						\
	__asan_unpoison_memory_region(addr, size)
/* Memory that only a suspended stack points at is not a leak. */
#define STACK_LIVES(addr, size)		__lsan_register_root_region(addr, size)
#define STACK_ENDS(addr, size)						\
	__lsan_unregister_root_region(addr, size)
#else
#define FIBER_START(save, bottom, size)		((void)0)
#define FIBER_FINISH(save, bottom, size)	((void)0)
#define FIBER_CLEAN(addr, size)			((void)0)
#define STACK_LIVES(addr, size)			((void)0)
#define STACK_ENDS(addr, size)			((void)0)
#endif

#define PAGE_SIZE	4096
#define PAGE_WORDS	(PAGE_SIZE / sizeof(uint64_t))
#define GUARD_SIZE	PAGE_SIZE
#define POOL_MAX	64

enum coro_state { CORO_READY, CORO_RUNNING, CORO_SUSPENDED, CORO_ENDED };

struct coro {
	void			*place;		/* of its stack */
	enum coro_state		 state;
	bool			 queued;
	bool			 timed_out;
	uint64_t		 deadline;
	char			*map;
	void			(*fn)(void *);
	void			(*done)(void *);
	void			*arg;
	void			*owner;
	TAILQ_ENTRY(coro)	 runlist;
	LIST_ENTRY(coro)	 all;
#if defined(__SANITIZE_ADDRESS__)
	void			*fake_stack;
#endif
};

static struct {
	void			*place;		/* of the loop's stack */
	struct coro		*current;
	void			*beside;	/* coro_beside() */
	unsigned		 max;
	unsigned		 count;
	void			(*schedule)(void);
	TAILQ_HEAD(, coro)	 runnable;
	LIST_HEAD(, coro)	 all;
	char			*pool[POOL_MAX];
	bool			 dirty[POOL_MAX];	/* not measured */
	unsigned		 npool;
	size_t			 high_water;
#if defined(__SANITIZE_ADDRESS__)
	void			*fake_stack;
	const void		*bottom;
	size_t			 size;
#endif
} loop = {
	.runnable = TAILQ_HEAD_INITIALIZER(loop.runnable),
	.all = LIST_HEAD_INITIALIZER(loop.all),
};

static void
coro_entry(void)
{
	struct coro	*co = loop.current;

	FIBER_FINISH(NULL, &loop.bottom, &loop.size);

	co->fn(co->arg);
	coro_exit();
}

static char *
stack_get(void)
{
	char	*map;

	if (loop.npool > 0)
		return (loop.pool[--loop.npool]);

	if (fault_hit(FAULT_ALLOC))
		return (NULL);
	map = mmap(NULL, GUARD_SIZE + CORO_STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return (NULL);
	if (mprotect(map, GUARD_SIZE, PROT_NONE) == -1) {
		munmap(map, GUARD_SIZE + CORO_STACK_SIZE);
		return (NULL);
	}
	return (map);
}

/*
 * Looks only at what is below the deepest stack so far, and at no page that the
 * kernel has not given: some kernels give memory to pages that are only read.
 */
static void
stack_measure(char *map)
{
	const uint64_t	*low = (const uint64_t *)(map + GUARD_SIZE);
	unsigned char	 given[CORO_STACK_SIZE / PAGE_SIZE];
	size_t		 n = CORO_STACK_SIZE / sizeof(*low), i = 0, known;

	known = n - loop.high_water / sizeof(*low);
	if (mincore(map + GUARD_SIZE, CORO_STACK_SIZE, given) == -1)
		return;
	while (i < known && (given[i / PAGE_WORDS] & 1) == 0)
		i += PAGE_WORDS;
	while (i < known && low[i] == 0)
		i++;
	if (i < known)
		loop.high_water = (n - i) * sizeof(*low);
}

static void
stack_put(char *map)
{
	FIBER_CLEAN(map + GUARD_SIZE, CORO_STACK_SIZE);
	if (loop.npool < POOL_MAX) {
		loop.dirty[loop.npool] = true;
		loop.pool[loop.npool++] = map;
		return;
	}
	stack_measure(map);
	munmap(map, GUARD_SIZE + CORO_STACK_SIZE);
}

void
coro_init(unsigned max, void (*schedule)(void))
{
	loop.max = max;
	loop.schedule = schedule;
}

struct coro *
coro_new(void (*fn)(void *), void (*done)(void *), void *arg)
{
	struct coro	*co;

	if (loop.count >= loop.max)
		return (NULL);
	if ((co = mem_calloc(1, sizeof(*co))) == NULL)
		return (NULL);
	if ((co->map = stack_get()) == NULL) {
		mem_free(co);
		return (NULL);
	}

	co->fn = fn;
	co->done = done;
	co->arg = arg;
	co->state = CORO_READY;

	co->place = stack_begin(co->map + GUARD_SIZE, CORO_STACK_SIZE,
	    coro_entry);
	STACK_LIVES(co->map + GUARD_SIZE, CORO_STACK_SIZE);
	LIST_INSERT_HEAD(&loop.all, co, all);
	loop.count++;
	return (co);
}

void
coro_free(struct coro *co)
{
	if (co->queued)
		TAILQ_REMOVE(&loop.runnable, co, runlist);
	LIST_REMOVE(co, all);
	STACK_ENDS(co->map + GUARD_SIZE, CORO_STACK_SIZE);
	stack_put(co->map);
	mem_free(co);
	loop.count--;
}

void
coro_resume(struct coro *co)
{
	if (loop.current != NULL || co->state == CORO_ENDED)
		abort();

	loop.current = co;
	co->state = CORO_RUNNING;
	FIBER_START(&loop.fake_stack, co->map + GUARD_SIZE, CORO_STACK_SIZE);
	stack_switch(&loop.place, co->place);
	FIBER_FINISH(loop.fake_stack, NULL, NULL);
	loop.current = NULL;

	if (co->state == CORO_ENDED) {
		loop.beside = co->owner;
		co->done(co->arg);
		loop.beside = NULL;
	}
}

uint64_t
coro_now_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

bool
coro_suspend(uint64_t timeout_ms)
{
	struct coro	*co = loop.current;

	co->state = CORO_SUSPENDED;
	co->timed_out = false;
	co->deadline = coro_now_ms() + timeout_ms;
	FIBER_START(&co->fake_stack, loop.bottom, loop.size);
	stack_switch(&co->place, loop.place);
	FIBER_FINISH(co->fake_stack, &loop.bottom, &loop.size);

	return (!co->timed_out);
}

void
coro_exit(void)
{
	struct coro	*co = loop.current;

	co->state = CORO_ENDED;
	FIBER_START(NULL, loop.bottom, loop.size);
	stack_switch(&co->place, loop.place);
	abort();
}

void
coro_wake(struct coro *co)
{
	if (co->queued || co->state == CORO_ENDED)
		return;
	co->queued = true;
	TAILQ_INSERT_TAIL(&loop.runnable, co, runlist);
	loop.schedule();
}

struct coro *
coro_self(void)
{
	return (loop.current);
}

void
coro_own(struct coro *co, void *owner)
{
	co->owner = owner;
}

void
coro_beside(void *owner)
{
	loop.beside = owner;
}

void *
coro_owner(void)
{
	return (loop.current != NULL ? loop.current->owner : loop.beside);
}

bool
coro_overflows(const void *address)
{
	const char	*guard;

	if (loop.current == NULL)
		return (false);
	guard = loop.current->map;
	return ((const char *)address >= guard &&
	    (const char *)address < guard + GUARD_SIZE);
}

void
coro_run(void)
{
	struct coro	*co;

	while ((co = TAILQ_FIRST(&loop.runnable)) != NULL) {
		TAILQ_REMOVE(&loop.runnable, co, runlist);
		co->queued = false;
		coro_resume(co);
	}
}

void
coro_tick(uint64_t now)
{
	struct coro	*co;

	LIST_FOREACH(co, &loop.all, all) {
		if (co->state != CORO_SUSPENDED || co->queued)
			continue;
		if (co->deadline <= now) {
			co->timed_out = true;
			coro_wake(co);
		}
	}
}

unsigned
coro_count(void)
{
	return (loop.count);
}

size_t
coro_high_water(void)
{
	unsigned	 i;

	for (i = 0; i < loop.npool; i++) {
		if (loop.dirty[i])
			stack_measure(loop.pool[i]);
		loop.dirty[i] = false;
	}
	return (loop.high_water);
}
