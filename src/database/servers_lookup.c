/* SPDX-License-Identifier: ISC */
/*
 * Looks up the hosts of a database URL: at the start, and again whenever a
 * connection has failed. A name server may take long to answer, so each name
 * has a thread, and servers_tick() collects what it has found. An address that
 * was found once stays in the list until the name has another.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "database/servers.h"
#include "product.h"
#include "utils/start_error.h"

#define PAUSE_MS	1000	/* between two lookups of a name */
#define ADDRESSES_MAX	8	/* of a name */
#define STACK_SIZE	(256 * 1024)

struct addresses {
	int	 error;		/* getaddrinfo()'s */
	unsigned n;
	char	 text[ADDRESSES_MAX][ADDRESS_SIZE];
};

/* Only its thread touches a lookup that is RUNNING. */
struct lookup {
	enum { IDLE, RUNNING, DONE } _Atomic	 state;
	const char				*name;
	struct addresses			 found;
};

/* A URL, and what is known of its hosts. In the parent. */
struct source {
	struct conninfo		 info;
	struct addresses	 known[HOSTS_MAX];
	struct lookup		 lookups[HOSTS_MAX];
	struct servers		*servers;
	unsigned		 answered;	/* of servers_asked() */
	uint64_t		 next;		/* not before */
	bool			 stale;		/* the list is */
	struct source		*older;
};

static struct source	*sources;

static void
add_address(struct addresses *a, const struct addrinfo *info)
{
	if (a->n < ADDRESSES_MAX && getnameinfo(info->ai_addr,
	    info->ai_addrlen, a->text[a->n], ADDRESS_SIZE, NULL, 0,
	    NI_NUMERICHOST) == 0)
		a->n++;
}

/* Waits for the name servers. */
static void
look_up(const char *name, struct addresses *out)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *res, *one;

	memset(out, 0, sizeof(*out));
	if ((out->error = getaddrinfo(name, NULL, &hints, &res)) != 0)
		return;
	for (one = res; one != NULL; one = one->ai_next)
		add_address(out, one);
	freeaddrinfo(res);
	if (out->n == 0)
		out->error = EAI_NONAME;
}

static void *
lookup_thread(void *arg)
{
	struct lookup	*l = arg;

	look_up(l->name, &l->found);
	atomic_store(&l->state, DONE);
	return (NULL);
}

/* Returns false if there is no thread for it now. */
static bool
lookup_start(struct lookup *l)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, before;
	int		 error;

	if (pthread_attr_init(&attr) != 0)
		return (false);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* Signals are for the thread of Kore's loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_store(&l->state, RUNNING);
	if ((error = pthread_create(&thread, &attr, lookup_thread, l)) != 0)
		atomic_store(&l->state, IDLE);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return (error == 0);
}

static void
add_server(const struct source *s, const struct host *host,
    const char *address, struct server *list, unsigned *n)
{
	if (*n == SERVERS_MAX)
		return;
	conninfo_name(host, address, list[*n].name);
	/* At the start it is known to fit; a later address may not. */
	if (conninfo_write(&s->info, host, address, list[*n].conninfo) == NULL)
		(*n)++;
}

/* Returns false if there is no memory for it now. */
static bool
publish(struct source *s)
{
	struct server	*list = calloc(SERVERS_MAX, sizeof(*list));
	unsigned	 i, k, n = 0;

	if (list == NULL)
		return (false);
	for (i = 0; i < s->info.nhosts; i++) {
		if (!host_is_name(&s->info.hosts[i]))
			add_server(s, &s->info.hosts[i],
			    s->info.hosts[i].address, list, &n);
		for (k = 0; k < s->known[i].n; k++)
			add_server(s, &s->info.hosts[i], s->known[i].text[k],
			    list, &n);
	}
	servers_publish(s->servers, list, n);
	free(list);
	return (true);
}

/* Name servers send the same addresses in any order. */
static bool
are_same(const struct addresses *a, const struct addresses *b)
{
	unsigned	 i, k;

	for (i = 0; i < a->n; i++) {
		for (k = 0; k < b->n; k++) {
			if (strcmp(a->text[i], b->text[k]) == 0)
				break;
		}
		if (k == b->n)
			return (false);
	}
	return (a->n == b->n);
}

