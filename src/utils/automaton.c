/* SPDX-License-Identifier: ISC */
/*
 * Matches values with regular expressions, because glibc's regexec() can take
 * milliseconds and keeps memory for each value that it has seen: a pattern such
 * as ^(a|b)*a(a|b){20}$ would fill the memory. This is Glushkov's automaton:
 * each character of the pattern, repetitions written out, is a state, and a
 * value moves all states that it may be in at once.
 */

#include <stdlib.h>
#include <string.h>

#include "utils/automaton.h"
#include "utils/charset.h"
#include "utils/posix.h"
#include "utils/utf8.h"

#define WORDS_MAX	((POSIX_STATES_MAX + 63) / 64)

struct bits {
	uint64_t	 words[WORDS_MAX];
};

/* A part of the pattern: the states that it begins and ends with. */
struct part {
	struct bits	 first, last;
	bool		 may_be_empty;
};

struct automaton {
	struct charset	*sets;		/* one for each node of the tree */
	uint16_t	*set;		/* of each state */
	uint64_t	*follow;	/* the states after each state */
	size_t		 nstates, nwords;
	struct part	 whole;
	bool		 endless;
};

struct builder {
	struct automaton		*a;
	const struct posix_node		*nodes;
};

static void	build(struct builder *, unsigned, struct part *);

static void
bits_add(struct bits *to, const struct bits *from)
{
	size_t	 i;

	for (i = 0; i < WORDS_MAX; i++)
		to->words[i] |= from->words[i];
}

static void
bits_set(struct bits *b, size_t n)
{
	b->words[n / 64] |= (uint64_t)1 << n % 64;
}

/* Removes the lowest state from a word that is not 0, and returns it. */
static size_t
take_lowest(uint64_t *word)
{
	size_t	 n = (size_t)__builtin_ctzll(*word);

	*word &= *word - 1;
	return (n);
}

static uint64_t *
follow_of(const struct automaton *a, size_t state)
{
	return (a->follow + state * a->nwords);
}

/* After each of these states may come each of those. */
static void
join(struct automaton *a, const struct bits *these, const struct bits *those)
{
	uint64_t	 word, *follow;
	size_t		 i, k;

	for (i = 0; i < a->nwords; i++) {
		word = these->words[i];
		while (word != 0) {
			follow = follow_of(a, i * 64 + take_lowest(&word));
			for (k = 0; k < a->nwords; k++)
				follow[k] |= those->words[k];
		}
	}
}

/* Adds what comes behind p. */
static void
append(struct automaton *a, struct part *p, const struct part *next)
{
	join(a, &p->last, &next->first);
	if (p->may_be_empty)
		bits_add(&p->first, &next->first);
	if (next->may_be_empty)
		bits_add(&p->last, &next->last);
	else
		p->last = next->last;
	p->may_be_empty &= next->may_be_empty;
}

static void
build_char(struct builder *b, unsigned node, struct part *p)
{
	struct automaton	*a = b->a;

	memset(p, 0, sizeof(*p));
	bits_set(&p->first, a->nstates);
	p->last = p->first;
	a->set[a->nstates++] = (uint16_t)node;
}

static void
build_empty(struct part *p)
{
	memset(p, 0, sizeof(*p));
	p->may_be_empty = true;
}

static void
build_parts(struct builder *b, unsigned node, struct part *p)
{
	const struct posix_node	*n = &b->nodes[node];
	struct part		 next;
	unsigned		 i;

	if (n->first == 0) {
		build_empty(p);
		return;
	}
	build(b, n->first, p);
	for (i = b->nodes[n->first].next; i != 0; i = b->nodes[i].next) {
		build(b, i, &next);
		if (n->op == POSIX_SEQUENCE) {
			append(b->a, p, &next);
			continue;
		}
		bits_add(&p->first, &next.first);
		bits_add(&p->last, &next.last);
		p->may_be_empty |= next.may_be_empty;
	}
}

/* x{2,4} is xx(x(x)?)?, and x{2,} is xx+: few states are possible at a time. */
static void
build_repeat(struct builder *b, unsigned node, struct part *p)
{
	const struct posix_node	*n = &b->nodes[node];
	struct part		 one, optional;
	uint32_t		 i, must = n->min;

	build_empty(p);
	build_empty(&optional);
	if (n->max == POSIX_MANY) {
		build(b, n->first, &optional);
		join(b->a, &optional.last, &optional.first);
		b->a->endless = true;
		if (must > 0)
			must--;
		else
			optional.may_be_empty = true;
	} else {
		for (i = n->min; i < n->max; i++) {
			build(b, n->first, &one);
			append(b->a, &one, &optional);
			one.may_be_empty = true;
			optional = one;
		}
	}
	for (i = 0; i < must; i++) {
		build(b, n->first, &one);
		append(b->a, p, &one);
	}
	append(b->a, p, &optional);
}

