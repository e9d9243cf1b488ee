/* SPDX-License-Identifier: ISC */
/*
 * A page that says what it was asked, and one that is long. With them run.py
 * shows what Kore 4.1 does with connections, TLS and HTTP/1.1, and how it
 * handles its processes. Keel goes round it: tls_init() for TLS, wire_accept()
 * for accepting, wire_read() and head_parse() for HTTP, wire_tick() for the
 * timeouts, pidfile_write() for the pid file, parent_signal(), watch_children()
 * and kore_parent_teardown() for the processes.
 */

#include <kore/kore.h>
#include <kore/http.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_ANSWER	(24 * 1024 * 1024)

void	kore_worker_configure(void);
int	page(struct http_request *);
int	big(struct http_request *);

static void
tick(void *arg, u_int64_t now)
{
	(void)arg;
	(void)now;
}

/* A module of which loop.c's defect is not the subject keeps the loop going. */
void
kore_worker_configure(void)
{
	if (getenv("TICK") != NULL)
		kore_timer_add(tick, 100, NULL, 0);
}

int
page(struct http_request *req)
{
	const char	*token = "none";
	struct kore_buf	 buf;

	http_request_header(req, "authorization", &token);
	kore_buf_init(&buf, 256);
	kore_buf_appendf(&buf, "query %s\ntoken %s\nhost %s\npid %d\nbody ",
	    req->query_string != NULL ? req->query_string : "none", token,
	    req->host, (int)getpid());
	if (req->http_body != NULL)
		kore_buf_append(&buf, req->http_body->data,
		    req->content_length);
	kore_buf_appendf(&buf, "\n");
	http_response(req, 200, buf.data, buf.offset);
	kore_buf_cleanup(&buf);
	return (KORE_RESULT_OK);
}

int
big(struct http_request *req)
{
	char	*data = malloc(LONG_ANSWER);

	memset(data, 'x', LONG_ANSWER);
	http_response(req, 200, data, LONG_ANSWER);
	free(data);
	return (KORE_RESULT_OK);
}
