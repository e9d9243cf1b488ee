/* SPDX-License-Identifier: ISC */
/*
 * Defects in the start of Kore 4.1: it restarts a worker that gives up without
 * a pause, and every child prints again what the parent has printed. In Keel
 * only kore_parent_configure() can fail, and before_kore() makes stdout
 * line-buffered.
 */

#include <kore/kore.h>
#include <kore/http.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void	kore_parent_configure(int, char **);
void	kore_worker_configure(void);
int	page(struct http_request *);

void
kore_parent_configure(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("said once\n");
}

void
kore_worker_configure(void)
{
	if (getenv("GIVE_UP") == NULL)
		return;
	write(STDERR_FILENO, "gave up\n", 8);
	_exit(1);
}

int
page(struct http_request *req)
{
	http_response(req, 200, "here", 4);
	return (KORE_RESULT_OK);
}
