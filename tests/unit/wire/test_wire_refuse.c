/* SPDX-License-Identifier: ISC */
/* The bytes of a refusal, what is logged of it, and how a connection ends. */

/* sources: tests/unit/fakes/wire_fake.c src/wire/wire_read.c */
/* sources: src/wire/wire_conn.c src/wire/wire_list.c src/wire/wire_memory.c */
/* sources: src/wire/wire_send.c src/wire/wire_caps.c src/wire/wire_head.c */
/* sources: src/wire/wire_chunked.c src/wire/wire_request.c */
/* sources: src/wire/wire_settings.c src/base/error_kinds.c src/base/mem.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/faults.c */
/* sources: src/base/arena.c */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "fakes/wire_fake.h"

#define ID	"X-Request-ID: my-id\r\n"

/* The refusal's head without the date, and its body. */
static const char *
without_date(struct peer *p)
{
	char	*at = strstr(p->got, "date: ");

	assert_non_null(at);
	assert_non_null(strstr(at, " GMT\r\n"));
	memmove(at, strstr(at, "\r\n") + 2, strlen(strstr(at, "\r\n")) - 1);
	return (p->got);
}

static void
test_a_refusal(void **state)
{
	struct peer	*p = connect_peer(0);

	(void)state;
	send_text(p, "GET / HTTP/1.1\r\n" HOST ID "X Y: z\r\n\r\n");
	assert_string_equal(without_date(p),
	    "HTTP/1.1 400 Refused\r\nconnection: close\r\n"
	    "x-content-type-options: nosniff\r\nx-request-id: my-id\r\n"
	    "cache-control: no-store\r\ncontent-type: application/json\r\n"
	    "content-length: 56\r\n\r\n"
	    "BAD_REQUEST: The name of a header is not valid (my-id)  "
	    + 0);
}

static const struct {
	const char	*text;
	int		 status;
	const char	*id;
	bool		 body, retry;
} refusals[] = {
	{ "GET / HTTP/1.1\r\n" HOST ID "X Y: z\r\n\r\n", 400, "my-id", true,
	    false },
	{ "BAD\r\n\r\n", 400, "new-id", true, false },
	{ "HEAD / HTTP/1.1\r\n" HOST ID "Expect: x\r\n\r\n", 417, "my-id",
	    false, false },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413,
	    "new-id", true, false },
};

static void
test_refusals(void **state)
{
	struct peer	*p;
	char		 line[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		p = connect_peer(0);
		send_text(p, refusals[i].text);
		snprintf(line, sizeof(line), "HTTP/1.1 %d ",
		    refusals[i].status);
		assert_int_equal(strncmp(p->got, line, strlen(line)), 0);
		snprintf(line, sizeof(line), "\r\nx-request-id: %s\r\n",
		    refusals[i].id);
		assert_non_null(strstr(p->got, line));
		assert_int_equal(strcmp(strstr(p->got, "\r\n\r\n"),
		    "\r\n\r\n") != 0, refusals[i].body);
		assert_null(strstr(p->got, "strict-transport-security"));
		assert_null(strstr(p->got, "retry-after"));
		kore_connection_disconnect(&p->conn);
	}
	assert_int_equal(metrics->requests[4], i);
}
