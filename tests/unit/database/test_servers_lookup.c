/* SPDX-License-Identifier: ISC */
/* Names of hosts, looked up at the start and again, and what the list gets. */

/* sources: src/database/servers_lookup.c src/database/servers.c */
/* sources: src/database/database_conninfo.c src/database/conninfo_hosts.c */
/* defines: -Wl,--wrap=pthread_create */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "database/servers.h"

#define SETTING	"KEEL_DATABASE_URL"
#define SECOND	UINT64_C(1000)

/* The name server. A name that it lacks is unknown. */
static struct {
	pthread_mutex_t	 asked;		/* held: it does not answer */
	const char	*names[4];
	const char	*addresses[4];	/* with blanks between */
	_Atomic unsigned lookups;
} dns = { .asked = PTHREAD_MUTEX_INITIALIZER };

/* The thread of a lookup; it has ended when nothing of it is to come. */
static struct {
	void		*(*fn)(void *);
	void		*arg;
	unsigned	 begun;
	_Atomic unsigned ended;
} thread;

int	__wrap_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);
int	__real_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);

static char		 heard[512];
static uint64_t		 now = 1000000;
static struct servers	*servers;

void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	size_t	 len = strlen(heard);
	va_list	 ap;

	assert_int_equal(level, LEVEL_WARNING);
	assert_null(id);
	assert_string_equal(event, "database");
	va_start(ap, fmt);
	vsnprintf(heard + len, sizeof(heard) - len, fmt, ap);
	va_end(ap);
	strcat(heard, "\n");
}

/* libc */

static void
add(struct addrinfo **list, const char *address, size_t len)
{
	struct sockaddr_in	*to = calloc(1, sizeof(*to));
	struct addrinfo		*info = calloc(1, sizeof(*info));
	char			 text[64];

	snprintf(text, sizeof(text), "%.*s", (int)len, address);
	to->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &to->sin_addr), 1);
	info->ai_addr = (struct sockaddr *)(void *)to;
	info->ai_addrlen = sizeof(*to);
	while (*list != NULL)
		list = &(*list)->ai_next;
	*list = info;
}

/* A literal address, or a name that the server has. */
int
getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
	struct in_addr	 in;
	const char	*found = NULL;
	unsigned	 i;
	size_t		 len;

	assert_null(service);
	if (inet_pton(AF_INET, name, &in) == 1) {
		found = name;
	} else if (hints->ai_flags & AI_NUMERICHOST) {
		return (EAI_NONAME);
	} else {
		pthread_mutex_lock(&dns.asked);
		dns.lookups++;
		for (i = 0; i < 4; i++) {
			if (dns.names[i] != NULL &&
			    strcmp(dns.names[i], name) == 0)
				found = dns.addresses[i];
		}
		pthread_mutex_unlock(&dns.asked);
	}
	if (found == NULL)
		return (EAI_AGAIN);
	for (*res = NULL; *found != '\0'; found += len + strspn(found + len,
	    " ")) {
		len = strcspn(found, " ");
		add(res, found, len);
	}
	return (0);
}

void
freeaddrinfo(struct addrinfo *list)
{
	struct addrinfo	*next;

	for (; list != NULL; list = next) {
		next = list->ai_next;
		free(list->ai_addr);
		free(list);
	}
}

static void *
run_thread(void *arg)
{
	(void)arg;
	thread.fn(thread.arg);
	thread.ended++;
	return (NULL);
}

/* One at a time. */
int
__wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
    void *(*fn)(void *), void *arg)
{
	assert_int_equal(thread.ended, thread.begun);
	thread.fn = fn;
	thread.arg = arg;
	thread.begun++;
	return (__real_pthread_create(id, attr, run_thread, NULL));
}

/* The tests. */

static const char *
servers_now(void)
{
	static char		 text[1024];
	static struct server	 server;
	struct servers_walk	 walk;

	text[0] = '\0';
	servers_begin(servers, &walk);
	while (servers_next(servers, &walk, &server)) {
		strcat(text, text[0] != '\0' ? ", " : "");
		strcat(text, server.name);
	}
	return (text);
}

static void
set(unsigned i, const char *name, const char *addresses)
{
	dns.names[i] = name;
	dns.addresses[i] = addresses;
}

static const char *
problem_of(const char *url)
{
	const char	*problem;

	servers = servers_of(url, SETTING, &problem);
	assert_int_equal(servers == NULL, problem != NULL);
	return (problem != NULL ? problem : "");
}

static void
find(const char *url)
{
	assert_string_equal(problem_of(url), "");
}

/* Until a number of lookups have ended, and their answers are collected. */
static void
tick_until(unsigned lookups)
{
	unsigned	 i;

	servers_tick(now);
	while (dns.lookups < lookups || thread.ended < thread.begun)
		sched_yield();
	for (i = 0; i < 10; i++)	/* the first one collects */
		servers_tick(now);
}

static int
setup(void **state)
{
	(void)state;
	setenv("PGSSLROOTCERT", "/dev/null", 1);
	memset(dns.names, 0, sizeof(dns.names));
	dns.lookups = 0;
	heard[0] = '\0';
	now += 60 * SECOND;
	return (0);
}

