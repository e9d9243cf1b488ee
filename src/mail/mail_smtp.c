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
#include "mail/smtp.h"
#include "utils/start_error.h"

#define STACK_SIZE	(512 * 1024)
#define REFRESH_MS	1000	/* how often to look for a renewed lease */

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

/*
 * A 5xx reply is about the message, except for those about the sender: wrong
 * order of commands, authentication (RFC 5321, 4.2.3; RFC 4954, 6).
 */
static bool
refuses_message(const struct transfer *t)
{
	static const char *const	 ours[] = {
		"503", "530", "534", "535", "538",
	};
	size_t	 i;

	if (t->said[0] != '5')
		return (false);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strncmp(t->said, ours[i], 3) == 0)
			return (false);
	}
	return (true);
}

static void
judge(struct ctx *c, const struct transfer *t)
{
	if (t->result == CURLE_OK)
		return;
	if (t->no_login)
		raise_error(c, &ERR_UNAVAILABLE, "%s offers no way to sign in "
		    "that we know", server(c));
	if (t->no_utf8)
		raise_error(c, &ERR_PERMANENT, "%s takes no addresses beyond "
		    "ASCII (SMTPUTF8)", server(c));
	if (t->begun && (t->said[0] == '4' || t->said[0] == '5'))
		raise_error(c, refuses_message(t) ? &ERR_PERMANENT :
		    &ERR_UNAVAILABLE, "%s", t->said);
	raise_error(c, &ERR_UNAVAILABLE, "%s %s: %s", t->begun ?
	    "the connection failed to" : "cannot connect to", server(c),
	    t->said[0] == '4' || t->said[0] == '5' ? t->said :
	    t->error[0] != '\0' ? t->error : curl_easy_strerror(t->result));
}

void
smtp_send(struct ctx *c, const struct message *m)
{
	struct transfer	*t = transfer_begin(c, m);

	defer(c, transfer_leave, t);
	while (!t->finished && !ctx_expired(c)) {
		t->deadline = c->deadline;
		ctx_wait(c, REFRESH_MS);
	}
	if (!t->finished)
		raise_error(c, &ERR_UNAVAILABLE, "%s did not answer in time",
		    server(c));
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
