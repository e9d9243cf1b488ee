/* SPDX-License-Identifier: ISC */
/*
 * What goes wrong while Kore 4.1 starts: a worker that gives up is started
 * again without a pause, and what the parent has printed is printed once more
 * by every child. Keel: all that can fail is in kore_parent_configure(), and
 * before_kore() sets stdout to lines.
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
