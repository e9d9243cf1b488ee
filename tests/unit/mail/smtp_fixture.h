/* SPDX-License-Identifier: ISC */
/* What the tests of SMTP's threads share: jobs, a clock, and the threads. */

#ifndef TESTS_MAIL_SMTP_FIXTURE_H
#define TESTS_MAIL_SMTP_FIXTURE_H

/*
 * curl_transfer() is the test's: it says when each thread ends and with what,
 * and when the loop hears of it. Needs -Wl,--wrap of clock_gettime,
 * pthread_attr_init, pthread_create, pthread_mutex_lock, pthread_mutex_unlock,
 * eventfd and eventfd_write.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <kore/kore.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/faults.h"
#include "jobs/jobs.h"
#include "mail/smtp.h"

#define SENDINGS	4

/* One job that sends a mail, and its thread. */
struct sending {
	struct ctx		*c;		/* NULL: it has ended */
	char			 outcome[1200];	/* "ok", or the error */

	/* The thread: sees `t`, waits for `go`, and sets its result. */
	sem_t			 began, go;
	struct transfer		*t;
	uint64_t		 first_deadline;
	size_t			 stack;
	int			 detached;
	struct transfer		 result;
};

static struct sending		sendings[SENDINGS];
static uint64_t			now = 1000000;
static sem_t			told;		/* by eventfd_write() */
static unsigned			nthreads;
static bool			no_thread, no_attributes, no_eventfd;
static const char		*curl_problem;

/* The loop's event, as it was given to Kore. */
static struct {
	int			 fd, flags;
	int			 type, schedule_flags;
	struct kore_event	*event;
} loop;

struct mail_settings	mail_settings = { .host = "mail.example.org",
			    .port = 587, .connect_seconds = 30,
			    .reply_seconds = 300, .data_seconds = 120,
			    .block_seconds = 180, .end_seconds = 600 };

/* What the attempt was told last. */
static uint64_t		waits_until;

int	__wrap_clock_gettime(clockid_t, struct timespec *);
int	__wrap_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);
int	__real_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);
int	__wrap_pthread_attr_init(pthread_attr_t *);
int	__real_pthread_attr_init(pthread_attr_t *);
int	__wrap_pthread_mutex_lock(pthread_mutex_t *);
int	__real_pthread_mutex_lock(pthread_mutex_t *);
int	__wrap_pthread_mutex_unlock(pthread_mutex_t *);
int	__real_pthread_mutex_unlock(pthread_mutex_t *);
int	__wrap_eventfd(unsigned, int);
int	__real_eventfd(unsigned, int);
int	__wrap_eventfd_write(int, eventfd_t);
int	__real_eventfd_write(int, eventfd_t);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*fn)(void *), void *arg)
{
	nthreads += !no_thread;
	return (no_thread ? EAGAIN :
	    __real_pthread_create(thread, attr, fn, arg));
}

int
__wrap_pthread_attr_init(pthread_attr_t *attr)
{
	return (no_attributes ? ENOMEM : __real_pthread_attr_init(attr));
}

/* Every unlock has its lock. */
static __thread unsigned	locks;
static _Atomic unsigned		wrong_unlocks;

int
__wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	locks++;
	return (__real_pthread_mutex_lock(m));
}

int
__wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (locks == 0)
		wrong_unlocks++;
	else
		locks--;
	return (__real_pthread_mutex_unlock(m));
}

int
__wrap_eventfd(unsigned count, int flags)
{
	loop.flags = flags;
	errno = EMFILE;
	return (no_eventfd ? -1 : __real_eventfd(count, flags));
}

int
__wrap_eventfd_write(int fd, eventfd_t value)
{
	int	 r = __real_eventfd_write(fd, value);

	sem_post(&told);
	return (r);
}

void
kore_platform_event_schedule(int fd, int type, int flags, void *udata)
{
	loop.fd = fd;
	loop.type = type;
	loop.schedule_flags = flags;
	loop.event = udata;
}

void
job_waits(struct ctx *c, uint64_t until)
{
	assert_non_null(c);
	waits_until = until;
}

const char *
curl_init(void)
{
	return (curl_problem);
}

