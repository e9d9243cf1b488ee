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
#include "utils/utf8.h"

#define CONNECT_SECONDS	10L
#define RESPONSE_SECONDS 300L	/* the attempt's deadline is earlier */
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

/* After the deadline another runner may have the job: stop everything. */
static bool
is_over(struct transfer *t)
{
	return (t->deadline <= coro_now_ms());
}

/*
 * libcurl's callbacks.
 */

static int
on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow,
    curl_off_t ultotal, curl_off_t ulnow)
{
	struct transfer	*t = arg;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	return (is_over(t) || (t->quit_at != 0 &&
	    coro_now_ms() - t->quit_at >= QUIT_MS));
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
	else if (strncmp(said, "250", 3) == 0 && said[3] != '\0' &&
	    strcasecmp(said + 4, "SMTPUTF8") == 0)
		h->utf8 = true;
}

/* Keeps the server's latest reply line, as printable text. */
static size_t
on_line(char *line, size_t size, size_t n, void *arg)
{
	struct transfer	*t = arg;
	size_t		 left = size * n, used = 0, len;

	if (t->quit_at != 0)
		return (left);
	while (left > 0 && (line[left - 1] == '\r' || line[left - 1] == '\n'))
		left--;
	for (; left > 0; line += len, left -= len) {
		if ((len = utf8_sequence(line, left)) == 0)
			len = 1;
		if (used + len >= sizeof(t->said))
			break;
		if (mail_is_control(line, len) || (len == 1 && *line & 0x80))
			t->said[used++] = '?';
		else {
			memcpy(t->said + used, line, len);
			used += len;
		}
	}
	t->said[used] = '\0';
	t->answered |= t->begun;
	note_ability(t->handle, t->said);
	return (size * n);
}

/*
 * Sees what libcurl sends. After MAIL, an error reply is about the message. The
 * reply to QUIT, which follows an error, says nothing about it.
 */
static int
on_debug(CURL *easy, curl_infotype type, char *text, size_t len, void *arg)
{
	struct transfer	*t = arg;

	(void)easy;
	if (type != CURLINFO_HEADER_OUT)
		return (0);
	if (len >= 4 && strncmp(text, "QUIT", 4) == 0) {
		t->quit_at = coro_now_ms();
		return (0);
	}
	t->quit_at = 0;
	t->said[0] = '\0';
	if (len >= 5 && strncmp(text, "MAIL ", 5) == 0)
		t->begun = true;
	return (0);
}

/* Options of a handle. They fail without memory, or when libcurl lacks one. */

#define OPTION(option, value)						\
	(curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK)

static bool
set_connection(CURL *easy)
{
	return (OPTION(URL, idle.url) &&
	    OPTION(PROTOCOLS_STR, "smtp,smtps") &&
	    OPTION(PROXY, "") &&
	    OPTION(NOSIGNAL, 1L) &&
	    OPTION(CONNECTTIMEOUT, CONNECT_SECONDS) &&
	    OPTION(SERVER_RESPONSE_TIMEOUT, RESPONSE_SECONDS) &&
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

/* The server may close an idle connection just when we use it. */
static bool
was_stale(CURL *easy, const struct transfer *t)
{
	long	 connects = 1;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	return (connects == 0 && !t->answered);
}

static void
perform(CURL *easy, struct transfer *t)
{
	t->result = curl_easy_perform(easy);
	if (t->result == CURLE_OK || !was_stale(easy, t))
		return;
	t->begun = false;
	t->sent = 0;
	t->error[0] = t->said[0] = '\0';
	if (OPTION(FRESH_CONNECT, 1L))
		t->result = curl_easy_perform(easy);
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
