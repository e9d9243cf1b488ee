/* SPDX-License-Identifier: ISC */
/*
 * Sends a message with libcurl, in a thread: libcurl (7.88, smtp_done()) waits
 * for the reply to a message's end in its own poll(). On the loop, all other
 * jobs and their leases would wait with it.
 *
 * Handles are kept with their connections, for the next message.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/smtp.h"
#include "utils/start_error.h"

#define NEVER_SECONDS	86400L	/* we end each phase earlier */
#define IDLE_SECONDS	20L	/* servers keep connections longer */
#define QUIT_MS		2000	/* how long to wait after QUIT */
#define LIFE_SECONDS	300L
#define IDLE_MAX	16

/* A libcurl handle, and the abilities of the server it is connected to. */
struct handle {
	CURL		*easy;
	bool		 utf8;		/* the server knows SMTPUTF8 */
	bool		 signed_in;
};

static struct {
	pthread_mutex_t	 lock;
	struct handle	 handles[IDLE_MAX];	/* last used at the end */
	unsigned	 n;
	char		 url[640];
} idle = { .lock = PTHREAD_MUTEX_INITIALIZER };

#define OPTION(option, value)						\
	(curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK)

/*
 * Phases. libcurl's own time-out of a connection includes the greeting, EHLO
 * and AUTH, so it is in force while we connect only: there, libcurl divides it
 * between the server's addresses.
 */

static bool
set_connect_time(CURL *easy, long seconds)
{
	return (OPTION(CONNECTTIMEOUT, seconds));
}

static void
enter(struct transfer *t, enum smtp_phase phase)
{
	if (t->phase == PHASE_CONNECT && phase != PHASE_CONNECT)
		set_connect_time(t->handle->easy, NEVER_SECONDS);
	t->phase = phase;
	t->phase_ends = coro_now_ms() +
	    smtp_phase_seconds(phase) * UINT64_C(1000);
}

/* Is there a connection, with TLS if it begins with that? */
static bool
is_connected(CURL *easy)
{
	curl_off_t	 at = 0;

	curl_easy_getinfo(easy, mail_settings.implicit ?
	    CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T, &at);
	return (at > 0);
}

/* The message has been handed over: it may be sent, and its end too. */
static bool
is_handed_over(const struct transfer *t)
{
	return (t->sent == t->len);
}

/* After the deadline another runner may have the job: stop everything. */
static bool
is_over(struct transfer *t)
{
	return (t->deadline <= coro_now_ms());
}

/*
 * libcurl's callbacks.
 */

/* At least every second. What libcurl does not tell of is seen here. */
static int
on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow,
    curl_off_t ultotal, curl_off_t ulnow)
{
	struct transfer	*t = arg;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	if (t->quit_at != 0)
		return (is_over(t) || coro_now_ms() - t->quit_at >= QUIT_MS);
	if (t->phase == PHASE_CONNECT && is_connected(t->handle->easy))
		enter(t, PHASE_GREETING);
	if (t->phase == PHASE_MESSAGE && is_handed_over(t) &&
	    ulnow >= (curl_off_t)t->len)
		enter(t, PHASE_END);
	t->late |= t->phase_ends <= coro_now_ms();
	return (is_over(t) || t->late);
}

/* A new connection: the QUIT was for the one before. */
static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct transfer	*t = arg;

	(void)fd;
	(void)purpose;
	t->quit_at = 0;
	return (CURL_SOCKOPT_OK);
}

/* Gives libcurl the next part of the message; 0 bytes mean its end. */
static size_t
on_read(char *out, size_t size, size_t n, void *arg)
{
	struct transfer	*t = arg;
	size_t		 len = t->len - t->sent;

	if (t->phase != PHASE_END)
		enter(t, PHASE_MESSAGE);
	reply_clear(&t->reply);
	t->no_utf8 = t->utf8 && !t->handle->utf8;
	t->no_login = mail_settings.user != NULL && !t->handle->signed_in;
	if (is_over(t) || t->no_utf8 || t->no_login)
		return (CURL_READFUNC_ABORT);
	if (len > size * n)
		len = size * n;
	memcpy(out, t->data + t->sent, len);
	t->sent += len;
	return (len);
}

/*
 * Keeps the server's abilities. A 220 is its greeting or its reply to STARTTLS:
 * what it announced before is void. libcurl would continue without SMTPUTF8 or
 * authentication; on_read() stops it.
 */
