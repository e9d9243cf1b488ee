/* SPDX-License-Identifier: ISC */
/*
 * The surroundings of the server under test: a client and the wire's reader.
 * fakes/ has the loop and the database.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "app.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "client.h"
#include "config.h"
#include "database/pool.h"
#include "fakes/kore_fake.h"
#include "fakes/pool_fake.h"
#include "http/page.h"
#include "http/routes.h"
#include "jobs/jobs.h"
#include "mail/smtp.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "request/offload.h"
#include "wire/wire.h"

#define CONF		"../../kore.conf"	/* relative to tests/unit */
#define HEAD_MAX	16384
#define HEADERS_MAX	32

/* The last response. */
static struct {
	int		 status;
	unsigned	 nheaders;
	char		*names[HEADERS_MAX];
	char		*values[HEADERS_MAX];
	char		*body;
	json_t		*json;
	char		 raised[256];
} answer;

bool	client_is_admin;

static struct wire_request	*sending;	/* until wire_take() */
static struct config		 settings;
static in_addr_t		 address;	/* a new one for each test */
static struct http_request	*asking;	/* NULL: the client has left */

/* There is no mail server; no request talks to one. */

const char *
smtp_init(void)
{
	abort();
}

void
smtp_send(struct ctx *c, const struct message *m)
{
	(void)c;
	(void)m;
	abort();
}

/* Makes the request that wire_read.c would have read. */

static void	append(char *, size_t *, const char *, ...)
		    __attribute__((format(printf, 3, 4)));

static void
append(char *text, size_t *len, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(text + *len, HEAD_MAX - *len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < HEAD_MAX - *len);
	*len += (size_t)n;
}

static size_t
write_head(char *text, const char *method, const char *target,
    const char *const *body_and_lines)
{
	const char	*body = *body_and_lines, *const *line;
	bool		 typed = false;
	size_t		 len = 0;

	append(text, &len, "%s %s HTTP/1.1\r\nhost: keel.test\r\n", method,
	    target);
	for (line = body_and_lines + 1; *line != NULL; line++) {
		append(text, &len, "%s\r\n", *line);
		typed |= strncasecmp(*line, "content-type:", 13) == 0;
	}
	if (body != NULL && !typed)
		append(text, &len, "content-type: application/json\r\n");
	if (body != NULL)
		append(text, &len, "content-length: %zu\r\n", strlen(body));
	append(text, &len, "\r\n");
	return (len);
}

static struct wire_request *
request_new(const char *method, const char *target,
    const char *const *body_and_lines)
{
	struct head_error	 error = { .kind = NULL };
	struct wire_request	*r;
	const char		*body = *body_and_lines;

	r = mem_calloc(1, sizeof(*r) + HEAD_MAX);
	assert_non_null(r);
	r->text_len = write_head(r->text, method, target, body_and_lines);
	if (!head_parse(&r->head, r->text, r->text_len, &error))
		fail_msg("%s %s: %s", method, target, error.message);
	if (body != NULL && *body != '\0') {
		r->body_len = strlen(body);
		r->body_size = r->body_len + 1;
		r->body = mem_alloc(r->body_size);
		assert_non_null(r->body);
		memcpy(r->body, body, r->body_size);
	}
	return (r);
}

struct wire_request *
wire_take(struct http_request *req)
{
	struct wire_request	*r = sending;

	(void)req;
	sending = NULL;
	return (r);
}

bool
wire_is_admin(const struct connection *conn)
{
	(void)conn;
	return (client_is_admin);
}

void
wire_response_begins(struct connection *conn)
{
	(void)conn;
}

void
wire_response_ends(struct connection *conn)
{
	(void)conn;
}

/* Reads the response. */

static void
answer_free(void)
{
	while (answer.nheaders > 0) {
		answer.nheaders--;
		free(answer.names[answer.nheaders]);
		free(answer.values[answer.nheaders]);
	}
	free(answer.body);
	json_decref(answer.json);
	memset(&answer, 0, sizeof(answer));
	wire_request_free(sending);	/* left by a test that failed */
	sending = NULL;
}

void
wire_put_status(struct connection *conn, int status)
{
	(void)conn;
	answer.status = status;
}

void
wire_put_header(void *conn, const char *name, const char *value)
{
	(void)conn;
	if (answer.nheaders == HEADERS_MAX)
		abort();
	answer.names[answer.nheaders] = strdup(name);
	answer.values[answer.nheaders++] = strdup(value);
}

void
wire_put_body(struct connection *conn, const struct wire_body *body)
{
	const struct ctx	*c = asking->hdlr_extra;

	(void)conn;
	if (c != NULL && c->error.kind != NULL)
		memcpy(answer.raised, c->error.message, sizeof(answer.raised));
	assert_int_equal(body->status, answer.status);
	if (body->is_left_out || body->len == 0)
		return;
	answer.body = strndup(body->data, body->len);
	answer.json = json_loadb(body->data, body->len, JSON_REJECT_DUPLICATES,
	    NULL);
}

