/* SPDX-License-Identifier: ISC */
/* Replaces Kore's requests and validators in unit tests. */

#ifndef TESTS_FAKES_KORE_FAKE_H
#define TESTS_FAKES_KORE_FAKE_H

/*
 * Kore's tables, which a test fills instead of kore.conf, and the few Kore
 * functions that read them.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <stdbool.h>

typedef int	validator_fn(struct http_request *, const char *);

/* `validator NAME regex ARG` or `validator NAME function NAME`. */
struct kore_validator	*fake_validator(const char *name, const char *regex,
			    validator_fn *);

/*
 * `domain *`: the next routes are its own. The first one of the server "api"
 * begins with the first route.
 */
struct kore_domain	*fake_domain(void);

/* `route PATH FUNC`; kore_module_getsym() will find its ROUTE. */
struct kore_module_handle	*fake_route(const char *path,
				    const char *func, void *route);

/* `params qs:METHOD PATH { validate NAME VALIDATOR }`. */
void	fake_param(struct kore_module_handle *, int method, int flags,
	    const char *name, struct kore_validator *);

/*
 * kore_conf_fake.c: does all of these from a kore.conf, for one of its servers,
 * with the program's own symbols. Returns NULL, or what is wrong.
 */
const char	*fake_conf(const char *file, const char *server);

/*
 * kore_loop_fake.c: coro_init()'s schedule; whether the last request sleeps;
 * how many tasks have run on a thread; and Kore's part of a round, before
 * coro_run(): false when it did nothing.
 */
void	fake_schedule(void);
bool	fake_asleep(void);
unsigned	fake_tasks(void);
bool	fake_round(void);

/* Removes the routes. */
void	fake_routes_clear(void);

#endif