static void
test_every_address_of_every_host(void **state)
{
	(void)state;
	set(0, "db1", "192.0.2.1 192.0.2.2");
	set(1, "db2", "192.0.2.3");
	find("postgresql://db1,db2:6543,192.0.2.9/keel");
	assert_string_equal(servers_now(), "db1 (192.0.2.1:5432), "
	    "db1 (192.0.2.2:5432), db2 (192.0.2.3:6543), 192.0.2.9:5432");
	assert_int_equal(dns.lookups, 2);
	find("host=/tmp,db2 port=5433");
	assert_string_equal(servers_now(),
	    "/tmp:5433, db2 (192.0.2.3:5433)");
	find("host=db1 hostaddr=2001:db8::1");
	assert_string_equal(servers_now(), "db1 ([2001:db8::1]:5432)");
	find("hostaddr=192.0.2.1,::1 port=1,2");
	assert_string_equal(servers_now(), "192.0.2.1:1, [::1]:2");
	find("");
	assert_string_equal(servers_now(), "the default socket:5432");
}

/* One that cannot be found is a warning as long as there is another. */
static void
test_unknown_names(void **state)
{
	(void)state;
	set(1, "db2", "192.0.2.3");
	assert_string_equal(problem_of("host=db1"), SETTING ": db1: "
	    "Temporary failure in name resolution");
	assert_string_equal(problem_of("host=db1,db3"), SETTING ": db1: "
	    "Temporary failure in name resolution");
	find("host=db1,db2");
	assert_string_equal(servers_now(), "db2 (192.0.2.3:5432)");
	find("host=/tmp,db1");
	assert_string_equal(servers_now(), "/tmp:5432");
}

static void
test_wrong_lists(void **state)
{
	char	 url[1024] = "host=a";
	int	 i;

	(void)state;
	assert_string_equal(problem_of("host=a,b,c port=1,2"),
	    SETTING ": 3 hosts, but 2 ports");
	assert_string_equal(problem_of("host=a,b hostaddr=192.0.2.1"),
	    SETTING ": 2 names of hosts, but 1 addresses (hostaddr)");
	for (i = 0; i < 16; i++)
		strcat(url, ",a");
	assert_string_equal(problem_of(url), SETTING ": more than 16 hosts");
	snprintf(url, sizeof(url), "host=%0300d", 0);
	assert_string_equal(problem_of(url), SETTING ": a host is too long");
}

/* Nobody asks: nothing is looked up. Somebody asks: once a second at most. */
static void
test_a_name_that_moves(void **state)
{
	(void)state;
	set(0, "db1", "192.0.2.1");
	find("host=db1");
	set(0, "db1", "192.0.2.7");
	servers_tick(now);
	servers_tick(now + SECOND);
	assert_int_equal(dns.lookups, 1);

	servers_ask(servers);
	now += 2 * SECOND;
	tick_until(2);
	assert_string_equal(heard, SETTING ": the address of db1 is 192.0.2.7 "
	    "now\n");
	assert_string_equal(servers_now(), "db1 (192.0.2.7:5432)");

	servers_ask(servers);
	servers_tick(now + SECOND - 1);
	assert_int_equal(dns.lookups, 2);
	now += SECOND;
	tick_until(3);
	assert_int_equal(dns.lookups, 3);
}

/* The same addresses in another order are no news, and no new list. */
static void
test_another_order(void **state)
{
	static struct server	 server;
	struct servers_walk	 walk;

	(void)state;
	set(0, "db1", "192.0.2.1 192.0.2.2 192.0.2.3");
	find("host=db1");
	set(0, "db1", "192.0.2.3 192.0.2.1 192.0.2.2");
	servers_begin(servers, &walk);
	servers_ask(servers);
	tick_until(2);
	assert_true(servers_next(servers, &walk, &server));
	assert_string_equal(heard, "");

	set(0, "db1", "192.0.2.3 192.0.2.1");
	servers_ask(servers);
	now += SECOND;
	tick_until(3);
	assert_string_equal(servers_now(), "db1 (192.0.2.3:5432), "
	    "db1 (192.0.2.1:5432)");
}

/* What was known stays, and one line says why, until it is found again. */
static void
test_a_name_that_is_gone_for_a_while(void **state)
{
	unsigned	 i;

	(void)state;
	set(0, "db1", "192.0.2.1");
	find("host=db1");
	set(0, NULL, NULL);
	for (i = 2; i < 5; i++) {
		servers_ask(servers);
		now += SECOND;
		tick_until(i);
	}
	assert_string_equal(heard, SETTING ": db1: Temporary failure in name "
	    "resolution\n");
	assert_string_equal(servers_now(), "db1 (192.0.2.1:5432)");
}

/* A tick does not wait, and does not begin the same lookup again. */
static void
test_a_lookup_that_hangs(void **state)
{
	(void)state;
	set(0, "db1", "192.0.2.1");
	find("host=db1");
	pthread_mutex_lock(&dns.asked);
	set(0, "db1", "192.0.2.7");
	servers_ask(servers);
	servers_tick(now);		/* does not wait */
	servers_ask(servers);
	servers_tick(now + 5 * SECOND);	/* nor begin another one */
	pthread_mutex_unlock(&dns.asked);
	tick_until(2);
	assert_int_equal(dns.lookups, 2);
	assert_string_equal(servers_now(), "db1 (192.0.2.7:5432)");
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_every_address_of_every_host),
		TEST(test_unknown_names),
		TEST(test_wrong_lists),
		TEST(test_a_name_that_moves),
		TEST(test_another_order),
		TEST(test_a_name_that_is_gone_for_a_while),
		TEST(test_a_lookup_that_hangs),
	};

	return (cmocka_run_group_tests_name("servers_lookup", tests, NULL,
	    NULL));
}
