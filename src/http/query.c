/* SPDX-License-Identifier: ISC */
/*
 * Reads the query string, the groups of the path, and headers. Kore's own
 * parser silently drops invalid parameters; this one reports them. The params
 * blocks of kore.conf declare the parameters and their validators.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <ctype.h>
#include <string.h>

#include "http/routes.h"
#include "utils/form.h"
#include "utils/percent.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"
#include "wire/wire.h"

#define NAME_SHOWN_MAX	100	/* bytes of a name that an error repeats */

static struct kore_handler_params *
find_param_of(const struct route *r, const struct endpoint *e,
    const char *name)
{
	struct kore_handler_params	*p;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (query_is_of(p, e) && strcmp(p->name, name) == 0)
			return (p);
	}
	return (NULL);
}

static struct kore_handler_params *
find_param(const struct ctx *c, const char *name)
{
	return (find_param_of(c->route, c->endpoint, name));
}

const struct rule *
query_rule(const struct route *r, const struct endpoint *e, const char *name)
{
	struct kore_handler_params	*p = find_param_of(r, e, name);

	return (p != NULL ? rule_of(p->validator) : NULL);
}

static const struct query_value *
find_value(const struct ctx *c, const char *name)
{
	const struct query_value	*v;

	for (v = c->query_values; v != NULL; v = v->next) {
		if (strcmp(v->name, name) == 0)
			return (v);
	}
	return (NULL);
}

const char *
(query_param)(const struct ctx *c, const char *name)
{
	const struct query_value	*v = find_value(c, name);

	return (v != NULL ? v->value : NULL);
}

const char *
(query_time)(struct ctx *c, const char *name)
{
	const char	*text = (query_param)(c, name);
	char		*utc = ctx_alloc(c, TIMEFMT_TEXT);
	int64_t		 us;

	if (text == NULL)
		return (NULL);
	if (!timefmt_parse_rfc3339(text, &us))
		raise_invalid(c, ctx_printf(c, "query.%s", name),
		    "invalid_format", "Must be a time of RFC 3339");
	timefmt_rfc3339(us, utc);
	return (utc);
}

/* What other APIs call a parameter, without case, '_' and '-'. */
static const struct synonym {
	const char	*other;
	const char	*name;
} synonyms[] = {
	{ "count", "limit" }, { "max", "limit" }, { "pagesize", "limit" },
	{ "perpage", "limit" }, { "size", "limit" }, { "take", "limit" },
	{ "offset", "skip" }, { "start", "skip" },
	{ "p", "page" }, { "pagenumber", "page" }, { "pageno", "page" },
	{ "after", "cursor" }, { "nextcursor", "cursor" },
	{ "pagetoken", "cursor" }, { "startingafter", "cursor" },
	{ "order", "sort" }, { "orderby", "sort" }, { "ordering", "sort" },
	{ "sortby", "sort" },
	{ "filter", "q" }, { "keyword", "q" }, { "query", "q" },
	{ "search", "q" }, { "term", "q" },
	{ "active", "is_active" }, { "enabled", "is_active" },
	{ "state", "status" }, { "type", "kind" },
};

#define NSYNONYMS	(sizeof(synonyms) / sizeof(synonyms[0]))

/* Compares without case and anything but letters and digits. */
static bool
is_like(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a != '\0' && !isalnum((unsigned char)*a))
			a++;
		while (*b != '\0' && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return (false);
		if (*a == '\0')
			return (true);
	}
}

/* The parameter of this operation that is meant; NULL: nobody knows. */
static const char *
guess_param(const struct ctx *c, const char *name)
{
	struct kore_handler_params	*p;
	size_t				 i;

	TAILQ_FOREACH(p, &c->route->hdlr->params, list) {
		if (query_is_of(p, c->endpoint) && is_like(p->name, name))
			return (p->name);
	}
	for (i = 0; i < NSYNONYMS; i++) {
		if (is_like(synonyms[i].other, name) &&
		    find_param(c, synonyms[i].name) != NULL)
			return (synonyms[i].name);
	}
	return (NULL);
}