static void
note_ability(struct handle *h, const char *said)
{
	if (strncmp(said, "220", 3) == 0)
		h->utf8 = h->signed_in = false;
	else if (strncmp(said, "235", 3) == 0)
		h->signed_in = true;
	else if (strncmp(said, "250", 3) == 0 &&
	    strcasecmp(said + 4, "SMTPUTF8") == 0)
		h->utf8 = true;
}

/* A line of a reply, as the server sent it. */
static size_t
on_line(char *line, size_t size, size_t n, void *arg)
{
	struct transfer	*t = arg;
	size_t		 len = size * n;
	char		 said[32] = "";	/* all of it: see note_ability() */

	if (t->quit_at != 0)
		return (len);
	if (t->phase == PHASE_CONNECT)
		enter(t, PHASE_GREETING);
	if (t->phase == PHASE_MESSAGE && is_handed_over(t))
		enter(t, PHASE_END);
	reply_add(&t->reply, line, len);
	snprintf(said, sizeof(said), "%.*s", (int)len, line);
	said[strcspn(said, "\r\n")] = '\0';
	note_ability(t->handle, said);
	if (t->phase == PHASE_STARTTLS && strcmp(t->reply.code, "220") == 0)
		enter(t, PHASE_TLS);
	return (len);
}

/* Sees what libcurl sends. The reply to QUIT says nothing about the mail. */
static int
on_debug(CURL *easy, curl_infotype type, char *text, size_t len, void *arg)
{
	struct transfer	*t = arg;

	(void)easy;
	if (type != CURLINFO_HEADER_OUT)
		return (0);
	if (smtp_is_command(text, len, "QUIT")) {
		t->quit_at = coro_now_ms();
		return (0);
	}
	t->quit_at = 0;
	reply_clear(&t->reply);
	enter(t, smtp_phase_of(text, len, t->phase));
	return (0);
}

/* Options of a handle. They fail without memory, or when libcurl lacks one. */

static bool
set_connection(CURL *easy)
{
	return (OPTION(URL, idle.url) &&
	    OPTION(PROTOCOLS_STR, "smtp,smtps") &&
	    OPTION(PROXY, "") &&
	    OPTION(NOSIGNAL, 1L) &&
	    OPTION(SERVER_RESPONSE_TIMEOUT, NEVER_SECONDS) &&
	    OPTION(MAXAGE_CONN, IDLE_SECONDS) &&
	    OPTION(MAXLIFETIME_CONN, LIFE_SECONDS));
}

