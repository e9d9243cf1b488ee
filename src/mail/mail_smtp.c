/* SPDX-License-Identifier: ISC */
/*
 * Sends a message by SMTP for a coroutine: starts a thread (mail_curl.c), waits
 * until an event reports its end, and decides what a failure means: does the
 * server refuse this message, or us?
 */

#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <kore/kore.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "jobs/jobs.h"
#include "mail/smtp.h"
#include "utils/start_error.h"

#define STACK_SIZE	(512 * 1024)
#define REFRESH_MS	1000	/* how often to look for a renewed lease */
#define LATE_MS		5000	/* the thread ends a phase by itself before */

static SLIST_HEAD(transfers, transfer)	finished;	/* under the lock */
static pthread_mutex_t			lock = PTHREAD_MUTEX_INITIALIZER;
static struct kore_event		event;
static int				event_fd = -1;

static void
transfer_free(struct transfer *t)
{
	mem_free(t->from);
	mem_free(t->to);
	mem_free(t->data);
	mem_free(t);
}

static void *
thread_main(void *arg)
{
	struct transfer	*t = arg;

	curl_transfer(t);
	pthread_mutex_lock(&lock);
	SLIST_INSERT_HEAD(&finished, t, list);
	pthread_mutex_unlock(&lock);
	eventfd_write(event_fd, 1);
	return (NULL);
}

/* An event callback: threads have finished. */
static void
take_finished(void *arg, int error)
{
	struct transfers	 taken;
	struct transfer		*t;
	eventfd_t		 count;

	(void)arg;
	(void)error;
	event.flags = 0;
	eventfd_read(event_fd, &count);
	pthread_mutex_lock(&lock);
	taken = finished;
	SLIST_INIT(&finished);
	pthread_mutex_unlock(&lock);
	while ((t = SLIST_FIRST(&taken)) != NULL) {
		SLIST_REMOVE_HEAD(&taken, list);
		t->finished = true;
		if (t->ctx != NULL)
			coro_wake(t->ctx->coro);
		else
			transfer_free(t);
	}
}

/* A defer. A thread cannot be killed; a deadline of 0 ends it soon. */
static void
transfer_leave(void *arg)
{
	struct transfer	*t = arg;

	t->ctx = NULL;
	t->deadline = 0;
	if (t->finished)
		transfer_free(t);
}

static char *
copy(const char *s, size_t len)
{
	char	*p = mem_alloc(len + 1);

	if (p == NULL)
		return (NULL);
	memcpy(p, s, len);
	p[len] = '\0';
	return (p);
}

static bool
thread_begin(struct transfer *t)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	bool		 begun;

	if (pthread_attr_init(&attr) != 0)
		return (false);
	begun = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
	    pthread_create(&thread, &attr, thread_main, t) == 0;
	pthread_attr_destroy(&attr);
	return (begun);
}

static struct transfer *
transfer_begin(struct ctx *c, const struct message *m)
{
	struct transfer	*t = mem_calloc(1, sizeof(*t));

	if (t == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	t->ctx = c;
	t->deadline = c->deadline;
	t->phase_ends = coro_now_ms() +
	    smtp_phase_seconds(PHASE_CONNECT) * UINT64_C(1000);
	t->from = copy(m->from, strlen(m->from));
	t->to = copy(m->to, strlen(m->to));
	t->data = copy(m->data, m->len);
	t->len = m->len;
	t->utf8 = m->utf8;
	if (t->from == NULL || t->to == NULL || t->data == NULL ||
	    !thread_begin(t)) {
		transfer_free(t);
		raise_error(c, &ERR_UNAVAILABLE, "No memory or thread for "
		    "the mail");
	}
	return (t);
}

/* The server's name and port, for error messages. */
static const char *
server(struct ctx *c)
{
	return (ctx_printf(c, strchr(mail_settings.host, ':') != NULL ?
	    "[%s]:%u" : "%s:%u", mail_settings.host, mail_settings.port));
}

/* Raises with all of the reply, which an error's message is too short for. */
static void __attribute__((noreturn))
raise_reply(struct ctx *c, const struct transfer *t)
{
	struct error_detail	*d = ctx_alloc(c, sizeof(*d));
	const struct error_kind	*kind = &ERR_UNAVAILABLE;
	const char		*what = "complains about us";

	memset(d, 0, sizeof(*d));
	d->field = server(c);
	d->code = "refused";
	d->message = reply_text(&t->reply, ctx_alloc(c, REPLY_MAX));
	c->error.details = d;
	if (mail_is_refused(t->phase, &t->reply)) {
		kind = &ERR_PERMANENT;
		what = "refuses this mail";
	} else if (t->phase < PHASE_MAIL)
		what = "turns us away";
	else if (*t->reply.code == '4')
		what = "asks us to try later";
	raise_error(c, kind, "the mail server %s", what);
}

static void
judge(struct ctx *c, const struct transfer *t)
{
	const char	*doubt = t->phase >= PHASE_MESSAGE &&
			    t->sent == t->len ? "; it may have taken the mail" :
			    "";

	if (t->result == CURLE_OK)
		return;
	if (t->no_login)
		raise_error(c, &ERR_UNAVAILABLE, "%s offers no way to sign in "
		    "that we know", server(c));
	if (t->no_utf8)
		raise_error(c, &ERR_PERMANENT, "%s takes no addresses beyond "
		    "ASCII (SMTPUTF8)", server(c));
	if (*t->reply.code == '4' || *t->reply.code == '5')
		raise_reply(c, t);
	if (t->late)
		raise_error(c, &ERR_UNAVAILABLE, "%s: %s within %u seconds%s",
		    server(c), smtp_phase_missed(t->phase),
		    smtp_phase_seconds(t->phase), doubt);
	raise_error(c, &ERR_UNAVAILABLE, "%s %s: %s%s",
	    t->phase > PHASE_CONNECT ? "the connection failed to" :
	    "cannot connect to", server(c), t->error[0] != '\0' ? t->error :
	    curl_easy_strerror(t->result), doubt);
}

void
smtp_send(struct ctx *c, const struct message *m)
{
	struct transfer	*t = transfer_begin(c, m);

	defer(c, transfer_leave, t);
	while (!t->finished && !ctx_expired(c)) {
		job_waits(c, t->phase_ends + LATE_MS);
		t->deadline = c->deadline;
		ctx_wait(c, REFRESH_MS);
	}
	if (!t->finished)
		raise_error(c, &ERR_UNAVAILABLE, "%s did not answer in time",
		    server(c));
	job_waits(c, 0);
	judge(c, t);
}

const char *
smtp_init(void)
{
	if ((event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return (start_error("eventfd: %m"));
	event.handle = take_finished;
	kore_platform_event_schedule(event_fd, EPOLLIN, 0, &event);
	return (curl_init());
}