/* The first character of the recipient is the number of the sending. */
void
curl_transfer(struct transfer *t)
{
	struct sending	*s = &sendings[t->to[0] - '0'];
	pthread_attr_t	 attr;

	s->t = t;
	s->first_deadline = t->deadline;
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstacksize(&attr, &s->stack);
	pthread_attr_getdetachstate(&attr, &s->detached);
	pthread_attr_destroy(&attr);
	sem_post(&s->began);
	sem_wait(&s->go);
	t->result = s->result.result;
	t->phase = s->result.phase;
	t->sent = s->result.sent;
	t->late = s->result.late;
	t->no_login = s->result.no_login;
	t->no_utf8 = s->result.no_utf8;
	t->reply = s->result.reply;
	memcpy(t->error, s->result.error, sizeof(t->error));
}

/* The thread ends. The loop has not heard of it yet. */
static inline void
end_thread(struct sending *s)
{
	sem_post(&s->go);
	sem_wait(&told);
}

static inline bool
is_told(void)
{
	struct pollfd	 p = { .fd = loop.fd, .events = POLLIN };

	return (poll(&p, 1, 0) == 1);
}

static inline void
hear(void)
{
	assert_true(is_told());
	loop.event->handle(loop.event, 0);
	assert_false(is_told());
}

static inline void
finish(struct sending *s)
{
	end_thread(s);
	hear();
	coro_run();
}

static inline void
pass(uint64_t ms)
{
	now += ms;
	coro_tick(now);
	coro_run();
}

/* The message's memory is the job's, and ends with it. */

static void	send_main(void *) AWAITS;

static void
send_main(void *arg)
{
	struct sending	*s = arg;
	struct message	*m = ctx_alloc(s->c, sizeof(*m));

	m->from = ctx_strdup(s->c, "keel@x.example");
	m->to = ctx_printf(s->c, "%d@b.example", (int)(s - sendings));
	m->data = ctx_strdup(s->c, "Subject: x\r\n\r\nHello.\r\n");
	m->len = strlen(m->data);
	m->utf8 = s != sendings;
	/* Its arena is full: what follows needs memory of its own. */
	ctx_alloc(s->c, 8192);
	smtp_send(s->c, m);
}

static inline void
send_done(void *arg)
{
	struct sending	*s = arg;
	struct ctx	*c = s->c;

	snprintf(s->outcome, sizeof(s->outcome), "%s%s%s",
	    c->error.kind == NULL ? "ok" : c->error.kind->code,
	    c->error.kind == NULL ? "" : ": ", c->error.message);
	if (c->error.details != NULL)
		snprintf(s->outcome + strlen(s->outcome),
		    sizeof(s->outcome) - strlen(s->outcome), ": %s: %s",
		    c->error.details->field, c->error.details->message);
	ctx_end(c);
	ctx_release(c);
	free(c);
	s->c = NULL;
}

/* With the n-th allocation failing; 0: none. */
static inline struct sending *
begin_failing(unsigned i, unsigned n)
{
	struct sending	*s = &sendings[i];

	memset(s, 0, sizeof(*s));
	sem_init(&s->began, 0, 0);
	sem_init(&s->go, 0, 0);
	s->c = calloc(1, sizeof(*s->c));
	s->c->deadline = now + 20000;
	s->c->faults.countdown[FAULT_ALLOC] = n;
	assert_true(ctx_begin(s->c, send_main, send_done, s));
	faults_select(&s->c->faults);
	coro_resume(s->c->coro);
	return (s);
}

static inline struct sending *
begin(unsigned i)
{
	struct sending	*s = begin_failing(i, 0);

	assert_non_null(s->c);
	sem_wait(&s->began);
	return (s);
}

static inline void
assert_waits(const struct sending *s)
{
	if (s->c == NULL)
		fail_msg("%zd: %s", s - sendings, s->outcome);
}

static inline void
assert_ended(const struct sending *s, const char *outcome)
{
	assert_null(s->c);
	assert_string_equal(s->outcome, outcome);
}

static inline void
schedule(void)
{
}

static inline int
setup(void **state)
{
	(void)state;
	alarm(60);		/* if a thread is waited for in vain */
	coro_init(SENDINGS, schedule);
	mail_settings.host = "mail.example.org";
	no_thread = no_attributes = no_eventfd = false;
	nthreads = 0;
	return (0);
}

static inline int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 && !is_told() &&
	    wrong_unlocks == 0 ? 0 : -1);
}

#endif
