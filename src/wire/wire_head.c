/* SPDX-License-Identifier: ISC */
/* Parses the head of a request. Independent of connections and of Kore. */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "utils/token.h"
#include "wire/wire_head.h"
#include "wire/wire_target.h"

#define BLANKS_MAX	2	/* RFC 9112, 2.2: at least one is ignored */
#define LENGTH_DIGITS	18	/* always fit in an int64_t */

static bool
refuse(struct head_error *error, const struct error_kind *kind,
    const char *message)
{
	error->kind = kind;
	error->message = message;
	return (false);
}

static bool
bad(struct head_error *error, const char *message)
{
	return (refuse(error, &ERR_BAD_REQUEST, message));
}

/* A line ends at in[s->at], a line feed. */
static bool
scan_line(struct head_scan *s, const char *in, struct head_error *error)
{
	if (s->at == s->line || in[s->at - 1] != '\r')
		return (bad(error, "A line feed without a carriage return"));
	if (s->at - 1 == s->line && s->lines == 0) {
		if (s->blanks++ == BLANKS_MAX)
			return (bad(error, "Empty lines before the request"));
		s->start = s->at + 1;
	} else if (s->lines++ > HEAD_LINES_MAX)
		return (refuse(error, &ERR_HEADERS_TOO_LARGE,
		    "More than 100 header lines"));
	return (true);
}

static size_t
too_large(const struct head_scan *s, struct head_error *error)
{
	if (s->lines == 0)
		refuse(error, &ERR_URI_TOO_LONG,
		    "The request line is too long");
	else
		refuse(error, &ERR_HEADERS_TOO_LARGE,
		    "The header lines are too large");
	return (0);
}

size_t
head_scan(struct head_scan *s, const char *in, size_t len, size_t max,
    struct head_error *error)
{
	unsigned char	 c;

	for (; s->at < len; s->at++) {
		c = (unsigned char)in[s->at];
		if (s->at >= max)
			return (too_large(s, error));
		if (c == '\n') {
			if (s->lines > 0 && s->at == s->line + 1 &&
			    in[s->line] == '\r')
				return (s->at + 1);
			if (!scan_line(s, in, error))
				return (0);
			s->line = s->at + 1;
		} else if (s->at > s->line && in[s->at - 1] == '\r') {
			bad(error, "A carriage return without a line feed");
			return (0);
		} else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
			bad(error, "A control character in the head");
			return (0);
		}
	}
	/* The next byte would be one too many: do not wait for it. */
	return (len >= max ? too_large(s, error) : 0);
}

static bool
is_token(const char *s)
{
	size_t	 len = token_length(s);

	return (len > 0 && s[len] == '\0');
}

/* The known methods, and whether they may have a body. */
static const struct method {
	const char	*name;
	bool		 body;
} methods[] = {
	{ "GET", false }, { "POST", true }, { "PATCH", true },
	{ "DELETE", false }, { "PUT", true }, { "HEAD", false },
	{ "OPTIONS", false },
};

static const struct method *
find_method(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return (&methods[i]);
	}
	return (NULL);
}

static bool
unknown_method(struct head_error *error)
{
	return (refuse(error, &ERR_NOT_IMPLEMENTED,
	    "The method is not implemented"));
}

static bool
parse_version(struct head *h, const char *version, struct head_error *error)
{
	if (strncmp(version, "HTTP/", 5) != 0 ||
	    !isdigit((unsigned char)version[5]) || version[6] != '.' ||
	    !isdigit((unsigned char)version[7]) || version[8] != '\0')
		return (bad(error, "The request line is not valid"));
	if (version[5] != '1')
		return (refuse(error, &ERR_HTTP_VERSION,
		    "The HTTP version is not supported"));
	h->close = version[7] == '0';
	return (true);
}

static bool
parse_request_line(struct head *h, char *line, struct head_error *error)
{
	static const char	 too_long[] = "The request target is too long";
	const char		*problem;
	char			*target, *version;

	if ((target = strchr(line, ' ')) == NULL ||
	    (version = strchr(target + 1, ' ')) == NULL)
		return (bad(error, "The request line is not valid"));
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line))
		return (bad(error, "The method is not valid"));
	h->method = line;
	if (!parse_version(h, version, error))
		return (false);
	problem = strlen(target) <= HEAD_TARGET_MAX ? target_parse(h, target) :
	    too_long;
	if (problem == NULL)
		return (true);
	/* The target of CONNECT is another one. */
	if (find_method(line) == NULL)
		return (unknown_method(error));
	if (problem == too_long)
		return (refuse(error, &ERR_URI_TOO_LONG, problem));
	return (bad(error, problem));
}

/* Is the word in a comma-separated list? Case does not matter. */
static bool
list_has(const char *list, const char *word)
{
	size_t	 len = strlen(word), n;

	for (; *list != '\0'; list += n) {
		list += strspn(list, " \t,");
		n = strcspn(list, " \t,");
		if (n == len && strncasecmp(list, word, len) == 0)
			return (true);
	}
	return (false);
}

static bool
parse_length(struct head *h, const char *value, struct head_error *error)
{
	size_t	 len = strspn(value, "0123456789");

	if (len == 0 || value[len] != '\0')
		return (bad(error, "Content-Length is not a number"));
	value += strspn(value, "0");
	if (strlen(value) > LENGTH_DIGITS)
		return (refuse(error, &ERR_CONTENT_TOO_LARGE,
		    "The body is too large"));
	for (; *value != '\0'; value++)
		h->content_length = h->content_length * 10 + (*value - '0');
	return (true);
}