static bool
set_tls(CURL *easy)
{
	const struct mail_settings	*m = &mail_settings;

	return (OPTION(USE_SSL, (long)(m->tls ? CURLUSESSL_ALL :
	    CURLUSESSL_NONE)) &&
	    OPTION(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	    OPTION(SSL_VERIFYPEER, 1L) &&
	    OPTION(SSL_VERIFYHOST, 2L) &&
	    (m->ca == NULL || (OPTION(CAINFO, m->ca) && OPTION(CAPATH, NULL))));
}

/* PLAIN and LOGIN only: TLS already protects what other mechanisms protect. */
static bool
set_user(CURL *easy)
{
	const struct mail_settings	*m = &mail_settings;

	return (m->user == NULL || (OPTION(USERNAME, m->user) &&
	    OPTION(PASSWORD, m->password) &&
	    OPTION(LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")));
}

static bool
set_callbacks(CURL *easy, struct transfer *t)
{
	return (OPTION(UPLOAD, 1L) &&
	    OPTION(READFUNCTION, on_read) && OPTION(READDATA, t) &&
	    OPTION(HEADERFUNCTION, on_line) && OPTION(HEADERDATA, t) &&
	    OPTION(SOCKOPTFUNCTION, on_socket) && OPTION(SOCKOPTDATA, t) &&
	    OPTION(VERBOSE, 1L) &&
	    OPTION(DEBUGFUNCTION, on_debug) && OPTION(DEBUGDATA, t) &&
	    OPTION(NOPROGRESS, 0L) &&
	    OPTION(XFERINFOFUNCTION, on_progress) && OPTION(XFERINFODATA, t) &&
	    OPTION(ERRORBUFFER, t->error) &&
	    OPTION(INFILESIZE_LARGE, (curl_off_t)t->len));
}

static bool
take_handle(struct handle *h)
{
	CURL	*easy;

	memset(h, 0, sizeof(*h));
	pthread_mutex_lock(&idle.lock);
	if (idle.n > 0)
		*h = idle.handles[--idle.n];
	pthread_mutex_unlock(&idle.lock);
	if (h->easy != NULL)
		return (true);
	if ((easy = curl_easy_init()) != NULL && (!set_connection(easy) ||
	    !set_tls(easy) || !set_user(easy))) {
		curl_easy_cleanup(easy);
		easy = NULL;
	}
	h->easy = easy;
	return (easy != NULL);
}

/*
 * Keeps a handle for the next message, unless it failed. After a failure the
 * reply to an abandoned message may still arrive, and libcurl would take it for
 * the reply to the next one.
 */
static void
give_handle(const struct handle *h, bool clean)
{
	curl_socket_t	 fd = -1;

	pthread_mutex_lock(&idle.lock);
	if ((clean = clean && idle.n < IDLE_MAX))
		idle.handles[idle.n++] = *h;
	pthread_mutex_unlock(&idle.lock);
	if (clean)
		return;
	curl_easy_getinfo(h->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != -1)
		shutdown(fd, SHUT_RDWR);	/* else QUIT would wait */
	curl_easy_cleanup(h->easy);
}

/*
 * A connection that was idle may have ended, and the server may say so with a
 * 421, at any command. A new one is tried at once. Not after the message was
 * handed over: the server may have taken it.
 */
static bool
was_stale(CURL *easy, struct transfer *t)
{
	long	 connects = 1;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	if (t->result == CURLE_OUT_OF_MEMORY || connects != 0 || is_over(t) ||
	    is_handed_over(t) || t->no_utf8 || t->no_login)
		return (false);
	return ((*t->reply.code != '4' && *t->reply.code != '5') ||
	    strcmp(t->reply.code, "421") == 0);
}

/*
 * Every 2xx after the message means that it was taken (RFC 5321, 4.2.1); for
 * libcurl, 250 alone does.
 */
static bool
was_taken(const struct transfer *t)
{
	return (t->result == CURLE_OK || (t->result ==
	    CURLE_WEIRD_SERVER_REPLY && t->phase == PHASE_END &&
	    *t->reply.code == '2'));
}

static void
perform_once(CURL *easy, struct transfer *t)
{
	t->sent = 0;
	t->late = false;
	t->quit_at = 0;
	t->error[0] = '\0';
	reply_clear(&t->reply);
	enter(t, PHASE_CONNECT);
	t->result = CURLE_OUT_OF_MEMORY;
	if (!set_connect_time(easy, (long)mail_settings.connect_seconds))
		return;
	t->result = curl_easy_perform(easy);
	if (was_taken(t))
		t->result = CURLE_OK;
}

static void
perform(CURL *easy, struct transfer *t)
{
	perform_once(easy, t);
	if (t->result == CURLE_OK || !was_stale(easy, t))
		return;
	if (OPTION(FRESH_CONNECT, 1L))
		perform_once(easy, t);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
}

void
curl_transfer(struct transfer *t)
{
	struct curl_slist	*to;
	struct handle		 handle;
	CURL			*easy;

	t->result = CURLE_OUT_OF_MEMORY;
	if (!take_handle(&handle))
		return;
	t->handle = &handle;
	easy = handle.easy;
	to = curl_slist_append(NULL, t->to);
	if (to != NULL && set_callbacks(easy, t) &&
	    OPTION(MAIL_FROM, t->from) && OPTION(MAIL_RCPT, to))
		perform(easy, t);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, NULL);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L);
	curl_slist_free_all(to);
	give_handle(&handle, t->result == CURLE_OK);
}

/*
 * The URL's path is our name in EHLO. A name without a dot means nothing to
 * others; libcurl then uses the host's own name.
 */
const char *
curl_init(void)
{
	const struct mail_settings	*m = &mail_settings;

	snprintf(idle.url, sizeof(idle.url), strchr(m->host, ':') != NULL ?
	    "%s://[%s]:%u/%s" : "%s://%s:%u/%s", m->implicit ? "smtps" :
	    "smtp", m->host, m->port,
	    strchr(m->from_domain, '.') != NULL ? m->from_domain : "");
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return (start_error("cannot begin with libcurl"));
	return (NULL);
}
