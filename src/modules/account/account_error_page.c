/* SPDX-License-Identifier: ISC */
/* Tells people in plain words why a page failed, and what they can do. */

#include <stdlib.h>
#include <string.h>

#include "modules/account/account.h"
#include "request/endpoint.h"
#include "utils/accept.h"

#define WORDS_MAX	512	/* bytes; all details of a 422 may be fewer */

#define BUSY	"The server is busy"

/* assets/account */
extern const unsigned char	asset_account_problem_html[];

/* For when not even a page can be made: without a style. */
static const char	busy[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta name=\"color-scheme\" content=\"light dark\">"
    "<title>" BUSY "</title><h1>" BUSY "</h1>"
    "<p role=\"alert\">Wait a moment, then try again.</p></html>\n";

_Static_assert(sizeof(busy) <= ENVELOPE_MAX, "is copied there");

static const char *
retry_after(const struct ctx *c)
{
	const struct header	*h;

	for (h = c->error.headers; h != NULL; h = h->next) {
		if (strcmp(h->name, "retry-after") == 0)
			return (h->value);
	}
	return ("1");
}

/* How long to wait, in words; never shorter than it is. */
static void
put_wait(struct text *t, unsigned long seconds)
{
	const char	*unit = "second";
	unsigned long	 n = seconds;

	if (seconds > 90 * 60) {
		unit = "hour";
		n = (seconds + 3599) / 3600;
	} else if (seconds > 90) {
		unit = "minute";
		n = (seconds + 59) / 60;
	}
	text_printf(t, "%lu %s%s", n, unit, n == 1 ? "" : "s");
}

/* After the form; a page that was only opened is opened again. */
static const char *
again(const struct ctx *c)
{
	return (c->endpoint->verb == VERB_GET ? "reload this page" :
	    "go back and send the form again");
}

static void
put_details(struct text *t, const struct ctx *c)
{
	const struct error_detail	*d;

	for (d = c->error.details; d != NULL; d = d->next)
		text_printf(t, "%s\n", d->message);
	text_puts(t, "Go back and try again.");
}

/* Returns the title, and adds the words. */
static const char *
explain(struct text *t, const struct ctx *c)
{
	int	 status = c->error.kind->status;

	if (status == 429) {
		text_puts(t, "There were too many tries from your network. "
		    "Wait ");
		put_wait(t, strtoul(retry_after(c), NULL, 10));
		text_printf(t, ", then %s.", again(c));
		return ("Please wait");
	}
	if (status == 503) {
		text_printf(t, "Wait a moment, then %s.", again(c));
		return (BUSY);
	}
	if (status >= 500) {
		text_printf(t, "It is not your fault. Try again later. If it "
		    "fails again, tell those who run this service: the "
		    "request was %s.", c->request_id);
		return ("Something went wrong");
	}
	if (status == 422) {
		put_details(t, c);
		return ("This cannot be used");
	}
	if (status == 409) {
		text_puts(t, "Somebody has changed the same thing at the same "
		    "time. Open the link from the mail again.");
		return ("Nothing was changed");
	}
	text_puts(t, "Open the link from the mail again, and send the form "
	    "that it shows.");
	return ("This form cannot be read");
}

static void
write_error(struct text *t, struct ctx *c)
{
	char		 buffer[WORDS_MAX];
	struct text	 words = text_in(buffer, sizeof(buffer));
	struct text	 content = arena_text(&c->arena);
	const char	*title = explain(&words, c);

	html_fill(&content, (const char *)asset_account_problem_html,
	    HTML_VALUES(HTML_TEXT("problem", words.data)));
	if (content.cut)
		t->cut = true;
	else
		account_page_write(t, c, title, content.data);
}

static struct header	problem_headers = {
	"content-type", PROBLEM_TYPE, &account_page_headers[1]
};

const struct error_page	account_error_page = {
	.headers = account_page_headers, .problem_headers = &problem_headers,
	.write = write_error, .busy = busy,
};