/* Headers that must not be repeated: readers may differ on which one counts. */
static const char *const	at_most_once[] = {
	"host", "content-length", "transfer-encoding", "content-type",
	"authorization", "expect",
};

static bool
parse_line(struct head *h, char *line, struct head_error *error)
{
	struct head_line	*l = &h->lines[h->nlines];
	char			*colon, *end;
	size_t			 i;

	if (*line == ' ' || *line == '\t')
		return (bad(error, "A header line is folded"));
	if ((colon = strchr(line, ':')) == NULL)
		return (bad(error, "A header line has no colon"));
	*colon++ = '\0';
	if (!is_token(line))
		return (bad(error, "The name of a header is not valid"));
	for (i = 0; i < sizeof(at_most_once) / sizeof(at_most_once[0]); i++) {
		if (strcasecmp(line, at_most_once[i]) == 0 &&
		    head_value(h, at_most_once[i]) != NULL)
			return (bad(error, "A header stands twice"));
	}
	colon += strspn(colon, " \t");
	end = colon + strlen(colon);
	while (end > colon && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	l->name = line;
	l->value = colon;
	h->nlines++;
	return (true);
}

/* RFC 9112, 3.2: HTTP/1.0 (old) has no Host. */
static bool
parse_host(struct head *h, bool old, struct head_error *error)
{
	const char	*host = head_value(h, "host");

	if (host == NULL && !old)
		return (bad(error, "The Host header is missing"));
	if (host != NULL && !host_is_valid(host))
		return (bad(error, "The Host header is not valid"));
	if (h->host == NULL)
		h->host = host != NULL ? host : "";
	return (true);
}

static void
parse_connection(struct head *h)
{
	const struct head_line	*l = NULL;
	bool			 keep = false, close = false;

	while ((l = head_next(h, l, "connection")) != NULL) {
		close |= list_has(l->value, "close");
		keep |= list_has(l->value, "keep-alive");
	}
	h->close = close || (h->close && !keep);
}

/*
 * Are there only other codings than chunked before the comma at `end`? Their
 * parameters may be anything.
 */
static bool
are_other_codings(const char *list, const char *end)
{
	size_t	 len;

	for (;; list++) {
		list += strspn(list, " \t");
		len = token_length(list);
		if (len == 0 ||
		    (len == 7 && strncasecmp(list, "chunked", len) == 0))
			return (false);
		list += strcspn(list, ",");
		if (list == end)
			return (true);
	}
}

/* RFC 9112, 6.3: without chunked at its end, a request has no end. */
static bool
parse_coding(const char *codings, struct head_error *error)
{
	const char	*last = strrchr(codings, ',');

	if (strcasecmp(codings, "chunked") == 0)
		return (true);
	if (last == NULL || !are_other_codings(codings, last) ||
	    strcasecmp(last + 1 + strspn(last + 1, " \t"), "chunked") != 0)
		return (bad(error, "The last transfer coding must be chunked, "
		    "and no other"));
	return (refuse(error, &ERR_NOT_IMPLEMENTED,
	    "The transfer coding is not implemented"));
}

/* RFC 9112, 6: where does the body end? old: the client speaks HTTP/1.0. */
static bool
parse_framing(struct head *h, bool old, struct head_error *error)
{
	const char	*length, *coding, *expect;

	length = head_value(h, "content-length");
	coding = head_value(h, "transfer-encoding");
	if (length != NULL && coding != NULL)
		return (bad(error, "Content-Length beside Transfer-Encoding"));
	if (length != NULL && !parse_length(h, length, error))
		return (false);
	if (coding != NULL && old)
		return (bad(error, "Transfer-Encoding in HTTP/1.0"));
	if (coding != NULL && !parse_coding(coding, error))
		return (false);
	h->chunked = coding != NULL;
	if ((h->chunked || h->content_length > 0) &&
	    !find_method(h->method)->body)
		return (bad(error, "This method takes no body"));

	expect = head_value(h, "expect");
	if (expect == NULL || old)
		return (true);
	if (strcasecmp(expect, "100-continue") != 0)
		return (refuse(error, &ERR_EXPECTATION_FAILED,
		    "The expectation cannot be met"));
	h->expects_continue = true;
	return (true);
}

bool
head_parse(struct head *h, char *text, size_t len, struct head_error *error)
{
	char	*line, *next, *end = text + len - 2;	/* the empty line */
	bool	 old;

	memset(h, 0, sizeof(*h));
	h->method = h->path = h->query = "";
	for (line = text; line < end; line = next) {
		next = (char *)memchr(line, '\r', (size_t)(end - line)) + 2;
		next[-2] = '\0';
		if (line == text ? !parse_request_line(h, line, error) :
		    !parse_line(h, line, error))
			return (false);
	}
	h->parsed = true;
	if (find_method(h->method) == NULL)
		return (unknown_method(error));
	old = h->close;
	parse_connection(h);
	return (parse_host(h, old, error) && parse_framing(h, old, error));
}

const struct head_line *
head_next(const struct head *h, const struct head_line *line,
    const char *name)
{
	for (line = line == NULL ? h->lines : line + 1;
	    line < h->lines + h->nlines; line++) {
		if (strcasecmp(line->name, name) == 0)
			return (line);
	}
	return (NULL);
}

const struct head_line *
head_previous(const struct head *h, const struct head_line *line,
    const char *name)
{
	if (line == NULL)
		line = h->lines + h->nlines;
	while (line > h->lines) {
		line--;
		if (strcasecmp(line->name, name) == 0)
			return (line);
	}
	return (NULL);
}

const char *
head_value(const struct head *h, const char *name)
{
	const struct head_line	*line = head_next(h, NULL, name);

	return (line != NULL ? line->value : NULL);
}
