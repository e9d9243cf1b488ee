/* SPDX-License-Identifier: ISC */
/*
 * Checks at start that the limits of kore.conf, of the environment and of this
 * process fit each other. If they do not, Kore fails later, under load.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include "product.h"
#include "utils/start_error.h"
#include "wire/wire.h"

#define OWN_FILES	64	/* listeners, epoll, pipes, logs, libraries */
#define CONNECTIONS_MIN	32
#define ACCEPT_MAX	64
#define HEAD_MIN	1024

/*
 * Without a free descriptor, Kore's accept() loops, and its socketpair() is
 * fatal.
 */
static const char *
check_files(void)
{
	unsigned	 need = worker_max_connections +
			    wire_settings.other_files +
			    2u * kore_task_threads + OWN_FILES;
	struct rlimit	 rl;
	rlim_t		 had;

	if (worker_rlimit_nofiles < need)
		return (start_error("kore.conf: worker_rlimit_nofiles must be "
		    "at least %u (connections, database pool, tasks), not %u",
		    need, worker_rlimit_nofiles));
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (start_error("cannot read the limit of files: %m"));
	had = rl.rlim_max;
	rl.rlim_max = worker_rlimit_nofiles + OWN_FILES;
	if (had < rl.rlim_max && setrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (start_error("this process may have %llu files open, "
		    "and kore.conf's worker_rlimit_nofiles needs %llu (raise "
		    "LimitNOFILE, or ulimit -n)", (unsigned long long)had,
		    (unsigned long long)rl.rlim_max));
	return (NULL);
}

const char *
wire_check(void)
{
	if (worker_accept_threshold == 0 ||
	    worker_accept_threshold > ACCEPT_MAX)
		return (start_error("kore.conf: worker_accept_threshold must "
		    "be a number from 1 to %d, not %u: one worker would take "
		    "every connection", ACCEPT_MAX, worker_accept_threshold));
	if (worker_max_connections < CONNECTIONS_MIN)
		return (start_error("kore.conf: worker_max_connections must be "
		    "at least %d, not %u", CONNECTIONS_MIN,
		    worker_max_connections));
	if (http_request_limit < worker_max_connections)
		return (start_error("kore.conf: http_request_limit is %u and "
		    "worker_max_connections %u: Kore would refuse requests "
		    "without a word", http_request_limit,
		    worker_max_connections));
	if (wire_settings.per_address >
	    wire_settings.workers * worker_max_connections)
		return (start_error(ENV("CONNECTIONS_PER_ADDRESS") " is %u, "
		    "more than all workers' connections (%u)",
		    wire_settings.per_address,
		    wire_settings.workers * worker_max_connections));
	if (http_header_max < HEAD_MIN)
		return (start_error("kore.conf: http_header_max must be at "
		    "least %d, not %u", HEAD_MIN, http_header_max));
	if (http_body_max == 0 || http_body_max > WIRE_BODY_MAX)
		return (start_error("kore.conf: http_body_max must be a number "
		    "from 1 to %zu, not %zu: bodies are kept in memory",
		    WIRE_BODY_MAX, http_body_max));
	if (http_body_disk_offload != 0)
		return ("kore.conf: http_body_disk_offload must be 0: bodies "
		    "are kept in memory");
	if (http_keepalive_time == 0)
		return ("kore.conf: http_keepalive_time must be at least 1");
	return (check_files());
}