const char *
client_header(const char *name)
{
	unsigned	 i;

	for (i = 0; i < answer.nheaders; i++) {
		if (strcasecmp(answer.names[i], name) == 0)
			return (answer.values[i]);
	}
	return (NULL);
}

const char *
client_head(void)
{
	static char	 text[HEAD_MAX];
	size_t		 len = 0;
	unsigned	 i;

	append(text, &len, "%d\n", answer.status);
	for (i = 0; i < answer.nheaders; i++)
		append(text, &len, "%s: %s\n", answer.names[i],
		    answer.values[i]);
	return (text);
}

const char *
client_body(void)
{
	return (answer.body != NULL ? answer.body : "");
}

const char *
client_raised(void)
{
	return (answer.raised);
}

json_t *
client_json(const char *path)
{
	json_t	*j = answer.json;
	char	 name[64];
	size_t	 len;

	for (; j != NULL && *path != '\0'; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(name)) :
		    json_object_get(j, name);
	}
	return (j);
}

const char *
client_text(const char *path)
{
	const char	*text = json_string_value(client_json(path));

	return (text != NULL ? text : "(no text)");
}

long long
client_number(const char *path)
{
	const json_t	*j = client_json(path);

	if (!json_is_integer(j))
		fail_msg("%s is no number in %s", path, client_body());
	return (json_integer_value(j));
}

/* Sends requests. */

static int
method_of(const char *name)
{
	int	 method = 0x80;

	while (method > 0 && strcmp(http_method_text(method), name) != 0)
		method >>= 1;
	return (method);
}

struct kore_module_handle *
client_route(const char *path)
{
	const struct kore_server	*srv = LIST_FIRST(&kore_servers);

	return (routes_find(TAILQ_FIRST(&srv->domains), path));
}

static const struct route *
find_route(const char *path)
{
	struct kore_module_handle	*h = client_route(path);
	char				 symbol[128];

	snprintf(symbol, sizeof(symbol), "%s__route", h->func);
	return (kore_module_getsym(symbol, NULL));
}

/* Does Kore's part of a request. Woken coroutines run in the next round. */
int
client_send(const char *method, const char *target,
    const char *const *body_and_lines)
{
	struct connection	 peer;
	struct http_request	 req;
	const struct route	*route;

	answer_free();
	memset(&peer, 0, sizeof(peer));
	peer.addr.ipv4.sin_family = AF_INET;
	peer.addr.ipv4.sin_addr.s_addr = htonl(address);
	memset(&req, 0, sizeof(req));
	req.owner = &peer;
	req.method = (u_int8_t)method_of(method);
	sending = request_new(method, target, body_and_lines);
	route = find_route(sending->head.path);
	asking = &req;
	while (asking != NULL &&
	    route_dispatch(&req, route) == KORE_RESULT_RETRY) {
		while (asking != NULL ? fake_asleep() : coro_count() > 0) {
			if (!fake_round())
				fail_msg("%s %s waits for nothing", method,
				    target);
			coro_run();
		}
	}
	return (answer.status);
}

void
client_leaves(void)
{
	struct http_request	*req = asking;

	asking = NULL;
	if (req != NULL && req->onfree != NULL)
		req->onfree(req);
}

int
client_start(void **state)
{
	unsigned char	 key[CURSOR_KEY];
	const char	*what;

	(void)state;
	json_set_alloc_funcs(mem_reserve_alloc, mem_reserve_free);
	config.public_url = "https://keel.test";
	config.session_seconds = 2592000;
	config.session_idle_seconds = 1209600;
	config.sessions_per_user = 50;
	config.jwt_key.alg = "HS256";
	config.jwt_key.secret = "a key for tests, of which nobody knows";
	config.jwt_key.secret_len = strlen(config.jwt_key.secret);
	assert_true(jwt_key_name(&config.jwt_key));
	assert_true(cursor_key(config.jwt_key.secret,
	    config.jwt_key.secret_len, key));
	pages_init(key);
	auth_init(&config.jwt_key, config.public_url);
	settings = config;
	address = ntohl(inet_addr("192.0.2.0"));
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);	/* the test tells */
	assert_null(metrics_init());
	metrics_worker_init(0, 0);
	coro_init(4, fake_schedule);
	if ((what = fake_conf(CONF, "api")) != NULL ||
	    (what = routes_init(app_handle)) != NULL ||
	    (what = schemas_init()) != NULL ||
	    (what = routes_check()) != NULL ||
	    (what = jobs_init()) != NULL ||
	    (what = database_load()) != NULL ||
	    (what = rate_limit_init()) != NULL) {
		print_error("%s\n", what);
		return (-1);
	}
	return (0);
}

int
client_setup(void **state)
{
	(void)state;
	config = settings;
	address++;
	return (0);
}

int
client_teardown(void **state)
{
	(void)state;
	overrides_clear();
	answer_free();
	fake_db_clear();
	return (arena_count() == 0 && coro_count() == 0 &&
	    offload_count() == 0 ? 0 : -1);
}
