/* SPDX-License-Identifier: ISC */
/*
 * A page that shows its request, and a long one. With them run.py shows Kore
 * 4.1's defects in connections, TLS, HTTP/1.1 and processes. Keel replaces:
 * tls_init() TLS, wire_accept() accepting, wire_read() and head_parse() HTTP,
 * wire_tick() the timeouts, pidfile_write() the pid file, parent_signal(),
 * worker_signal(), signals_watch() and kore_parent_teardown() the handling of
 * processes.
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

/* Keeps the loop running, unless the module shows loop.c's defect. */
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
