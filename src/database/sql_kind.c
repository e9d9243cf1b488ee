/* SPDX-License-Identifier: ISC */
/* Which statements of a migration are special. */

#include <string.h>
#include <strings.h>

#include "database/sql_split.h"

static bool
next_word(struct query_token *t)
{
	while (query_token_next(t)) {
		if (!query_token_is_gap(t))
			return (true);
	}
	return (false);
}

static struct query_token
words_of(const struct sql_split *s)
{
	return (query_tokens(s->text, s->len));
}

/* Skips a word if it comes next. */
static bool
skip(struct query_token *t, const char *word)
{
	struct query_token	 next = *t;

	if (!next_word(&next) || !query_token_is(&next, word))
		return (false);
	*t = next;
	return (true);
}

static bool
has_word(const struct sql_split *s, const char *word)
{
	struct query_token	 t = words_of(s);

	while (next_word(&t)) {
		if (query_token_is(&t, word))
			return (true);
	}
	return (false);
}

/* A name, perhaps with its schema. */
static void
take_name(struct query_token *t, const char **name, size_t *len)
{
	if (!next_word(t))
		return;
	*name = t->start;
	*len = t->len;
	while (skip(t, ".") && next_word(t))
		*len = (size_t)(t->start - *name) + t->len;
}

/* t is at CREATE [UNIQUE] INDEX CONCURRENTLY. */
static void
read_build(struct query_token *t, struct sql_build *b)
{
	memset(b, 0, sizeof(*b));
	if (skip(t, "IF") && (!skip(t, "NOT") || !skip(t, "EXISTS")))
		return;
	if (skip(t, "ON") || (take_name(t, &b->index, &b->index_len),
	    skip(t, "ON"))) {
		skip(t, "ONLY");
		take_name(t, &b->table, &b->table_len);
	}
}

static bool
is_transaction(const struct sql_split *s)
{
	static const char *const	 words[] = {
		"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"
	};
	struct query_token		 t = words_of(s);
	size_t				 i;

	if (skip(&t, "PREPARE"))
		return (skip(&t, "TRANSACTION"));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (skip(&t, words[i]))
			return (true);
	}
	return (false);
}

enum sql_kind
sql_kind(const struct sql_split *s, struct sql_build *b)
{
	struct query_token	 t = words_of(s);
	bool			 concurrently;

	if (is_transaction(s))
		return (SQL_TRANSACTION);
	if (skip(&t, "COPY"))
		return (has_word(s, "STDIN") || has_word(s, "STDOUT") ?
		    SQL_COPY : SQL_OTHER);
	concurrently = has_word(s, "CONCURRENTLY");
	if (skip(&t, "CREATE")) {
		skip(&t, "UNIQUE");
		if (!skip(&t, "INDEX") || !skip(&t, "CONCURRENTLY"))
			return (SQL_OTHER);
		read_build(&t, b);
		return (SQL_BUILD);
	}
	if (concurrently && (skip(&t, "REINDEX") || skip(&t, "ALTER") ||
	    (skip(&t, "DROP") && skip(&t, "INDEX"))))
		return (SQL_CONCURRENTLY);
	return (SQL_OTHER);
}

bool
sql_drops_once(const struct sql_split *s)
{
	struct query_token	 t = words_of(s);

	return (skip(&t, "DROP") && skip(&t, "INDEX") &&
	    skip(&t, "CONCURRENTLY") && !skip(&t, "IF"));
}

/* A quoted name may hold doubled quotes, which no name here has. */
bool
sql_names(const char *text, const char *name)
{
	struct query_token	 t = query_tokens(text, strlen(text));
	size_t			 len = strlen(name);

	while (next_word(&t)) {
		if (t.kind == QUERY_WORD && t.len == len &&
		    strncasecmp(t.start, name, len) == 0)
			return (true);
		if (t.kind == QUERY_NAME && t.len == len + 2 &&
		    strncmp(t.start + 1, name, len) == 0)
			return (true);
	}
	return (false);
}
