/* SPDX-License-Identifier: ISC */
/*
 * Kore's hooks, in the order in which Kore calls them (main.py in a FastAPI
 * project). kore_parent_configure() finds all errors, before the fork: a worker
 * that exits at start is restarted for ever.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/seccomp.h>

#include <dlfcn.h>
#include <jansson.h>
#include <malloc.h>
#include <stdbool.h>

#include "app.h"
#include "app_queue.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/start_memory.h"
#include "commands.h"
#include "config.h"
#include "coro/loop.h"
#include "database/database.h"
#include "database/list.h"
#include "drain.h"
#include "exit.h"
#include "http/routes.h"
#include "jobs/jobs.h"
#include "kore_conf.h"
#include "mail/mail.h"
#include "middleware/cors.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "modules/auth/auth.h"
#include "notify.h"
#include "openapi/openapi.h"
#include "pidfile.h"
#include "processes.h"
#include "product.h"
#include "request/offload.h"
#include "running.h"
#include "signals.h"
#include "utils/password.h"
#include "utils/random_pool.h"
#include "wire/given.h"
#include "wire/listen.h"
#include "wire/tls.h"
#include "wire/tls_renew.h"
#include "wire/wire.h"

#define MSG_WORKER_READY	(KORE_MSG_APP_BASE + 1)
#define COROUTINES_MAX		(RUNNING_MAX + 16)	/* per worker */
#define PARENT_NOFILES		4096
#define WATCH_MS		500
#define LINES_MS		5	/* that a line of the log may wait */

EXPORT void	kore_parent_configure(int, char **);
EXPORT void	kore_parent_teardown(void);
EXPORT void	kore_worker_configure(void);
EXPORT void	kore_seccomp_hook(void);
EXPORT void	kore_worker_teardown(void);

static struct servers	*servers;
static bool		 was_restarted;
static bool		 lines_wait;	/* for write_lines() */

static bool
has_symbol(const char *name)
{
	return (dlsym(RTLD_DEFAULT, name) != NULL);
}

/*
 * When Kore loads the module, before it reads kore.conf: makes standard output
 * line-buffered, since the fork copies what is left in the parent's buffer into
 * every child; ignores SIGHUP until Kore has a handler, so that a reload that
 * comes too early does not end the start; sets the Server header, which
 * kore.conf may set otherwise; and checks kore.conf, since Kore compiles its
 * regexes.
 */
__attribute__((constructor)) static void
before_kore(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGHUP, SIG_IGN);
	http_server_version(PRODUCT);
	pidfile_divert();
	exit_if(kore_conf_problem(config_file, has_symbol));
}