/* Takes what a thread has found. One line says it when it is new. */
static void
take(struct source *s, unsigned i)
{
	struct addresses	*known = &s->known[i];
	const struct addresses	*found = &s->lookups[i].found;
	const char		*name = s->info.hosts[i].name;

	if (found->error != 0 && found->error != known->error)
		log_event(LEVEL_WARNING, NULL, "database", "%s: %s: %s",
		    s->info.setting, name, gai_strerror(found->error));
	known->error = found->error;
	if (found->error != 0 || are_same(known, found))
		return;
	*known = *found;
	s->stale = true;
	log_event(LEVEL_WARNING, NULL, "database", "%s: the address of %s is "
	    "%s now", s->info.setting, name, found->text[0]);
}

static void
collect(struct source *s)
{
	unsigned	 i;

	for (i = 0; i < s->info.nhosts; i++) {
		if (atomic_load(&s->lookups[i].state) != DONE)
			continue;
		take(s, i);
		atomic_store(&s->lookups[i].state, IDLE);
	}
	if (s->stale)
		s->stale = !publish(s);
}

/* A lookup that is still under way is not begun again. */
static void
answer(struct source *s, uint64_t now)
{
	unsigned	 asked = servers_asked(s->servers), i;

	if (asked == s->answered || now < s->next)
		return;
	s->next = now + PAUSE_MS;
	s->answered = asked;
	for (i = 0; i < s->info.nhosts; i++) {
		if (host_is_name(&s->info.hosts[i]) &&
		    atomic_load(&s->lookups[i].state) == IDLE &&
		    !lookup_start(&s->lookups[i]))
			s->answered = asked - 1;	/* later */
	}
}

void
servers_tick(uint64_t now)
{
	struct source	*s;

	for (s = sources; s != NULL; s = s->older) {
		collect(s);
		answer(s, now);
	}
}

static const char *
check_address(const struct source *s, const struct host *host,
    const char *address)
{
	static char	 out[CONNINFO_SIZE];
	const char	*problem = conninfo_check_tls(&s->info, address);

	return (problem != NULL ? problem :
	    conninfo_write(&s->info, host, address, out));
}

static const char *
unknown_host(const struct source *s, unsigned i)
{
	return (start_error("%s: %s: %s", s->info.setting,
	    s->info.hosts[i].name, gai_strerror(s->known[i].error)));
}

/* Looks up a host. An address that may not be used ends the start. */
static const char *
prepare_host(struct source *s, unsigned i)
{
	const struct host	*host = &s->info.hosts[i];
	const char		*problem = NULL;
	unsigned		 k;

	if (!host_is_name(host))
		return (check_address(s, host, host->address));
	s->lookups[i].name = host->name;
	look_up(host->name, &s->known[i]);
	for (k = 0; problem == NULL && k < s->known[i].n; k++)
		problem = check_address(s, host, s->known[i].text[k]);
	return (problem);
}

/* Hosts that nobody knows are no error as long as there is another. */
static const char *
prepare_hosts(struct source *s)
{
	const char	*problem = NULL;
	unsigned	 i, unknown = 0;

	for (i = 0; problem == NULL && i < s->info.nhosts; i++) {
		problem = prepare_host(s, i);
		unknown += s->known[i].error != 0;
	}
	if (problem == NULL && unknown == s->info.nhosts)
		return (unknown_host(s, 0));
	for (i = 0; problem == NULL && unknown > 0 && i < s->info.nhosts; i++) {
		if (s->known[i].error != 0)
			fprintf(stderr, PRODUCT ": warning: %s\n",
			    unknown_host(s, i));
	}
	return (problem);
}

struct servers *
servers_of(const char *url, const char *setting, const char **problem)
{
	struct source	*s = calloc(1, sizeof(*s));

	*problem = NULL;
	if (s == NULL || (s->servers = servers_new()) == NULL)
		*problem = start_error("%s: out of memory", setting);
	else if ((*problem = conninfo_read(&s->info, url, setting)) == NULL &&
	    (*problem = prepare_hosts(s)) == NULL && !publish(s))
		*problem = start_error("%s: out of memory", setting);
	if (*problem != NULL) {
		if (s != NULL)
			servers_free(s->servers);
		free(s);
		return (NULL);
	}
	s->older = sources;
	sources = s;
	return (s->servers);
}
