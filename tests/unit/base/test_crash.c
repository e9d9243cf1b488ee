/* SPDX-License-Identifier: ISC */
/*
 * The line of a crash, and the death after it. Each crash is a child's, without
 * the sanitizer's own handlers, except where the sanitizer is the subject.
 */

/* sources: src/base/log_write.c */
/* sources: src/base/crash.c src/base/crash_line.c src/base/crash_modules.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c tests/unit/fakes/log_fake.c */

#include <sys/prctl.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crash.h"
#include "fakes/log_fake.h"

#define UNCHECKED	__attribute__((noinline, no_sanitize_address,	\
			    no_sanitize_undefined))
#define LINE_SIZE	4096

const char	*__asan_default_options(void);

/* So that a child dies by its signal, as in production. */
const char *
__asan_default_options(void)
{
	return ("handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:"
	    "handle_abort=0:detect_leaks=0:exitcode=99");
}

static void
tell_nothing(struct crash_facts *facts, const void *address)
{
	(void)facts;
	(void)address;
}

static void
tell_all(struct crash_facts *facts, const void *address)
{
	facts->process = "test";
	facts->number = 7;
	facts->request_id = "an-id";
	facts->method = "GET";
	facts->route = "read_note";
	facts->pattern = "^/notes/([^/\"\\]+)$";
	facts->overflow = address == (void *)64;
}

UNCHECKED static void
write_at(uintptr_t address)
{
	*(volatile char *)address = 1;
}

static void
tell_and_fault(struct crash_facts *facts, const void *address)
{
	facts->process = "worker";
	facts->number = 1;
	write_at(128);
	tell_all(facts, address);
}

static void
tell_much(struct crash_facts *facts, const void *address)
{
	static char	 much[10000];

	(void)address;
	memset(much, '"', sizeof(much) - 1);
	facts->request_id = facts->method = facts->route = much;
	facts->pattern = much;
}

static void
crash_null(void)
{
	write_at(0);
}

static void
crash_64(void)
{
	write_at(64);
}

/* Not an address on this processor, so the kernel does not know it. */
static void
crash_no_address(void)
{
	write_at(UINT64_C(0x1234567812345678));
}

static void
crash_bus(void)
{
	raise(SIGBUS);
}

static void
crash_trap(void)
{
	__builtin_trap();
}

UNCHECKED static void
crash_division(void)
{
	static volatile int	 number;

	number = 100 / number;
}

static void
crash_sent(void)
{
	raise(SIGSTOP);
}

static void (*volatile nothing)(void);

__attribute__((noinline)) static void
call_nothing(void)
{
	nothing();
	write_at(1);
}

/* With no stack, the walk faults at its first step. */
static void
crash_without_stack(void)
{
	__asm__ volatile("movq $64, %rsp; movq $64, %rbp; movq $1, 32");
	__builtin_unreachable();
}

UNCHECKED static unsigned
fall(unsigned n)
{
	volatile char	 frame[64];

	frame[0] = (char)n;
	if (n == 200)
		write_at(0);
	else
		fall(n + 1);
	return ((unsigned)frame[0]);
}

static void
crash_deep(void)
{
	fall(0);
}

static void *
crash_here(void *arg)
{
	(void)arg;
	write_at(0);
	return (NULL);
}

static void
crash_thread(void)
{
	pthread_t	 thread;

	pthread_create(&thread, NULL, crash_here, NULL);
	pthread_join(thread, NULL);
}

static void
crash_freed(void)
{
	char *volatile	 text = malloc(8);

	free((void *)text);
	*(volatile char *)text = 1;
}

/* cmocka has handlers, too, which would go on with the next test. */
static void
forget_handlers(void)
{
	static const int	 caught[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				    SIGABRT };
	size_t			 i;

	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		signal(caught[i], SIG_DFL);
}

static void	(*forget)(void) = forget_handlers;

/* Also lets a measured build write what it has counted. */
static void
exit_by_handler(int number)
{
	exit(number);
}

static void
have_handlers(void)
{
	signal(SIGSEGV, exit_by_handler);
	signal(SIGBUS, exit_by_handler);
}

