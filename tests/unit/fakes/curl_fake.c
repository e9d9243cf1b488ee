/* SPDX-License-Identifier: ISC */
/* Replaces libcurl's easy interface in unit tests. */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curl_fake.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

#define OPTIONS_MAX	400
#define SIZE		4	/* of an item, of which it reads some */
#define ITEMS		(FAKE_CURL_READ / SIZE)

struct fake_easy {
	long		 numbers[OPTIONS_MAX];
	void		*pointers[OPTIONS_MAX];
	void		(*functions[OPTIONS_MAX])(void);
	char		*texts[OPTIONS_MAX];
	long		 connects;
	curl_off_t	 tcp, tls;	/* when there was such a connection */
};

struct fake_curl	fake_curl;

static unsigned
place(CURLoption option)
{
	if (option % 10000 >= OPTIONS_MAX)
		abort();
	return (option % 10000);
}

long
fake_curl_long(CURLoption option)
{
	return (fake_curl.last->numbers[place(option)]);
}

const char *
fake_curl_text(CURLoption option)
{
	return (fake_curl.last->texts[place(option)]);
}

void *
fake_curl_pointer(CURLoption option)
{
	return (fake_curl.last->pointers[place(option)]);
}

CURLcode
curl_global_init(long flags)
{
	fake_curl.global = flags;
	return (fake_curl.no_global ? CURLE_FAILED_INIT : CURLE_OK);
}

CURL *
curl_easy_init(void)
{
	struct fake_easy	*easy;

	if (fake_curl.no_init)
		return (NULL);
	fake_curl.ninits++;
	easy = calloc(1, sizeof(*easy));
	if (fake_curl.ca_path != NULL)
		easy->texts[place(CURLOPT_CAPATH)] = strdup(fake_curl.ca_path);
	return (easy);
}

void
curl_easy_cleanup(CURL *curl)
{
	struct fake_easy	*easy = curl;
	unsigned		 i;

	fake_curl.ncleanups++;
	if (easy == fake_curl.last)
		fake_curl.last_is_kept = false;
	for (i = 0; i < OPTIONS_MAX; i++)
		free(easy->texts[i]);
	free(easy);
}

static bool
is_text(CURLoption option)
{
	static const CURLoption	 texts[] = {
		CURLOPT_URL, CURLOPT_PROTOCOLS_STR, CURLOPT_PROXY,
		CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_USERNAME,
		CURLOPT_PASSWORD, CURLOPT_LOGIN_OPTIONS, CURLOPT_MAIL_FROM,
	};
	size_t	 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i] == option)
			return (true);
	}
	return (false);
}

CURLcode
curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	struct fake_easy	*easy = curl;
	unsigned		 i = place(option);
	va_list			 ap;

	if (++fake_curl.noptions == fake_curl.option_fails)
		return (CURLE_OUT_OF_MEMORY);
	va_start(ap, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		easy->numbers[i] = va_arg(ap, long);
	else if (option < CURLOPTTYPE_FUNCTIONPOINT)
		easy->pointers[i] = va_arg(ap, void *);
	else if (option < CURLOPTTYPE_OFF_T)
		easy->functions[i] = va_arg(ap, void (*)(void));
	else
		easy->numbers[i] = (long)va_arg(ap, curl_off_t);
	va_end(ap);
	if (is_text(option)) {
		free(easy->texts[i]);
		easy->texts[i] = easy->pointers[i] == NULL ? NULL :
		    strdup(easy->pointers[i]);
	}
	return (CURLE_OK);
}

CURLcode
curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
	struct fake_easy	*easy = curl;
	va_list			 ap;

	va_start(ap, info);
	if (info == CURLINFO_NUM_CONNECTS)
		*va_arg(ap, long *) = easy->connects;
	else if (info == CURLINFO_ACTIVESOCKET)
		*va_arg(ap, curl_socket_t *) = fake_curl.socket;
	else if (info == CURLINFO_CONNECT_TIME_T)
		*va_arg(ap, curl_off_t *) = easy->tcp;
	else if (info == CURLINFO_APPCONNECT_TIME_T)
		*va_arg(ap, curl_off_t *) = easy->tls;
	else
		abort();
	va_end(ap);
	return (CURLE_OK);
}

struct curl_slist *
curl_slist_append(struct curl_slist *list, const char *text)
{
	struct curl_slist	*item;

	if (list != NULL)
		abort();
	if (fake_curl.no_list)
		return (NULL);
	fake_curl.nlists++;
	item = malloc(sizeof(*item));
	item->data = strdup(text);
	item->next = NULL;
	return (item);
}

void
curl_slist_free_all(struct curl_slist *list)
{
	if (list == NULL)
		return;
	fake_curl.nlists--;
	free(list->data);
	free(list);
}

/* The callbacks. */

