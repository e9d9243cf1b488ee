/* SPDX-License-Identifier: ISC */
/* The settings of the job runner. */

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "jobs/jobs.h"
#include "product.h"
#include "utils/start_error.h"

static const char	*check_admin_port(void);

SETTINGS(runner,
    {
	ENV("JOBS_CONCURRENCY"), NUMBER(1, 256),
	.number = &jobs_settings.concurrency,
	.fallback = "16",
	.meaning = "Attempts at jobs that run at once, in each process of "
	    "`./keel jobs`.",
    },
    {
	ENV("JOBS_KEEP_DAYS"), NUMBER(0, 3650),
	.number = &jobs_settings.keep_days,
	.fallback = "7",
	.meaning = "Days that done and cancelled jobs are kept.",
    },
    {
	ENV("JOBS_ADMIN_PORT"), NUMBER(1, 65535),
	.text = &config.jobs_admin_port, .then = check_admin_port,
	.unset = "unset: none",
	.values = "not `" ENV("PORT") "`, not `" ENV("ADMIN_PORT") "`",
	.meaning = "The port of the runner's own [health and metrics]"
	    "(operation.md#the-runner), on 127.0.0.1.",
    });

/* Both processes may run on this machine, with the same settings. */
static const char *
check_admin_port(void)
{
	const char	*p = config.jobs_admin_port;

	if (p == NULL)
		return (NULL);
	if (config.port != NULL && atoi(p) == atoi(config.port) &&
	    !config_host_is_socket())
		return (start_error(ENV("JOBS_ADMIN_PORT") " and " ENV("PORT")
		    " are both %s", p));
	if (atoi(p) == atoi(config.admin_port))
		return (start_error(ENV("JOBS_ADMIN_PORT") " and "
		    ENV("ADMIN_PORT") " are both %s", p));
	return (NULL);
}