static void
build(struct builder *b, unsigned node, struct part *p)
{
	switch (b->nodes[node].op) {
	case POSIX_CHAR:
		build_char(b, node, p);
		break;
	case POSIX_SEQUENCE:
	case POSIX_CHOICE:
		build_parts(b, node, p);
		break;
	case POSIX_REPEAT:
		build_repeat(b, node, p);
		break;
	}
}

static bool
automaton_alloc(struct automaton *a, const struct posix_tree *tree)
{
	size_t	 states = tree->nodes[tree->root].states;

	a->nwords = (states + 63) / 64;
	a->sets = calloc(tree->count, sizeof(*a->sets));
	a->set = calloc(states + 1, sizeof(*a->set));
	a->follow = calloc(states + 1, (a->nwords + 1) * sizeof(*a->follow));
	return (a->sets != NULL && a->set != NULL && a->follow != NULL);
}

static bool
automaton_build(struct automaton *a, const struct posix_tree *tree)
{
	struct builder	 b = { a, tree->nodes };
	unsigned	 i;

	if (tree->nodes[tree->root].states > POSIX_STATES_MAX ||
	    !automaton_alloc(a, tree))
		return (false);
	for (i = 1; i < tree->count; i++) {
		if (tree->nodes[i].op == POSIX_CHAR &&
		    !charset_read(&a->sets[i], tree->nodes[i].text))
			return (false);
	}
	build(&b, tree->root, &a->whole);
	return (true);
}

struct automaton *
automaton_new(const char *pattern)
{
	struct automaton	*a;
	struct posix_tree	 tree;

	if (posix_parse(pattern, &tree) != NULL)
		return (NULL);
	a = calloc(1, sizeof(*a));
	if (a != NULL && !automaton_build(a, &tree)) {
		automaton_free(a);
		a = NULL;
	}
	free(tree.nodes);
	return (a);
}

void
automaton_free(struct automaton *a)
{
	if (a == NULL)
		return;
	free(a->sets);
	free(a->set);
	free(a->follow);
	free(a);
}

size_t
automaton_states(const struct automaton *a)
{
	return (a->nstates);
}

bool
automaton_is_endless(const struct automaton *a)
{
	return (a->endless);
}

/* Of the states that may come, keeps those with the character. */
static bool
keep_matching(const struct automaton *a, struct bits *states, uint32_t code)
{
	uint64_t	 word, kept;
	size_t		 i, n;
	int		 set = -1;
	bool		 any = false, match = false;

	for (i = 0; i < a->nwords; i++) {
		kept = 0;
		for (word = states->words[i]; word != 0;) {
			n = take_lowest(&word);
			if (set != a->set[i * 64 + n]) {
				set = a->set[i * 64 + n];
				match = charset_has(&a->sets[set], code);
			}
			kept |= (uint64_t)match << n;
		}
		states->words[i] = kept;
		any |= kept != 0;
	}
	return (any);
}

static void
move_on(const struct automaton *a, const struct bits *from, struct bits *to)
{
	uint64_t	 word;
	const uint64_t	*follow;
	size_t		 i, k;

	memset(to->words, 0, a->nwords * sizeof(to->words[0]));
	for (i = 0; i < a->nwords; i++) {
		for (word = from->words[i]; word != 0;) {
			follow = follow_of(a, i * 64 + take_lowest(&word));
			for (k = 0; k < a->nwords; k++)
				to->words[k] |= follow[k];
		}
	}
}

static bool
is_last(const struct automaton *a, const struct bits *states)
{
	size_t	 i;

	for (i = 0; i < a->nwords; i++) {
		if ((states->words[i] & a->whole.last.words[i]) != 0)
			return (true);
	}
	return (false);
}

bool
automaton_match(const struct automaton *a, const char *value)
{
	struct bits	 states[2];
	const char	*p;
	size_t		 n, now = 0;

	if (*value == '\0')
		return (a->whole.may_be_empty);
	states[0] = a->whole.first;
	for (p = value;; p += n, now = !now) {
		/* A NUL ends what utf8_sequence() reads. */
		if ((n = utf8_sequence(p, 4)) == 0 ||
		    !keep_matching(a, &states[now], utf8_code(p, n)))
			return (false);
		if (p[n] == '\0')
			return (is_last(a, &states[now]));
		move_on(a, &states[now], &states[!now]);
	}
}