static bool
receive(struct fake_easy *easy, const char *line)
{
	curl_write_callback	 fn = (curl_write_callback)
				    easy->functions[place(
				    CURLOPT_HEADERFUNCTION)];
	char			 text[512];
	size_t			 len;

	len = (size_t)snprintf(text, sizeof(text), "%s\r\n", line);
	return (fn(text, 1, len, easy->pointers[place(
	    CURLOPT_HEADERDATA)]) == len);
}

static bool
tell_debug(struct fake_easy *easy, const char *line)
{
	curl_debug_callback	 fn = (curl_debug_callback)
				    easy->functions[place(
				    CURLOPT_DEBUGFUNCTION)];
	void			*arg = easy->pointers[place(
				    CURLOPT_DEBUGDATA)];
	static const char	 noise[] = "MAIL QUIT";
	char			*text;
	size_t			 len = strlen(line);
	bool			 fine;

	if (easy->numbers[place(CURLOPT_VERBOSE)] != 1)
		return (true);
	/* Without a NUL, so that a look beyond the end is noticed. */
	text = malloc(len);
	memcpy(text, line, len);
	fine = fn(easy, CURLINFO_HEADER_OUT, text, len, arg) == 0 &&
	    fn(easy, CURLINFO_TEXT, (char *)(uintptr_t)noise, 9, arg) == 0 &&
	    fn(easy, CURLINFO_DATA_OUT, (char *)(uintptr_t)noise + 5, 4,
	    arg) == 0;
	free(text);
	return (fine);
}

/* Returns how many bytes it got; -1: it was stopped. */
static ssize_t
read_part(struct fake_easy *easy)
{
	curl_read_callback	 fn = (curl_read_callback)easy->functions[
				    place(CURLOPT_READFUNCTION)];
	size_t			 n;

	fake_curl.nreads++;
	n = fn(fake_curl.message + fake_curl.message_len, SIZE, ITEMS,
	    easy->pointers[place(CURLOPT_READDATA)]);
	if (n == CURL_READFUNC_ABORT)
		return (-1);
	if (n > FAKE_CURL_READ)
		abort();
	fake_curl.message_len += n;
	return ((ssize_t)n);
}

static bool
read_message(struct fake_easy *easy)
{
	ssize_t	 n;

	fake_curl.message_len = 0;
	fake_curl.nreads = 0;
	while ((n = read_part(easy)) > 0)
		;
	return (n == 0);
}

static bool
make_connection(struct fake_easy *easy)
{
	curl_sockopt_callback	 fn = (curl_sockopt_callback)
				    easy->functions[place(
				    CURLOPT_SOCKOPTFUNCTION)];

	return (fn(easy->pointers[place(CURLOPT_SOCKOPTDATA)], -1,
	    CURLSOCKTYPE_IPCXN) == CURL_SOCKOPT_OK);
}

static bool
tell_progress(struct fake_easy *easy, curl_off_t uploaded)
{
	curl_xferinfo_callback	 fn = (curl_xferinfo_callback)
				    easy->functions[place(
				    CURLOPT_XFERINFOFUNCTION)];

	if (easy->numbers[place(CURLOPT_NOPROGRESS)] != 0)
		return (true);
	return (fn(easy->pointers[place(CURLOPT_XFERINFODATA)], 0, 0, 0,
	    uploaded) == 0);
}

static bool
do_step(struct fake_easy *easy, const char *step)
{
	if (strncmp(step, "> ", 2) == 0)
		return (tell_debug(easy, step + 2));
	if (strncmp(step, "< ", 2) == 0)
		return (receive(easy, step + 2));
	if (strcmp(step, "read") == 0)
		return (read_message(easy));
	if (strcmp(step, "socket") == 0)
		return (make_connection(easy));
	if (strcmp(step, "progress") == 0)
		return (tell_progress(easy, 0));
	if (strcmp(step, "uploaded") == 0)
		return (tell_progress(easy, (curl_off_t)
		    fake_curl.message_len));
	if (strcmp(step, "part") == 0)
		return (read_part(easy) > 0);
	if (strncmp(step, "wait ", 5) == 0)
		fake_curl.now += (uint64_t)atoll(step + 5);
	else if (strncmp(step, "error ", 6) == 0)
		strcpy(easy->pointers[place(CURLOPT_ERRORBUFFER)], step + 6);
	else if (strcmp(step, "tcp") == 0)
		easy->tcp = 1;
	else if (strcmp(step, "tls") == 0)
		easy->tls = 1;
	else if (strcmp(step, "hook") == 0)
		fake_curl.hook();
	else
		abort();
	return (true);
}

CURLcode
curl_easy_perform(CURL *curl)
{
	const struct fake_perform	*p = fake_curl.performs++;
	struct fake_easy		*easy = curl;
	size_t				 i;

	fake_curl.nperforms++;
	fake_curl.last = easy;
	fake_curl.last_is_kept = true;
	easy->connects = p->connects;
	easy->tcp = easy->tls = 0;
	for (i = 0; p->steps[i] != NULL; i++) {
		if (!do_step(easy, p->steps[i]))
			return (CURLE_ABORTED_BY_CALLBACK);
	}
	return (p->result);
}