static int
crash(void (*how)(void), void (*teller)(struct crash_facts *, const void *))
{
	int	 status, null;
	pid_t	 pid;

	log_capture_begin();
	if ((pid = fork()) == 0) {
		prctl(PR_SET_DUMPABLE, 0);	/* leaves no core */
		forget();
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		crash_init("parent", teller);
		how();
		_exit(0);
	}
	if (how == crash_sent) {
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGSEGV);
		kill(pid, SIGCONT);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (status);
}

/* The event, if the child has died by that signal. */
static json_t *
died(int status, int number)
{
	json_t	*event = log_capture_event("time:s level:s event:s "
	    "request_id:n signal:s cause:s address:n process:s pid:i method:n "
	    "route:n pattern:n modules:? frames:?");

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	return (event);
}

static json_t *
any_event(void)
{
	json_t	*event = json_loads(log_capture_end(), 0, NULL);

	assert_non_null(event);
	return (event);
}

static const char *
text_of(const json_t *event, const char *name)
{
	return (json_string_value(json_object_get(event, name)));
}

static const char *
frame_of(const json_t *event, size_t i)
{
	return (json_string_value(json_array_get(json_object_get(event,
	    "frames"), i)));
}

static void
test_what_runs(void **state)
{
	int	 status = crash(crash_null, tell_all);
	json_t	*event = log_capture_event("time:s level:s event:s "
	    "request_id:s signal:s cause:s address:s process:s pid:i method:s "
	    "route:s pattern:s modules:? frames:?"), *module;

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_string_equal(text_of(event, "level"), "error");
	assert_string_equal(text_of(event, "event"), "crash");
	assert_string_equal(text_of(event, "request_id"), "an-id");
	assert_string_equal(text_of(event, "signal"), "SIGSEGV");
	assert_string_equal(text_of(event, "cause"), "no memory is there");
	assert_string_equal(text_of(event, "address"), "0x0");
	assert_string_equal(text_of(event, "process"), "test 7");
	assert_string_equal(text_of(event, "method"), "GET");
	assert_string_equal(text_of(event, "route"), "read_note");
	assert_string_equal(text_of(event, "pattern"), "^/notes/([^/\"\\]+)$");
	/* write_at(), crash_null(), crash() and others, up to main(). */
	assert_true(json_array_size(json_object_get(event, "frames")) > 5);
	assert_int_equal(strncmp(frame_of(event, 0), "test_crash+0x", 13), 0);
	module = json_array_get(json_object_get(event, "modules"), 0);
	assert_string_equal(text_of(module, "name"), "test_crash");
	assert_int_equal(strlen(text_of(module, "build")), 40);
	assert_true(*text_of(module, "file") == '/');
	json_decref(event);
}

static void
check_cause(void (*how)(void), int number, const char *cause)
{
	json_t	*event = died(crash(how, tell_nothing), number);

	assert_string_equal(text_of(event, "cause"), cause);
	assert_string_equal(text_of(event, "process"), "parent");
	json_decref(event);
}

static void
test_signals_without_an_address(void **state)
{
	char	 sent[64];

	(void)state;
	check_cause(abort, SIGABRT, "abort()");
	check_cause(crash_bus, SIGBUS, "raise()");
	check_cause(crash_no_address, SIGSEGV,
	    "what it used as an address is none");
	snprintf(sent, sizeof(sent), "sent by process %d", (int)getpid());
	check_cause(crash_sent, SIGSEGV, sent);
}

static void
test_instructions(void **state)
{
	json_t	*event;

	(void)state;
	assert_int_equal(WTERMSIG(crash(crash_trap, tell_nothing)), SIGILL);
	event = any_event();
	assert_string_equal(text_of(event, "signal"), "SIGILL");
	assert_string_equal(text_of(event, "cause"),
	    "an illegal instruction");
	json_decref(event);
	assert_int_equal(WTERMSIG(crash(crash_division, tell_nothing)),
	    SIGFPE);
	event = any_event();
	assert_string_equal(text_of(event, "signal"), "SIGFPE");
	assert_string_equal(text_of(event, "cause"), "a division by zero");
	json_decref(event);
}

