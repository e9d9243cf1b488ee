/* SPDX-License-Identifier: ISC */
/*
 * Catches a crash. The handler runs on a stack of its own, because a
 * coroutine's may be used up; it allocates nothing and takes no lock. Memory
 * may be damaged, so it works in steps: when a step faults, the handler is
 * called again, within itself, and goes on with the next one.
 */

#include <sys/types.h>

#include <pthread.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "base/crash.h"
#include "base/crash_modules.h"
#include "base/crash_report.h"

#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK_SIZE	65536	/* the unwinder needs a few KiB of it */
#define SIGNALS_MAX	8

static pthread_t		 loop_thread;
static pthread_t		 crashing;	/* the first that did; or 0 */
static volatile sig_atomic_t	 step;		/* the next one */
static struct crash_facts	 facts;
static struct crash_report	 report;
static ucontext_t		*context;	/* of the signal */
static uintptr_t		 first;		/* where the walk begins */
static bool			 walking;
static char			 stack[STACK_SIZE];
static void			(*tell)(struct crash_facts *, const void *);
static struct sigaction		 before[SIGNALS_MAX];

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t	 i;

	for (i = 0; from != NULL && i < size - 1 && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}

static void
ask_what_runs(void)
{
	uintptr_t	 address;
	bool		 has_address = crash_address(&report, &address);

	tell(&facts, has_address ? (const void *)address : NULL);
}

/* Another thread works for nobody that the loop's thread knows. */
static void
copy_facts(void)
{
	report.other_thread = pthread_self() != loop_thread;
	if (facts.process != NULL)
		copy_text(report.process, sizeof(report.process),
		    facts.process);
	report.process_number = facts.number;
	if (report.other_thread)
		return;
	report.overflow = facts.overflow;
	copy_text(report.request_id, sizeof(report.request_id),
	    facts.request_id);
	copy_text(report.method, sizeof(report.method), facts.method);
	copy_text(report.route, sizeof(report.route), facts.route);
	copy_text(report.pattern, sizeof(report.pattern), facts.pattern);
}

static void
add_frame(uintptr_t address)
{
	if (report.nframes < CRASH_FRAMES)
		report.frames[report.nframes++] = address;
}

/*
 * A call through a wrong pointer has no frame from which the unwinder could go
 * on: the return address is where the call has left it.
 */
static void
find_first_frame(void)
{
#if defined(__x86_64__)
	greg_t		*regs = context->uc_mcontext.gregs;
	uintptr_t	 pc = (uintptr_t)regs[REG_RIP], address;

	add_frame(pc);
	if (crash_address(&report, &address) && address == pc) {
		memcpy(&regs[REG_RIP], (const void *)regs[REG_RSP],
		    sizeof(regs[REG_RIP]));
		regs[REG_RSP] += (greg_t)sizeof(regs[REG_RIP]);
	}
	first = (uintptr_t)regs[REG_RIP];
#endif
}

/* Leaves out the handler's own frames, which come before the signal's. */
static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *frame, void *arg)
{
	int		 interrupted;
	uintptr_t	 address = _Unwind_GetIPInfo(frame, &interrupted);

	(void)arg;
	if (!walking) {
		walking = context == NULL ||
		    (interrupted && (first == 0 || first == address));
		if (!walking || (report.nframes > 0 &&
		    report.frames[0] == address))
			return (_URC_NO_REASON);
	}
	if (address != 0)
		add_frame(address);
	return (report.nframes < CRASH_FRAMES ? _URC_NO_REASON :
	    _URC_END_OF_STACK);
}

static void
walk_stack(void)
{
	mcontext_t	 kept;

	if (context == NULL) {
		_Unwind_Backtrace(take_frame, NULL);
		return;
	}
	kept = context->uc_mcontext;
	find_first_frame();
	_Unwind_Backtrace(take_frame, NULL);
	context->uc_mcontext = kept;
}

static void
go_on(void)
{
	for (;;) {
		switch (step++) {
		case 0:
			ask_what_runs();
			break;
		case 1:
			copy_facts();
			break;
		case 2:
			walk_stack();
			break;
		case 3:
			crash_write(&report);
			return;
		default:
			return;
		}
	}
}

/* As if this file did not exist. The address sanitizer has handlers, too. */
static void
put_back(void)
{
	size_t	 i;

	for (i = 0; crash_signals[i] != 0; i++)
		sigaction(crash_signals[i], &before[i], NULL);
}

/* The sandbox of Kore's key manager forbids raise(), and its gettid(). */
static void
send_again(void)
{
	if (__libc_single_threaded)
		kill(getpid(), report.number);
	else
		raise(report.number);
}

/*
 * After the return, the instruction faults again: a core and a sanitizer then
 * see the crash itself. A signal that was sent is sent once more.
 */
static void
die_as_without_us(void)
{
	sigset_t	 mask;

	put_back();
	if (report.info.si_code > 0)
		return;
	sigemptyset(&mask);
	sigaddset(&mask, report.number);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	send_again();		/* comes with the return */
}

static bool
is_first(void)
{
	pthread_t	 none = 0;

	return (__atomic_compare_exchange_n(&crashing, &none, pthread_self(),
	    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

static void
handle(int number, siginfo_t *info, void *arg)
{
	if (is_first()) {
		report.number = number;
		report.info = *info;
		context = arg;
		go_on();
		die_as_without_us();
		return;
	}
	while (crashing != pthread_self())
		sleep(1);	/* the other thread ends the process */
	go_on();
	put_back();
	send_again();
	_exit(1);
}

#if defined(__SANITIZE_ADDRESS__)
/* A report that no signal has begun, such as that of a use after free. */
static void
sanitizer_ends(void)
{
	if (is_first())
		go_on();
}

/* The undefined behaviour sanitizer is a library of its own. */
static void
watch_sanitizers(void)
{
	void	*ubsan = dlopen("libubsan.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void	(*set)(void (*)(void));

	__sanitizer_set_death_callback(sanitizer_ends);
	if (ubsan == NULL)
		return;
	*(void **)&set = dlsym(ubsan, "__sanitizer_set_death_callback");
	if (set != NULL)
		set(sanitizer_ends);
	dlclose(ubsan);
}
#else
static void
watch_sanitizers(void)
{
}
#endif

static _Unwind_Reason_Code
ignore_frame(struct _Unwind_Context *frame, void *arg)
{
	(void)frame;
	(void)arg;
	return (_URC_NO_REASON);
}

void
crash_init(const char *name, void (*fn)(struct crash_facts *, const void *))
{
	stack_t			 alternate = { .ss_sp = stack,
				    .ss_size = sizeof(stack) };
	struct sigaction	 sa;
	size_t			 i;

	tell = fn;
	loop_thread = pthread_self();
	copy_text(report.process, sizeof(report.process), name);
	crash_modules_note();
	/* The first run prepares what the later ones need. */
	_Unwind_Backtrace(ignore_frame, NULL);
	watch_sanitizers();
	if (sigaltstack(&alternate, NULL) == -1)
		return;		/* it dies without a line */
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = handle;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&sa.sa_mask);
	for (i = 0; crash_signals[i] != 0; i++)
		sigaction(crash_signals[i], &sa, &before[i]);
}
