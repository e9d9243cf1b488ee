/* SPDX-License-Identifier: ISC */
/* A page with the worker's process id, for modules whose worker may die. */

#include <stdio.h>
#include <unistd.h>

int	page(struct http_request *);

int
page(struct http_request *req)
{
	char	 text[16];
	int	 len;

	len = snprintf(text, sizeof(text), "pid %d", (int)getpid());
	http_response(req, 200, text, (size_t)len);
	return (KORE_RESULT_OK);
}
