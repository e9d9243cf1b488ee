/* SPDX-License-Identifier: ISC */
/* Ends the process, at a failed start or later. */

#include <sys/resource.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exit.h"
#include "http/routes.h"
#include "pidfile.h"
#include "product.h"
#include "schema/validator.h"

#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>
#include <sanitizer/lsan_interface.h>
#endif

void
exit_with(int status)
{
	pidfile_remove();
	exit(status);
}

void
exit_fail(const char *fmt, ...)
{
	va_list	 ap;

	fflush(stdout);
	fprintf(stderr, PRODUCT ": ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit_with(1);
}

void
exit_if(const char *problem)
{
	if (problem != NULL)
		exit_fail("%s", problem);
}

/* A QUIT writes no core: this is no crash. A command has no pid file. */
void
exit_by_signal(int number, const char *problem)
{
	static const struct rlimit	 none;
	sigset_t			 set;

	fflush(stdout);
	fprintf(stderr, PRODUCT ": %s\n", problem);
	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	exit_with(128 + number);
}

/*
 * Kore keeps its objects in mapped memory, which the leak sanitizer does not
 * search; the dynamic loader keeps its last error there, too.
 */
void
exit_clean(void)
{
#if defined(__SANITIZE_ADDRESS__)
	routes_keep(__lsan_register_root_region);
	rules_keep(__lsan_register_root_region);
	while (dlerror() != NULL)
		;
	fflush(NULL);
	_exit(__lsan_do_recoverable_leak_check() != 0 ? 99 : 0);
#else
	fflush(NULL);
	_exit(0);		/* threads may still run */
#endif
}
