/* SPDX-License-Identifier: ISC */
/* What the signals do to the server's processes. */

#include <sys/types.h>

#include <kore/kore.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stopping.h"
#include "config.h"
#include "coro/coro.h"
#include "drain.h"
#include "exit.h"
#include "notify.h"
#include "signals.h"
#include "utils/start_error.h"
#include "wire/tls_renew.h"

#define ASKS		5	/* to end, one a second; then SIGKILL */
#define SAME_MS		500	/* signals that come so close are one */

static volatile sig_atomic_t	forked, gave_up;
static volatile sig_atomic_t	begun_by;	/* the first signal to stop */
static pid_t			parent;

/* Kore's loop then ends, and waits for its processes. */
static void
stop_kore(void)
{
	if (sig_recv == SIGTERM)
		return;
	stopping->at_once = true;
	kore_signal(SIGTERM);
	alarm(1);
}

/*
 * Kore sends SIGTERM to its processes once. One that is just starting can miss
 * it, and one that hangs never ends.
 */
static void
ask_again(void)
{
	static int	 asked;
	unsigned	 i;
	pid_t		 pid;

	asked++;
	for (i = 0; i < worker_count; i++) {
		pid = kore_worker_data((u_int8_t)i)->pid;
		if (pid > 0)
			kill(pid, asked <= ASKS ? SIGTERM : SIGKILL);
	}
}

/* SIGALRM: the workers should have drained by now, or ended. */
static void
time_is_up(int sig)
{
	int	 saved = errno;

	(void)sig;
	if (getpid() != parent || !stopping_begun())
		return;		/* somebody else has sent it */
	alarm(1);
	if (sig_recv == SIGTERM && forked)
		ask_again();
	else if (drain_is_late(kore_time_ms()))
		stop_kore();
	errno = saved;
}

/*
 * Also at the start: a worker serves before the others are ready. A service
 * manager may send one signal to each process; then it comes several times.
 */
static void
stop(int sig)
{
	if (!stopping_begun()) {
		begun_by = sig;
		drain_begin(sig != SIGTERM);
		alarm(drain_seconds());
	} else if (kore_time_ms() >= stopping->begun + SAME_MS)
		stop_kore();
}

/*
 * When the key manager dies, Kore sends itself a SIGTERM and exits as if it had
 * been told to stop: the sender tells the two apart. A server that is stopping
 * needs no key manager.
 */
static void
take_kores_own(void)
{
	if (stopping_begun())
		return;
	gave_up = 1;
	stop(SIGINT);
}

/*
 * Kore stores only the last signal: none may replace the one to stop. A process
 * that was just forked still has this handler: what it gets is not for the
 * server.
 */
static void
parent_signal(int sig, siginfo_t *info, void *context)
{
	int	 saved = errno;

	(void)context;
	if (getpid() != parent)
		return;
	if (sig == SIGHUP)
		tls_renew_soon();
	if (sig == SIGCHLD && sig_recv != SIGTERM)
		kore_signal(sig);
	if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT) {
		if (info->si_code == SI_TKILL && info->si_pid == getpid())
			take_kores_own();
		else
			stop(sig);
	}
	errno = saved;
}

/* Kore passes SIGTERM on. A worker that has lost its parent ends, too. */
static void
worker_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGTERM && info->si_pid == parent)
		kore_signal(sig);
}

static const char *
take_signals(const int *signals, size_t n,
    void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction	 sa;
	size_t			 i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = handler;
	sa.sa_flags = SA_SIGINFO;
	sigfillset(&sa.sa_mask);
	for (i = 0; i < n; i++) {
		if (sigaction(signals[i], &sa, NULL) == -1)
			return (start_error("sigaction: %m"));
	}
	return (NULL);
}

static void
after_fork(void)
{
	forked = 1;
}

/* In the parent: a worker has drained. */
static void
take_report(struct kore_msg *msg, const void *data)
{
	(void)msg;
	(void)data;
	if (stopping_all(stopping->drained, config.workers))
		stop_kore();
}

/*
 * For Kore a SIGHUP means to load the module again, under the requests that
 * run in it. Forgets one that Kore has noted, but no other signal that comes
 * meanwhile.
 */
static void
forget_hangup(void)
{
	sig_atomic_t	 noted = SIGHUP;

	__atomic_compare_exchange_n(&sig_recv, &noted, 0, false,
	    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

int
signals_noted(void)
{
	int	 sig = sig_recv;

	return (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT ||
	    sig == SIGHUP ? sig : 0);
}

/*
 * Kore would pass on an INT or a QUIT that it has noted before, and then wait
 * for workers that obey no such signal. Nothing has begun yet.
 */
static void
obey_noted(void)
{
	if (sig_recv == SIGTERM || sig_recv == SIGINT || sig_recv == SIGQUIT)
		exit_with(0);
}

static const int	signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP,
			    SIGUSR1, SIGCHLD };

#define NSIGNALS	(sizeof(signals) / sizeof(signals[0]))

const char *
signals_init(void)
{
	const char	*problem;

	parent = getpid();
	if ((problem = take_signals(signals, NSIGNALS, parent_signal)) != NULL)
		return (problem);
	if (signal(SIGALRM, time_is_up) == SIG_ERR)
		return (start_error("signal: %m"));
	if ((errno = pthread_atfork(NULL, after_fork, NULL)) != 0)
		return (start_error("pthread_atfork: %m"));
	kore_msg_register(MSG_DRAINED, take_report);
	forget_hangup();
	obey_noted();
	return (NULL);
}

/*
 * Another signal may have replaced a SIGCHLD, and Kore does not notice that a
 * key manager has exited with status 0.
 */
void
signals_watch(void)
{
	static bool			 told;
	const struct kore_worker	*kw;

	if (sig_recv == SIGTERM)
		return;
	if (stopping_begun() && !told) {
		notify("STOPPING=1");
		if (!gave_up)
			log_event(LEVEL_INFO, NULL, "stop", "SIG%s: draining",
			    sigabbrev_np(begun_by));
		told = true;
	}
	kore_worker_reap();
	kw = kore_worker_data(KORE_WORKER_KEYMGR_IDX);
	if (keymgr_active && !kw->running)
		raise(SIGTERM);
}

bool
signals_gave_up(void)
{
	return (gave_up != 0);
}

/* From there on, all but SIGCHLD. */
void
signals_worker_init(void)
{
	take_signals(signals, NSIGNALS - 1, worker_signal);
	/* One that came before Kore's handler was set is lost. */
	sig_recv = stopping->at_once ? SIGTERM : 0;
}
