/* SPDX-License-Identifier: ISC */
/* The limits that fit each other, at their borders. */

/* sources: src/wire/wire_check.c src/wire/wire_settings.c */
/* defines: -Dgetrlimit=fake_getrlimit -Dsetrlimit=fake_setrlimit */

#include <sys/types.h>
#include <sys/resource.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include "wire/wire.h"

#define FILES(connections)	((connections) + 10 + 2 * 3 + 64)

u_int32_t	worker_rlimit_nofiles, worker_max_connections;
u_int32_t	worker_accept_threshold, http_request_limit;
u_int16_t	http_header_max, http_keepalive_time, kore_task_threads;
u_int64_t	http_body_disk_offload;
size_t		http_body_max;

static struct rlimit	 limit;		/* of this process, and what is set */
static unsigned		 nset;

int
getrlimit(__rlimit_resource_t what, struct rlimit *rl)
{
	assert_int_equal(what, RLIMIT_NOFILE);
	*rl = limit;
	return (0);
}

int
setrlimit(__rlimit_resource_t what, const struct rlimit *rl)
{
	assert_int_equal(what, RLIMIT_NOFILE);
	nset++;
	if (rl->rlim_max > limit.rlim_max)
		return (-1);
	limit = *rl;
	return (0);
}

static int
setup(void **state)
{
	(void)state;
	wire_settings.workers = 2;
	wire_settings.per_address = 64;
	wire_settings.other_files = 10;
	kore_task_threads = 3;
	worker_max_connections = http_request_limit = 32;
	worker_accept_threshold = 16;
	worker_rlimit_nofiles = FILES(32);
	http_header_max = 1024;
	http_keepalive_time = 1;
	http_body_max = 1024;
	http_body_disk_offload = 0;
	limit.rlim_cur = limit.rlim_max = 4096;
	nset = 0;
	return (0);
}

static void
assert_fails(const char *phrase)
{
	const char	*what = wire_check();

	assert_non_null(what);
	if (strstr(what, phrase) == NULL)
		fail_msg("%s", what);
}

#define BORDER(variable, fine, bad, phrase) do {			\
	(variable) = (fine);						\
	assert_null(wire_check());					\
	(variable) = (bad);						\
	assert_fails(phrase);						\
	setup(NULL);							\
} while (0)

static void
test_borders(void **state)
{
	(void)state;
	assert_null(wire_check());
	BORDER(worker_accept_threshold, 1, 0, "from 1 to 64, not 0");
	BORDER(worker_accept_threshold, 64, 65, "from 1 to 64, not 65");
	BORDER(worker_max_connections, 32, 31, "at least 32, not 31");
	BORDER(http_request_limit, 32, 31, "http_request_limit is 31");
	BORDER(wire_settings.per_address, 64, 65, "is 65, more than all");
	BORDER(wire_settings.workers, 2, 1, "connections (32)");
	BORDER(http_header_max, 1024, 1023, "at least 1024, not 1023");
	BORDER(http_body_max, 1, 0, "from 1 to 4194304, not 0");
	BORDER(http_body_max, 4194304, 4194305, "not 4194305");
	BORDER(http_body_disk_offload, 0, 1, "must be 0");
	BORDER(http_keepalive_time, 1, 0, "at least 1");
}

/* Connections, the pool's, two for each thread, and some for Kore. */
static void
test_files(void **state)
{
	unsigned	 need = FILES(32);

	(void)state;
	BORDER(worker_rlimit_nofiles, need, need - 1, "must be at least 112");
	BORDER(wire_settings.other_files, 10, 11, "must be at least 113");
	BORDER(kore_task_threads, 3, 4, "must be at least 114");

	/* And some more for the parent: it is set only where it is too low. */
	BORDER(limit.rlim_max, need + 64, need + 63, "needs 176");
	limit.rlim_max = need + 64;
	assert_null(wire_check());
	assert_int_equal(nset, 0);
	limit.rlim_max = need + 63;
	assert_fails("may have 175 files open");
	assert_int_equal(nset, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_borders, setup),
		cmocka_unit_test_setup(test_files, setup),
	};

	return (cmocka_run_group_tests_name("wire_check", tests, NULL, NULL));
}
