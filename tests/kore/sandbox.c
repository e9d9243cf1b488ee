/* SPDX-License-Identifier: ISC */
/*
 * Kore 4.1's sandbox kills a worker that uses Kore's own tasks, or common
 * functions for which glibc 2.36 makes other system calls than the list has.
 * Keel uses kore_seccomp_hook().
 */

#include <sys/stat.h>

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include <stdlib.h>
#include <unistd.h>

int	page(struct http_request *);
int	task(struct http_request *);
int	file(struct http_request *);
int	grow(struct http_request *);

static struct kore_task	 bound;

int
page(struct http_request *req)
{
	char	 text[16];
	int	 len;

	len = snprintf(text, sizeof(text), "pid %d", (int)getpid());
	http_response(req, 200, text, (size_t)len);
	return (KORE_RESULT_OK);
}

static int
nothing(struct kore_task *t)
{
	(void)t;
	return (KORE_RESULT_OK);
}

int
task(struct http_request *req)
{
	if (req->fsm_state++ == 0) {
		kore_task_create(&bound, nothing);
		kore_task_bind_request(&bound, req);
		kore_task_run(&bound);
		return (KORE_RESULT_RETRY);
	}
	if (!kore_task_finished(&bound))
		return (KORE_RESULT_RETRY);
	return (page(req));
}

int
file(struct http_request *req)
{
	struct stat	 st;

	stat("/dev/null", &st);
	return (page(req));
}

int
grow(struct http_request *req)
{
	char	*p = malloc(1024 * 1024);

	p = realloc(p, 4 * 1024 * 1024);
	free(p);
	return (page(req));
}
