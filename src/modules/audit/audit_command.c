/* SPDX-License-Identifier: ISC */
/* The command audit: prints the latest rows of the audit log, for people. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "modules/audit/audit.h"
#include "utils/printable.h"
#include "utils/start_error.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

#define LINES_FALLBACK	"50"
#define LINES_MAX	10000
#define NOTHING		"-"
#define ACCOUNT_SHOWN	12	/* characters of a hash: enough to compare */

enum { TIME, ACTION, ACTOR, TARGET, ADDRESS, CHANGED, COLUMNS };

static const char *const	titles[COLUMNS] = {
	"TIME", "ACTION", "ACTOR", "TARGET", "ADDRESS", "CHANGES"
};

/* What a line shows: texts that stay until the command ends. */
struct line {
	const char	*cells[COLUMNS];
};

static struct arena	memory;

/* "" if memory is short. */
static const char *
finish(const struct text *t)
{
	return (t->data != NULL && !t->cut ? t->data : "");
}

static const char *
printable(const char *s)
{
	struct text	 t = arena_text(&memory);

	text_puts_printable(&t, s);
	return (finish(&t));
}

/* To the second: the rest is in --json. */
static const char *
time_cell(int64_t us)
{
	char		 whole[TIMEFMT_TEXT];
	struct text	 t = arena_text(&memory);

	timefmt_rfc3339(us, whole);
	text_printf(&t, "%.19sZ", whole);
	return (finish(&t));
}

/* The address of a user who still exists, or an id. */
static const char *
who_cell(const char *email, const char *id)
{
	return (email != NULL ? printable(email) : id != NULL ? id : NOTHING);
}

static const char *
target_cell(const struct audit_line *in)
{
	struct text	 t = arena_text(&memory);

	if (in->target_id != NULL || in->account == NULL)
		return (who_cell(in->target_email, in->target_id));
	text_printf(&t, "unknown:%.*s", ACCOUNT_SHOWN, in->account);
	return (printable(finish(&t)));
}

static void
put_value(struct text *t, const json_t *value)
{
	char	*dump;

	if (json_is_string(value)) {
		text_puts_printable(t, json_string_value(value));
	} else if (value == NULL || json_is_null(value)) {
		text_puts(t, NOTHING);
	} else if ((dump = json_dumps(value, JSON_COMPACT |
	    JSON_ENCODE_ANY)) != NULL) {
		text_puts_printable(t, dump);
		free(dump);
	}
}

/* {"role": {"from": "user", "to": "admin"}} becomes "role: user -> admin". */
static void
put_changes(struct text *t, json_t *changes)
{
	const char	*member;
	json_t		*change, *from;

	json_object_foreach(changes, member, change) {
		text_puts(t, t->len > 0 ? ", " : "");
		text_puts_printable(t, member);
		text_puts(t, ": ");
		from = json_object_get(change, "from");
		if (from != NULL && !json_is_null(from)) {
			put_value(t, from);
			text_puts(t, " -> ");
		}
		put_value(t, json_is_object(change) ?
		    json_object_get(change, "to") : change);
	}
}

static const char *
changes_cell(const char *json)
{
	struct text	 t = arena_text(&memory);
	json_t		*changes;

	if (json == NULL)
		return (NOTHING);
	if ((changes = json_loads(json, 0, NULL)) == NULL)
		return (printable(json));
	put_changes(&t, changes);
	json_decref(changes);
	return (finish(&t));
}

static void
fill_line(struct line *out, const struct audit_line *in)
{
	out->cells[TIME] = time_cell(in->created_at);
	out->cells[ACTION] = printable(in->action);
	out->cells[ACTOR] = who_cell(in->actor_email, in->actor_id);
	out->cells[TARGET] = target_cell(in);
	out->cells[ADDRESS] = in->address != NULL ? printable(in->address) :
	    NOTHING;
	out->cells[CHANGED] = changes_cell(in->changes);
}

/* The last column ends with its text. */
static void
print_line(const char *const cells[COLUMNS], const size_t widths[COLUMNS])
{
	size_t	 i, pad;

	for (i = 0; i < CHANGED; i++) {
		pad = widths[i] - utf8_length(cells[i]);
		printf("%s%*s", cells[i], (int)pad + 2, "");
	}
	printf("%s\n", cells[CHANGED]);
}

static void
widen(size_t widths[COLUMNS], const char *const cells[COLUMNS])
{
	size_t	 i, width;

	for (i = 0; i < COLUMNS; i++) {
		width = utf8_length(cells[i]);
		if (width > widths[i])
			widths[i] = width;
	}
}

static const char *
print_lines(const struct audit_line *rows, size_t n)
{
	size_t		 widths[COLUMNS] = { 0 }, i;
	struct line	*lines;

	if ((lines = calloc(n + 1, sizeof(*lines))) == NULL)
		return ("out of memory");
	widen(widths, titles);
	for (i = 0; i < n; i++) {
		fill_line(&lines[i], &rows[i]);
		widen(widths, lines[i].cells);
	}
	print_line(titles, widths);
	for (i = 0; i < n; i++)
		print_line(lines[i].cells, widths);
	free(lines);
	return (NULL);
}

static const char *
print_json(const struct audit_line *rows, size_t n)
{
	struct jsonw	 j;
	size_t		 i;

	for (i = 0; i < n; i++) {
		jsonw_init(&j, &memory);
		schema_write_object(&j, NULL, &audit_line_schema, &rows[i]);
		if (j.text.cut)
			return ("out of memory");
		printf("%s\n", printable(j.text.data));
	}
	return (NULL);
}

static const char *
check_lines(const char *text)
{
	unsigned long	 n = strtoul(text, NULL, 10);

	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 5 ||
	    n < 1 || n > LINES_MAX)
		return (start_error("the number of lines must be from 1 to %d",
		    LINES_MAX));
	return (NULL);
}

const char *
audit_command(const struct audit_options *o)
{
	const struct audit_line	*rows;
	const char		*lines, *problem = NULL;
	int64_t			 us;
	size_t			 n;

	lines = o->lines != NULL ? o->lines : LINES_FALLBACK;
	if ((problem = check_lines(lines)) != NULL)
		return (problem);
	if (o->since != NULL && !timefmt_parse_rfc3339(o->since, &us))
		return ("the time must be one of RFC 3339, such as "
		    "2026-01-31T12:00:00Z");
	rows = audit_service_latest_now(lines, o->action, o->user_id,
	    o->since, &n, &problem);
	if (rows == NULL)
		return (problem);
	problem = o->json ? print_json(rows, n) : print_lines(rows, n);
	if (problem == NULL && fflush(stdout) != 0)
		problem = start_error("cannot write the audit log: %m");
	arena_free(&memory, false);
	return (problem);
}
