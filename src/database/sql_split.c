/* SPDX-License-Identifier: ISC */
/* Splits a migration's file into statements, as psql does. */

#include <string.h>

#include "database/sql_split.h"

/* Where in a statement the next token is. */
struct place {
	unsigned	 words;		/* before it, at most 5 */
	bool		 routine;	/* CREATE FUNCTION or PROCEDURE */
	bool		 create;
	unsigned	 parentheses;
	unsigned	 blocks;	/* BEGIN ... END, CASE ... END */
};

struct sql_split
sql_split(const char *text)
{
	return ((struct sql_split){ .last = query_tokens(text,
	    strlen(text)) });
}

/* CREATE [OR REPLACE] FUNCTION: only there are blocks of statements. */
static void
note_word(struct place *p, const struct query_token *t)
{
	if (p->words == 0)
		p->create = query_token_is(t, "CREATE");
	else if (p->create && p->words < 4 && (query_token_is(t, "FUNCTION") ||
	    query_token_is(t, "PROCEDURE")))
		p->routine = true;
	if (p->words < 5)
		p->words++;
	if (!p->routine || p->parentheses > 0)
		return;
	if (query_token_is(t, "BEGIN") ||
	    (p->blocks > 0 && query_token_is(t, "CASE")))
		p->blocks++;
	else if (p->blocks > 0 && query_token_is(t, "END"))
		p->blocks--;
}

static void
note_token(struct place *p, const struct query_token *t)
{
	if (t->kind == QUERY_WORD)
		note_word(p, t);
	else if (query_token_opens(t))
		p->parentheses++;
	else if (query_token_closes(t) && p->parentheses > 0)
		p->parentheses--;
}

bool
sql_split_next(struct sql_split *s)
{
	struct place		 p = { 0 };
	struct query_token	*t = &s->last;
	bool			 inside = false;

	s->len = 0;
	s->ended = s->broken = false;
	while (query_token_next(t)) {
		if (!inside && (query_token_is_gap(t) ||
		    query_token_is(t, ";")))
			continue;
		if (query_token_is(t, ";") && p.parentheses == 0 &&
		    p.blocks == 0) {
			s->ended = true;
			return (true);
		}
		if (!inside)
			s->text = t->start;
		inside = true;
		note_token(&p, t);
		s->broken |= t->kind == QUERY_UNENDED;
		if (!query_token_is_gap(t))
			s->len = (size_t)(t->start - s->text) + t->len;
	}
	return (inside);
}
