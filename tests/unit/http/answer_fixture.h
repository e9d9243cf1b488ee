/* SPDX-License-Identifier: ISC */
/* What the tests of responses share. */

#ifndef TESTS_HTTP_ANSWER_FIXTURE_H
#define TESTS_HTTP_ANSWER_FIXTURE_H

/* Sets header lines of a request; reads the headers of its response. */

#include "request/request_fixture.h"

#include "http/routes.h"
#include "utils/etag.h"
#include "wire/wire.h"

static struct wire_request	sent;

/* Begins a request without header lines, for that row. */
static inline void
answer_begin(const struct endpoint *endpoint)
{
	request_begin();
	memset(&sent, 0, sizeof(sent));
	request.sent = &sent;
	request.endpoint = endpoint;
}

static inline void
send_line(const char *name, const char *value)
{
	struct head_line	*line = &sent.head.lines[sent.head.nlines++];

	line->name = name;
	line->value = value;
}

/* The entity tag of a row, by its schema; valid until the eighth next call. */
static inline const char *
answer_tag(const struct schema *s, const char *id, int64_t version)
{
	static char	 texts[8][ETAG_TEXT];
	static size_t	 n;
	char		*text = texts[n++ % 8];

	assert_true(etag_make(text, s->fingerprint, sizeof(s->fingerprint),
	    id, version));
	return (text);
}

/* The response's header; several of that name are joined with a comma. */
static inline const char *
answer_header(const char *name)
{
	static char		 text[4096];
	const struct header	*h;
	size_t			 n = 0;

	for (h = request.response.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, name) == 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s", n > 0 ? ", " : "", h->value);
	}
	return (n > 0 ? text : NULL);
}

static inline void
assert_header(const char *name, const char *value)
{
	const char	*is = answer_header(name);

	if (value == NULL) {
		assert_null(is);
		return;
	}
	assert_non_null(is);
	assert_string_equal(is, value);
}

#endif
