/* SPDX-License-Identifier: ISC */
/* Stands in for Kore's requests and validators in unit tests. */

#ifndef TESTS_FAKES_KORE_FAKE_H
#define TESTS_FAKES_KORE_FAKE_H

/*
 * Kore's tables, filled by a test instead of by kore.conf, and the few of
 * Kore's functions that read them.
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

/* `route PATH FUNC`; its ROUTE is what kore_module_getsym() will find. */
struct kore_module_handle	*fake_route(const char *path,
				    const char *func, void *route);

/* `params qs:METHOD PATH { validate NAME VALIDATOR }`. */
void	fake_param(struct kore_module_handle *, int method, int flags,
	    const char *name, struct kore_validator *);

/*
 * kore_conf_fake.c: all of these, as kore.conf has them for one of its
 * servers. What it names is looked for among the program's own symbols.
 * Returns NULL, or what is wrong.
 */
const char	*fake_conf(const char *file, const char *server);

/* Where Kore would lead the path, by its rules; NULL if nowhere. */
struct kore_module_handle	*fake_lookup(const char *path);

/*
 * kore_loop_fake.c: coro_init()'s schedule; does the last request sleep; and
 * what Kore does in a round, before coro_run(): false when nothing was to do.
 */
void	fake_schedule(void);
bool	fake_asleep(void);
bool	fake_round(void);

/* Forgets the routes. */
void	fake_routes_clear(void);

#endif