static void
test_a_stack_that_is_used_up(void **state)
{
	json_t	*event;

	(void)state;
	crash(crash_64, tell_all);
	event = any_event();
	assert_string_equal(text_of(event, "cause"),
	    "the coroutine's stack is used up");
	assert_string_equal(text_of(event, "address"), "0x40");
	json_decref(event);
}

static void
test_a_call_of_nothing(void **state)
{
	json_t	*event;

	(void)state;
	assert_int_equal(WTERMSIG(crash(call_nothing, tell_nothing)),
	    SIGSEGV);
	event = any_event();
	assert_string_equal(frame_of(event, 0), "0x0");
	assert_int_equal(strncmp(frame_of(event, 1), "test_crash+0x", 13), 0);
	assert_true(json_array_size(json_object_get(event, "frames")) > 5);
	json_decref(event);
}

/* What was not told is missing; the rest of the line is there. */
static void
test_memory_that_is_damaged(void **state)
{
	json_t	*event;

	(void)state;
	assert_int_equal(WTERMSIG(crash(crash_64, tell_and_fault)), SIGSEGV);
	event = any_event();
	assert_string_equal(text_of(event, "address"), "0x40");
	assert_string_equal(text_of(event, "process"), "worker 1");
	assert_null(text_of(event, "request_id"));
	assert_true(json_array_size(json_object_get(event, "frames")) > 5);
	json_decref(event);

	assert_int_equal(WTERMSIG(crash(crash_without_stack, tell_all)),
	    SIGSEGV);
	event = any_event();
	assert_string_equal(text_of(event, "address"), "0x20");
	assert_string_equal(text_of(event, "request_id"), "an-id");
	assert_int_equal(json_array_size(json_object_get(event, "frames")), 1);
	json_decref(event);
}

static void
test_the_line_has_an_end(void **state)
{
	const char	*line;
	json_t		*event;

	(void)state;
	crash(crash_deep, tell_much);
	line = log_capture_end();
	assert_true(strlen(line) <= LINE_SIZE);
	assert_non_null(event = json_loads(line, 0, NULL));
	assert_int_equal(strlen(text_of(event, "pattern")), 255);
	assert_true(json_array_size(json_object_get(event, "frames")) > 40);
	json_decref(event);
}

static void
test_a_thread(void **state)
{
	json_t	*event;

	(void)state;
	assert_int_equal(WTERMSIG(crash(crash_thread, tell_all)), SIGSEGV);
	event = any_event();
	assert_string_equal(text_of(event, "process"), "test 7, a thread");
	assert_null(text_of(event, "request_id"));
	json_decref(event);
}

/* As those of the address sanitizer. */
static void
test_handlers_from_before(void **state)
{
	int	 status;

	(void)state;
	forget = have_handlers;
	status = crash(crash_null, tell_all);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == SIGSEGV);
	json_decref(any_event());
	status = crash(crash_bus, tell_all);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == SIGBUS);
	json_decref(any_event());
	forget = forget_handlers;
}

static void
test_a_sanitizers_report(void **state)
{
	int	 status = crash(crash_freed, tell_all);
	json_t	*event = any_event();

	(void)state;
	assert_int_equal(WEXITSTATUS(status), 99);
	assert_string_equal(text_of(event, "cause"), "a sanitizer's report");
	assert_true(json_is_null(json_object_get(event, "signal")));
	assert_string_equal(text_of(event, "route"), "read_note");
	json_decref(event);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_runs),
		cmocka_unit_test(test_signals_without_an_address),
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_a_stack_that_is_used_up),
		cmocka_unit_test(test_a_call_of_nothing),
		cmocka_unit_test(test_memory_that_is_damaged),
		cmocka_unit_test(test_the_line_has_an_end),
		cmocka_unit_test(test_a_thread),
		cmocka_unit_test(test_handlers_from_before),
		cmocka_unit_test(test_a_sanitizers_report),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
