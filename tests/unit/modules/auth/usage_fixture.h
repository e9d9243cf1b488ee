/* SPDX-License-Identifier: ISC */
/*
 * What surrounds the table of uses in its test: a clock that stands still,
 * coroutines that run when the test says so, and a sessions table that notes
 * what it is given, and can fail.
 */

#ifndef TESTS_MODULES_AUTH_USAGE_FIXTURE_H
#define TESTS_MODULES_AUTH_USAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "modules/auth/auth_repository.h"
#include "utils/uuid.h"

#define ROWS	2000

/* As in auth_usage.c. */
#define PACE	1000
#define STORE	30000
#define RETRY	30000	/* the longest pause */
#define TICK	500
#define WAYS	8

static uint64_t	now = 1000000;		/* by coro_now_ms() */
static bool	no_memory, no_arena, no_coroutine;

/* What the last statement was given. */
struct row {
	char		 id[UUID_TEXT + 1], client[64];
	long long	 age;
};

static struct {
	unsigned		 statements;
	struct row		 rows[ROWS];
	size_t			 nrows;
	bool			 quiet;
	const struct error_kind	*fails;
	const char		*locked[2];	/* ids; or NULL */
	uint64_t		 takes;
} db;

static struct {
	unsigned	 n;
	enum log_level	 level;
	char		 message[256];
} logged;

/* The coroutine that has begun. */
static struct {
	struct ctx	*c;
	void		(*fn)(void *);
	void		(*ended)(void *);
	void		*arg;
	bool		 awake;
} coroutine;

static unsigned	ctxs;	/* that have begun and not ended */

static jmp_buf	raised;

/* The clock, and memory. */

uint64_t
coro_now_ms(void)
{
	return (now);
}

void *
mem_alloc(size_t len)
{
	return (no_arena ? NULL : malloc(len));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (no_memory ? NULL : calloc(n, len));
}

void
mem_free(void *p)
{
	free(p);
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;

	assert_null(request_id);
	assert_string_equal(event, "sessions");
	va_start(ap, fmt);
	vsnprintf(logged.message, sizeof(logged.message), fmt, ap);
	va_end(ap);
	logged.level = level;
	logged.n++;
}

/* ctx_begin() keeps a coroutine, and run() runs it. */

bool
ctx_begin(struct ctx *c, void (*fn)(void *), void (*ended)(void *), void *arg)
{
	if (no_coroutine)
		return (false);
	assert_null(coroutine.c);	/* one at a time */
	assert_string_equal(c->path, "");
	assert_string_equal(c->query, "");
	coroutine.c = c;
	coroutine.fn = fn;
	coroutine.ended = ended;
	coroutine.arg = arg;
	coroutine.awake = false;
	c->coro = (struct coro *)(void *)&coroutine;
	ctxs++;
	return (true);
}

void
coro_wake(struct coro *coro)
{
	assert_ptr_equal(coro, &coroutine);
	coroutine.awake = true;
}

void
ctx_end(struct ctx *c)
{
	assert_non_null(c->coro);
	c->coro = NULL;
	ctxs--;
}

void
ctx_release(struct ctx *c)
{
	arena_free(&c->arena, false);
}

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	c->error.kind = kind;
	va_start(ap, fmt);
	vsnprintf(c->error.message, sizeof(c->error.message), fmt, ap);
	va_end(ap);
	longjmp(raised, 1);
}

/* Runs the coroutine, if one has begun. */
static void
run(void)
{
	void	(*ended)(void *) = coroutine.ended;
	void	*arg = coroutine.arg;

	if (coroutine.c == NULL)
		return;
	assert_true(coroutine.awake);
	if (setjmp(raised) == 0)
		coroutine.fn(arg);
	coroutine.c = NULL;
	ended(arg);
}

/* The sessions table. */

/* Takes the next item of an array; returns what follows it. */
static const char *
next_item(const char *array, char *item, size_t size, size_t i)
{
	size_t	 len;

	assert_int_equal(*array, i == 0 ? '{' : ',');
	len = strcspn(++array, ",}");
	assert_in_range(len, 1, size - 1);
	memcpy(item, array, len);
	item[len] = '\0';
	return (array + len);
}

static void
read_rows(const char *ids, const char *clients, const char *ages)
{
	char	 age[32];
	size_t	 i;

	for (i = 0; *ids != '}'; i++) {
		assert_in_range(i, 0, ROWS - 1);
		ids = next_item(ids, db.rows[i].id, sizeof(db.rows[i].id), i);
		clients = next_item(clients, db.rows[i].client,
		    sizeof(db.rows[i].client), i);
		ages = next_item(ages, age, sizeof(age), i);
		db.rows[i].age = atoll(age);
	}
	db.nrows = i;
	assert_string_equal(ids, "}");
	assert_string_equal(clients, "}");
	assert_string_equal(ages, "}");
}

const struct session_id *
auth_repository_store_uses(struct ctx *c, const char *ids,
    const char *clients, const char *ages, size_t *n)
{
	static struct session_id	 missed[2];
	size_t				 i;

	db.statements++;
	db.quiet = c->quiet;
	read_rows(ids, clients, ages);
	now += db.takes;
	if (db.fails != NULL)
		raise_error(c, db.fails, "it is full");
	for (i = 0; i < 2 && db.locked[i] != NULL; i++)
		missed[i].id = db.locked[i];
	*n = i;
	return (missed);
}

/* The row of a session in the last statement; NULL if it has none. */
static const struct row *
row_of(const char *id)
{
	const struct row	*row = NULL;
	size_t			 i;

	for (i = 0; i < db.nrows; i++) {
		if (strcmp(db.rows[i].id, id) != 0)
			continue;
		assert_null(row);	/* not twice */
		row = &db.rows[i];
	}
	return (row);
}

/* Requests. */

/* A new session, whose place is in this set. */
static const char *
new_session(unsigned set)
{
	static char	 ids[ROWS][UUID_TEXT];
	static unsigned	 n;

	assert_in_range(n, 0, ROWS - 1);
	snprintf(ids[n], sizeof(ids[n]), "0192f1c4-7a10-7c3e-9b1a-%010x%02x",
	    n, set);
	return (ids[n++]);
}

static void
use_from(const char *session, const char *address)
{
	static struct ctx	 c;

	c.session_id = session;
	assert_true(netaddr_parse(address, &c.address));
	auth_usage_note(&c);
}

static void
use(const char *session)
{
	use_from(session, "192.0.2.1");
}

/* So many milliseconds later there is a tick. */
static void
later(uint64_t ms)
{
	now += ms;
	auth_usage_tick(now);
	run();
}

/* Nothing waits to be stored. */
static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	memset(&logged, 0, sizeof(logged));
	no_memory = no_arena = no_coroutine = false;
	later(3600000);
	memset(&db, 0, sizeof(db));
	later(3600000);
	assert_int_equal(db.statements, 0);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	run();
	return (arena_count() == 0 && ctxs == 0 ? 0 : -1);
}

#define USAGE_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
