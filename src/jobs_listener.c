/* SPDX-License-Identifier: ISC */
/*
 * The runner's own port. The runner is no worker of Kore, so this does for one
 * listener what kore_worker_entry() does: it sets up Kore's connections and its
 * HTTP, and runs both in each round of the loop.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include "app.h"
#include "config.h"
#include "jobs_listener.h"
#include "product.h"
#include "utils/start_error.h"
#include "wire/listen.h"
#include "wire/wire.h"

#define CONNECTIONS	32
#define ALONE		3	/* Kore's worker_count for one worker */

/* Kore writes it from a worker, which the runner is not. */
static const char *
check_access_log(void)
{
	struct kore_server	*srv = kore_server_lookup(wire_settings.runner);
	struct kore_domain	*dom;

	TAILQ_FOREACH(dom, &srv->domains, list) {
		if (dom->accesslog != -1)
			return (start_error("kore.conf: the server %s has an "
			    "accesslog, which the runner cannot write",
			    wire_settings.runner));
	}
	kore_domain_closelogs();
	return (NULL);
}

const char *
jobs_listener_init(void)
{
	const char	*problem;

	if (config.jobs_admin_port == NULL)
		return (NULL);
	worker_count = ALONE;
	worker_max_connections = CONNECTIONS;
	http_request_limit = CONNECTIONS;
	http_hsts_enable = 0;
	wire_settings.workers = 1;
	wire_settings.per_address = CONNECTIONS;
	app_init();
	if ((problem = wire_init()) != NULL ||
	    (problem = listen_on(wire_settings.runner, "127.0.0.1",
	    config.jobs_admin_port)) != NULL)
		return (problem);
	return (check_access_log());
}

void
jobs_listener_begin(void)
{
	if (config.jobs_admin_port == NULL)
		return;
	net_init();
	kore_connection_init();
	http_init();
	wire_worker_init(0);
	kore_platform_enable_accept();
	printf(PRODUCT ": health and metrics on http://127.0.0.1:%s\n",
	    config.jobs_admin_port);
}

void
jobs_listener_run(void)
{
	if (config.jobs_admin_port == NULL)
		return;
	http_process();
	kore_connection_prune(KORE_CONNECTION_PRUNE_DISCONNECT);
}