/* Kore's parent loops over all possible descriptors of each worker. */
static void
limit_files(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 &&
	    rl.rlim_cur > PARENT_NOFILES) {
		rl.rlim_cur = PARENT_NOFILES;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static void
watch(void *arg, u_int64_t now)
{
	(void)arg;
	log_tick();
	servers_tick(now);
	signals_watch();
}

/* Kore always exits with status 0, but a service manager must see a failure. */
void
kore_parent_teardown(void)
{
	listen_end();
	drain_log();
	if (!signals_gave_up())
		return;
	log_event(LEVEL_ERROR, NULL, "stop", "the key manager died");
	exit_with(1);
}

static void
print_ready(void)
{
	const char	*scheme = config.tls_off ? "http" : "https";

	if (config_host_is_socket())
		printf(PRODUCT ": ready on unix:%s", config.host);
	else
		printf(strchr(config.host, ':') != NULL ?
		    PRODUCT ": ready on %s://[%s]:%s" :
		    PRODUCT ": ready on %s://%s:%s", scheme, config.host,
		    config.port);
	printf(" (docs: %s/docs)\n", config.public_url);
}

/* In the parent: one more worker is ready. */
static void
worker_ready(struct kore_msg *msg, const void *data)
{
	static unsigned	 count;

	(void)msg;
	(void)data;
	if (++count == 1) {
		kore_timer_add(watch, WATCH_MS, NULL, 0);
		kore_timer_add(tls_renew_tick, WATCH_MS, NULL, 0);
	}
	if (count != config.workers)
		return;
	print_ready();
	notify("READY=1");
	start_memory_free();
}

/* For crash_init(): which of Kore's processes this is, and what it does. */
static void
tell_crash(struct crash_facts *facts, const void *address)
{
	if (worker != NULL && worker->id == KORE_WORKER_KEYMGR) {
		facts->process = "key manager";
	} else if (worker != NULL) {
		facts->process = "worker";
		facts->number = worker->id;
	}
	running_tell(facts, address);
}

static void
prepare_server(void)
{
	const char	*problem;

	exit_if(metrics_init());
	log_never_wait(&shared->log_lines_dropped);
	exit_if(wire_check());
	exit_if(database_check());
	servers = database_servers(&problem);
	exit_if(tls_choose(config.tls_off));
	exit_if(tls_init(config.tls_cert, config.tls_key));
	if (password_dummy_hash() == NULL)
		exit_fail("cannot hash a password: out of memory");
	exit_if(tls_renew_init());
	exit_if(rate_limit_init());
	app_init();
	exit_if(wire_init());
	http_hsts_enable = 0;	/* Kore would send it over plain HTTP, too */
	limit_files();
	exit_if(drain_init());
	exit_if(signals_init());
	exit_if(processes_bind());
	worker_count = (u_int8_t)config.workers;
	exit_if(listen_on("api", config.host, config.port));
	exit_if(listen_on(wire_settings.admin, "127.0.0.1",
	    config.admin_port));
	kore_msg_register(MSG_WORKER_READY, worker_ready);
	crash_init("parent", tell_crash);
	exit_if(pidfile_write());
	malloc_trim(0);		/* a hash takes 19 MB, and workers share it */
}

void
kore_parent_configure(int argc, char **argv)
{
	(void)argc;
	(void)argv;

	json_set_alloc_funcs(mem_reserve_alloc, mem_reserve_free);
	exit_if(routes_init(app_handle));
	exit_if(schemas_init());
	exit_if(routes_check());
	exit_if(jobs_init());
	exit_if(mails_init());
	exit_if(database_files());
	exit_if(database_load());
	exit_if(lists_check());
	if (commands_serves())
		exit_if(given_take());
	exit_if(config_load());
	if (!commands_is("jobs"))		/* which describe no API */
		exit_if(openapi_init());
	malloc_trim(0);		/* see drop_kores_copy() */
	log_init(config.log_level, config.log_format);
	commands_run();
	prepare_server();
}

static void
worker_tick(uint64_t now)
{
	log_tick();
	wire_tick(now);
	database_tick(now);
	offload_tick();
	mem_tick();
	app_tick(coro_now_ms());
	auth_usage_tick(coro_now_ms());
	tls_renew_take();
}

static void
write_lines(void *arg, u_int64_t now)
{
	(void)arg;
	(void)now;
	lines_wait = false;
	log_flush();
}

/* Where requests are many, their lines share a system call. */
static bool
more_lines_come(void)
{
	if (http_request_count <= 1)
		return (false);
	if (!lines_wait)
		kore_timer_add(write_lines, LINES_MS, NULL,
		    KORE_TIMER_ONESHOT);
	lines_wait = true;
	return (true);
}

static void
report_ready(void)
{
	kore_msg_send(KORE_MSG_PARENT, MSG_WORKER_READY, NULL, 0);
}

void
kore_worker_configure(void)
{
	signals_worker_init();
	was_restarted = worker->restarted;
	if (was_restarted)
		log_event(LEVEL_ERROR, NULL, "worker", "a worker died and "
		    "was started again");
	mallopt(M_ARENA_MAX, 1);	/* the only kind malloc_trim() trims */
	random_pool_init();
	metrics_worker_init(worker->id - 1u, was_restarted);
	drain_worker_init(worker->id - 1u);
	tls_worker_init();
	wire_worker_init(worker->id - 1u);
	loop_init(COROUTINES_MAX, worker_tick, wire_run);
	log_gather(more_lines_come);
	database_worker_init(servers, config.database_pool, report_ready);
}

/*
 * An asan build searches for leaks here: later, Kore unmaps memory that its
 * task threads still use, and the sanitizer fails. A restarted worker has the
 * leaks of Kore's restart, and is not searched.
 */
void
kore_worker_teardown(void)
{
	drain_worker_end();
	log_gather(NULL);
	log_flush();
#if defined(__SANITIZE_ADDRESS__)
	if (was_restarted)
		_exit(0);
	exit_clean();
#endif
}

/*
 * System calls of a worker that Kore's own list lacks: for newer versions of
 * glibc, for libpq's sockets, and for threads with a lower priority. clone3
 * fails with ENOSYS, so that glibc falls back to clone, which Kore allows.
 */
static struct sock_filter	filter[] = {
#if defined(__SANITIZE_ADDRESS__)
	BPF_STMT(BPF_RET + BPF_K, SECCOMP_RET_ALLOW),
#else
	KORE_SYSCALL_ALLOW(newfstatat),
	KORE_SYSCALL_ALLOW(statx),
	KORE_SYSCALL_ALLOW(rseq),
	KORE_SYSCALL_ALLOW(set_robust_list),
	KORE_SYSCALL_ALLOW(sched_getaffinity),
	KORE_SYSCALL_ALLOW(sched_yield),
	KORE_SYSCALL_ALLOW(uname),
	KORE_SYSCALL_ALLOW(mremap),
	KORE_SYSCALL_ALLOW(gettid),
	KORE_SYSCALL_ALLOW(tgkill),
	KORE_SYSCALL_ALLOW(gettimeofday),
	KORE_SYSCALL_ALLOW(sysinfo),
	KORE_SYSCALL_ALLOW(setpriority),
	KORE_SYSCALL_ALLOW(getrusage),
	KORE_SYSCALL_ALLOW(getpeername),
	KORE_SYSCALL_ALLOW(recvmsg),
	KORE_SYSCALL_ALLOW(sendmsg),
	KORE_SYSCALL_ALLOW(shutdown),
	KORE_SYSCALL_ALLOW(restart_syscall),
	KORE_SYSCALL_ALLOW(pread64),
	KORE_SYSCALL_ALLOW(mincore),
	KORE_SYSCALL_DENY(clone3, ENOSYS),
	KORE_SYSCALL_DENY(ioctl, EACCES),
#endif
};

/* Runs last before the sandbox is entered. */
void
kore_seccomp_hook(void)
{
	kore_seccomp_filter(PRODUCT, filter, KORE_FILTER_LEN(filter));
}