static void
refuse_unknown(struct ctx *c, const char *field, const char *name)
{
	const char	*meant = guess_param(c, name);

	error_detail(c, field, "unknown_field",
	    "Is not a parameter of this operation%s%s",
	    meant != NULL ? "; use " : "", meant != NULL ? meant : "");
}

/*
 * An empty field of a form is no filter, unless the parameter can be empty. In
 * other methods, "?except=" would delete more than was meant.
 */
static bool
is_absent(const struct ctx *c, const struct rule *rule, const char *value)
{
	return (*value == '\0' && c->endpoint->verb == VERB_GET &&
	    rule_reason(rule, value) != NULL);
}

static void
read_query_pair(struct ctx *c, const struct form_pair *pair)
{
	struct kore_handler_params	*p;
	const struct rule		*rule;
	struct query_value		*v;
	const char			*field;

	field = ctx_printf(c, "query.%.*s", NAME_SHOWN_MAX, pair->name);
	if ((p = find_param(c, pair->name)) == NULL) {
		refuse_unknown(c, field, pair->name);
		return;
	}
	rule = rule_of(p->validator);
	if (is_absent(c, rule, pair->value))
		return;
	if (find_value(c, pair->name) != NULL) {
		error_detail(c, field, "duplicate_field",
		    "Is given more than once");
		return;
	}
	v = ctx_alloc(c, sizeof(*v));
	v->name = p->name;
	v->next = c->query_values;
	c->query_values = v;
	if (rule_check(c, rule, field, pair->value))
		v->value = rule_value(c, rule, pair->value);
}

void
query_read(struct ctx *c)
{
	struct form_pair	 pair;
	char			*cursor;
	int			 more;

	if (*c->query == '\0')
		return;
	cursor = ctx_strdup(c, c->query);
	while ((more = form_next(&cursor, &pair)) == 1)
		read_query_pair(c, &pair);
	if (more == -1)
		error_detail(c, "query", "invalid_format",
		    "Is not a valid query string");
}

_Static_assert(sizeof(((struct ctx *)0)->path_values) /
    sizeof(((struct ctx *)0)->path_values[0]) == PATH_GROUPS_MAX,
    "a ctx has a place for every group of a path");

static void
read_group(struct ctx *c, const struct route_row *row, size_t i, char *text)
{
	const char	*field = ctx_printf(c, "path.%s", row->name);
	char		*uuid;

	if (!percent_decode(text)) {
		error_detail(c, field, "invalid_format",
		    "Is not valid percent-encoded UTF-8");
		return;
	}
	if (row->type != T_UUID) {
		c->path_values[i] = text;
		return;
	}
	uuid = ctx_alloc(c, UUID_TEXT);
	if (uuid_parse(text, uuid))
		c->path_values[i] = uuid;
	else
		error_detail(c, field, "invalid_format", "Must be a UUID");
}

void
path_read(struct ctx *c)
{
	const struct route_row	*row = NULL;
	struct span		 groups[PATH_GROUPS_MAX];
	size_t			 i;

	if (!path_match(c->route, c->path, groups))
		raise_error(c, &ERR_NOT_FOUND, "Not found");
	for (i = 0; (row = route_next_path_row(c->route, row)) != NULL; i++)
		read_group(c, row, i, ctx_strndup(c,
		    c->path + groups[i].start,
		    groups[i].end - groups[i].start));
}

const char *
(path_param)(const struct ctx *c, const char *name)
{
	const struct route_row	*row = NULL;
	size_t			 i;

	for (i = 0; (row = route_next_path_row(c->route, row)) != NULL; i++) {
		if (strcmp(row->name, name) == 0)
			return (c->path_values[i]);
	}
	return (NULL);
}

/* RFC 9110, 5.3 */
const char *
header_list(struct ctx *c, const char *name)
{
	const struct head_line	*line = NULL;
	const char		*list = "";

	while ((line = head_next(&c->sent->head, line, name)) != NULL)
		list = ctx_printf(c, "%s,%s", list, line->value);
	return (list);
}
