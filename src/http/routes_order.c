/* SPDX-License-Identifier: ISC */
/*
 * Finds the routes that kore.conf's order hides. Whether a regex matches all
 * that another one does is tried out, with many paths.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <string.h>

#include "http/path_template.h"
#include "http/routes_check.h"
#include "utils/start_error.h"

#define PATH_TRIED_MAX	2048

/* What is tried in the place of a group, besides each ASCII character. */
static const char *const	texts[] = {
	"me", "new", "42", "2026", "admin", "search", "a-b", "a_b", "a.b",
	"Abc", "%20", "\xc3\xa9", "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55",
	"0192F1C4-7A10-7C3E-9B1A-3F0C8D2E4B55", "a/b",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

#define NTEXTS	(sizeof(texts) / sizeof(texts[0]))
#define NASCII	((size_t)('~' - '!' + 1))

/* In the places of the other groups. */
static const char *const	others[] = { "x", "7", "A" };

#define NOTHERS	(sizeof(others) / sizeof(others[0]))

/* A path: one group has a text of its own, the others have another one. */
struct trial {
	const char	*own;
	const char	*other;
	size_t		 group;		/* that has its own */
	size_t		 next;		/* while the path is made */
};

static bool
add_text(struct text *t, void *arg)
{
	struct trial	*trial = arg;

	text_puts(t, trial->next++ == trial->group ? trial->own :
	    trial->other);
	return (true);
}

/* Does `first` match every path of `second`, as far as it is tried? */
static bool
takes_all(const struct route *first, const struct route *second,
    struct trial *trial, bool *any)
{
	char		 path[PATH_TRIED_MAX], ascii[2] = "";
	struct text	 t;
	size_t		 i;

	for (i = 0; i < NASCII + NTEXTS; i++) {
		ascii[0] = (char)('!' + i);
		trial->own = i < NASCII ? ascii : texts[i - NASCII];
		trial->next = 0;
		t = text_in(path, sizeof(path));
		if (!path_template(route_path(second), add_text, trial, &t))
			return (false);
		if (!route_matches(second, path))
			continue;
		if (!route_matches(first, path))
			return (false);
		*any = true;
	}
	return (true);
}

static bool
hides(const struct route *first, const struct route *second)
{
	struct trial	 trial;
	bool		 any = false;
	size_t		 i;

	if (strcmp(route_path(first), route_path(second)) == 0)
		return (true);
	if (second->regex == NULL)
		return (route_matches(first, route_path(second)));
	if (first->regex == NULL)
		return (false);
	for (trial.group = 0; trial.group < PATH_GROUPS_MAX; trial.group++) {
		for (i = 0; i < NOTHERS; i++) {
			trial.other = others[i];
			if (!takes_all(first, second, &trial, &any))
				return (false);
		}
	}
	return (any);
}

static const char *
hidden_error(const struct route *first, const struct route *second)
{
	if (strcmp(route_path(first), route_path(second)) == 0)
		return (start_error("kore.conf: the route %s %s can never be "
		    "reached: %s has this path already; put the rows of both "
		    "into one ROUTE", route_path(second), second->name,
		    first->name));
	return (start_error("kore.conf: the route %s %s can never be reached: "
	    "%s %s above it matches its paths, too; move %s above that",
	    route_path(second), second->name, route_path(first), first->name,
	    second->name));
}

const char *
route_check_order(const struct route *r)
{
	const struct route	*first;

	if (TAILQ_NEXT(r->hdlr, list) == NULL)
		return (NULL);		/* the last one is for the rest */
	for (first = routes_first(); first != r; first = first->next) {
		if (first->hdlr->dom == r->hdlr->dom && hides(first, r))
			return (hidden_error(first, r));
	}
	return (NULL);
}
