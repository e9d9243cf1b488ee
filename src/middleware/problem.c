/* SPDX-License-Identifier: ISC */
/* Writes errors as problem details (RFC 9457). */

#include <string.h>

#include "middleware/problem.h"
#include "utils/accept.h"
#include "utils/hex.h"

static const struct {
	int		 status;
	char		 title[PROBLEM_TITLE_MAX + 1];
} titles[] = {
	{ 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" },
	{ 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" }, { 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" }, { 423, "Locked" },
	{ 424, "Failed Dependency" }, { 425, "Too Early" },
	{ 426, "Upgrade Required" }, { 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *
problem_title(int status)
{
	size_t	 i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (titles[i].status == status)
			return (titles[i].title);
	}
	return ("Error");
}

bool
problem_is_wanted(const struct head *h)
{
	struct error_weights	 weights = NO_WEIGHTS;
	const struct head_line	*line = NULL;

	while (h != NULL && (line = head_next(h, line, "accept")) != NULL)
		error_weights_add(&weights, line->value);
	return (error_weights_want_problem(&weights));
}

/* The guard lets some bytes pass that a reference must not have. */
static void
put_path(struct text *t, const char *path)
{
	char	 encoded[3] = "%";

	for (; *path != '\0'; path++) {
		if (strchr("\"<>[\\]^`{|}", *path) == NULL) {
			text_add(t, path, 1);
			continue;
		}
		hex_pair(encoded + 1, (unsigned char)*path, HEX_UPPER);
		text_add(t, encoded, sizeof(encoded));
	}
}

void
problem_instance(struct text *t, const char *before, const char *path,
    const char *request_id)
{
	if (*path == '/')	/* and not the * of OPTIONS */
		text_puts(t, before);
	/* RFC 3986, 4.2: two slashes at the start would begin a host. */
	if (t->len == 0 && strncmp(path, "//", 2) == 0)
		text_puts(t, "/.");
	put_path(t, path);
	text_printf(t, "#%s", request_id);
}

void
problem_write_details(struct jsonw *j, const char *key,
    const struct error_detail *d)
{
	if (d == NULL) {
		jsonw_null(j, key);
		return;
	}
	jsonw_array(j, key);
	for (; d != NULL; d = d->next) {
		jsonw_object(j, NULL);
		jsonw_string(j, "field", d->field);
		jsonw_string(j, "message", d->message);
		jsonw_string(j, "code", d->code);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* The code says what the problem is, so its type need not (RFC 9457, 4.2.1). */
void
problem_write(struct jsonw *j, const struct problem *p)
{
	jsonw_object(j, NULL);
	jsonw_string(j, "type", "about:blank");
	jsonw_string(j, "title", problem_title(p->status));
	jsonw_int(j, "status", p->status);
	jsonw_string(j, "detail", p->detail);
	jsonw_string(j, "instance", p->instance);
	jsonw_string(j, "code", p->code);
	problem_write_details(j, "errors", p->errors);
	jsonw_object_end(j);
}
