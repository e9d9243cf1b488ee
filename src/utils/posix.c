/* SPDX-License-Identifier: ISC */
/*
 * Reads a POSIX extended regular expression into a tree, as glibc does, but
 * refuses what glibc reads in another way than it looks, and what costs it much
 * memory. So a pattern that passes means what it seems to mean.
 */

#include <stdlib.h>
#include <string.h>

#include "utils/posix.h"
#include "utils/start_error.h"
#include "utils/utf8.h"

#define DEPTH_MAX	20	/* groups in groups */
#define NUMBER_MAX	100000	/* larger ones are as bad */
#define SHOWN_MAX	200
#define NO_REPETITION	"a { that is no repetition: write \\{ for the character"

struct parser {
	const char		*pattern;
	const char		*p;
	struct posix_tree	*tree;
	unsigned		 depth;
	unsigned		 branches, open;	/* without ^ or $ */
	unsigned		 bars;			/* | in all */
	const char		*problem;
};

static unsigned	choice(struct parser *);

static void
fail(struct parser *ps, const char *problem)
{
	if (ps->problem == NULL)
		ps->problem = problem;
}

static unsigned
node_new(struct parser *ps, enum posix_op op)
{
	struct posix_node	*n = &ps->tree->nodes[ps->tree->count];

	n->op = op;
	return (ps->tree->count++);
}

static uint32_t
times(uint32_t a, uint32_t b)
{
	uint64_t	 product = (uint64_t)a * b;

	return (product < NUMBER_MAX ? (uint32_t)product : NUMBER_MAX);
}

/* What a repetition looks like: *, +?, {2,5}. */
static size_t
repetition_length(const char *p)
{
	size_t	 n;

	if (*p == '\0' || strchr("*+?{", *p) == NULL)
		return (0);
	n = *p == '{' ? strcspn(p, "}") : 0;
	return (p[n] == '\0' ? n : n + 1);
}

static uint32_t
number(const char **p)
{
	uint32_t	 n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		n = n < NUMBER_MAX ? n * 10 + (uint32_t)(**p - '0') : n;
	return (n);
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* Reads {2}, {2,} or {2,5}. */
static void
read_braces(struct parser *ps, struct posix_node *n)
{
	const char	*p = ps->p + 1;

	n->min = n->max = number(&p);
	if (*p == ',') {
		p++;
		n->max = is_digit(*p) ? number(&p) : POSIX_MANY;
	}
	if (ps->p[1] == ',' && n->max != POSIX_MANY) {
		fail(ps, start_error("{,%u} is not POSIX: write {0,%u}",
		    n->max, n->max));
		return;
	}
	if (!is_digit(ps->p[1]) || *p != '}') {
		fail(ps, NO_REPETITION);
		return;
	}
	if (n->min > n->max)
		fail(ps, start_error("{%u,%u} is upside down: write {%u,%u}",
		    n->min, n->max, n->max, n->min));
	ps->p = p + 1;
}

static void
read_repetition(struct parser *ps, struct posix_node *n)
{
	n->min = *ps->p == '+';
	n->max = *ps->p == '?' ? 1 : POSIX_MANY;
	if (*ps->p == '{')
		read_braces(ps, n);
	else
		ps->p++;
}

/* Two in a row: in other dialects, a*? and a*+ mean something. */
static void
refuse_second(struct parser *ps, const char *first)
{
	size_t	 n = repetition_length(ps->p);
	int	 len = (int)(ps->p - first);

	if (n == 0)
		return;
	if (*ps->p == '?' || *ps->p == '+')
		fail(ps, start_error("%.*s%c is not POSIX: write %.*s (all of "
		    "a value must match, whatever is taken first)", len, first,
		    *ps->p, len, first));
	else
		fail(ps, start_error("two repetitions in a row, %.*s%.*s: "
		    "write one", len, first, (int)n, ps->p));
}

/*
 * If a part can be empty in two ways, glibc takes all combinations: 26 s and
 * 700 MB to compile ^(a*){0,500}$, far more for (a?|b?)(a?|b?)...
 */
static void
check_repetition(struct parser *ps, const struct posix_node *of)
{
	if (of->may_be_empty)
		fail(ps, "a group that can be empty is repeated: let it have "
		    "at least one character, (a+)* or (a|b)*, not (a*)* or "
		    "(a?b?)*");
}

static unsigned
repeated(struct parser *ps, unsigned of)
{
	struct posix_node	*n, *child;
	const char		*first = ps->p;
	unsigned		 i;

	if (repetition_length(first) == 0)
		return (of);
	i = node_new(ps, POSIX_REPEAT);
	n = &ps->tree->nodes[i];
	child = &ps->tree->nodes[of];
	n->first = of;
	read_repetition(ps, n);
	if (ps->problem == NULL)
		refuse_second(ps, first);
	check_repetition(ps, child);
	n->may_be_empty = n->min == 0;
	if (n->max == POSIX_MANY)
		n->states = times(child->states, n->min > 0 ? n->min : 1);
	else
		n->states = times(child->states, n->max);
	return (i);
}

static unsigned
group(struct parser *ps)
{
	unsigned	 i;

	fail(ps, posix_group_problem(ps->p));
	if (++ps->depth > DEPTH_MAX)
		fail(ps, "too many groups in groups");
	ps->p++;
	if (*ps->p == ')')
		fail(ps, "an empty group, (): leave it out");
	i = ps->problem == NULL ? choice(ps) : 0;
	ps->depth--;
	if (*ps->p == ')')
		ps->p++;
	else
		fail(ps, "no ) ends a (: write \\( for the character");
	return (i);
}

static unsigned
character(struct parser *ps)
{
	struct posix_node	*n;
	unsigned		 i = node_new(ps, POSIX_CHAR);
	size_t			 len = 0;

	n = &ps->tree->nodes[i];
	n->text = ps->p;
	n->states = 1;
	if (*ps->p == '[')
		fail(ps, posix_bracket_problem(ps->p, &len));
	else if (*ps->p == '\\')
		fail(ps, posix_escape_problem(ps->p++));
	if (ps->problem != NULL)
		return (i);
	if (*n->text != '[')
		len = utf8_sequence(ps->p, 4);
	ps->p += len;
	return (i);
}

static void
refuse_anchor(struct parser *ps)
{
	if (ps->depth > 0)
		fail(ps, start_error("a %c in a group: write ^(...)$ around "
		    "the whole pattern, or \\%c for the character", *ps->p,
		    *ps->p));
	else
		fail(ps, start_error("a %c that is not at the %s: write \\%c "
		    "for the character", *ps->p, *ps->p == '^' ? "beginning" :
		    "end", *ps->p));
}

static unsigned
piece(struct parser *ps)
{
	switch (*ps->p) {
	case '*':
	case '+':
	case '?':
		fail(ps, start_error("nothing to repeat before %c: write \\%c "
		    "for the character", *ps->p, *ps->p));
		return (0);
	case '{':
		fail(ps, NO_REPETITION);
		return (0);
	case '^':
	case '$':
		refuse_anchor(ps);
		return (0);
	case ')':
		fail(ps, "a ) without a (: write \\) for the character");
		return (0);
	case '(':
		return (repeated(ps, group(ps)));
	default:
		return (repeated(ps, character(ps)));
	}
}

/* The $ that ends an alternative outside of groups. */
static bool
at_end_anchor(const struct parser *ps)
{
	return (ps->depth == 0 && *ps->p == '$' &&
	    (ps->p[1] == '\0' || ps->p[1] == '|'));
}

static bool
at_branch_end(const struct parser *ps)
{
	return (*ps->p == '\0' || *ps->p == '|' || at_end_anchor(ps) ||
	    (*ps->p == ')' && ps->depth > 0));
}

static void
add_part(struct posix_node *parent, struct posix_node *nodes, unsigned *last,
    unsigned part)
{
	if (*last == 0)
		parent->first = part;
	else
		nodes[*last].next = part;
	*last = part;
}

static void
pieces(struct parser *ps, unsigned i)
{
	struct posix_node	*nodes = ps->tree->nodes, *n = &nodes[i];
	unsigned		 part, last = 0;

	n->may_be_empty = true;
	while (!at_branch_end(ps) && ps->problem == NULL) {
		if ((part = piece(ps)) == 0)
			return;
		add_part(n, nodes, &last, part);
		n->states += nodes[part].states;
		n->may_be_empty &= nodes[part].may_be_empty;
	}
}

/* One alternative; outside of groups it must begin with ^ and end with $. */
static unsigned
branch(struct parser *ps)
{
	unsigned	 i = node_new(ps, POSIX_SEQUENCE);
	bool		 anchored = ps->depth == 0 && *ps->p == '^';

	if (anchored)
		ps->p++;
	pieces(ps, i);
	if (ps->tree->nodes[i].first == 0 && !anchored)
		fail(ps, "an empty alternative: write (...)? for what may be "
		    "absent");
	if (ps->depth > 0 || ps->problem != NULL)
		return (i);
	ps->branches++;
	if (at_end_anchor(ps))
		ps->p++;
	else
		anchored = false;
	ps->open += !anchored;
	return (i);
}

static unsigned
choice(struct parser *ps)
{
	struct posix_node	*nodes = ps->tree->nodes, *n;
	unsigned		 i = node_new(ps, POSIX_CHOICE), part, last = 0;

	n = &nodes[i];
	for (;;) {
		part = branch(ps);
		add_part(n, nodes, &last, part);
		n->states += nodes[part].states;
		if (n->may_be_empty && nodes[part].may_be_empty)
			fail(ps, "two alternatives can be empty: let only one "
			    "be, (a+|b+)? instead of (a*|b*)");
		n->may_be_empty |= nodes[part].may_be_empty;
		if (*ps->p != '|' || ps->problem != NULL)
			return (i);
		ps->p++;
		ps->bars++;
	}
}

static const char *
anchor_problem(const struct parser *ps)
{
	const char	*p = ps->pattern;
	size_t		 len = strlen(p);

	if (ps->open == 0)
		return (NULL);
	if (ps->branches > 1)
		return ("not every alternative begins with ^ and ends with $, "
		    "so values that only contain one would match: write "
		    "^(...|...)$");
	if (len > SHOWN_MAX)
		return ("it does not begin with ^ and end with $, so a value "
		    "that only contains a match would match, too");
	return (start_error("a value that only contains a match would match, "
	    "too: write %s%s%s", *p == '^' ? "" : "^", p,
	    len > 0 && p[len - 1] == '$' ? "" : "$"));
}

bool
posix_is_words(const char *pattern)
{
	size_t	 len = strlen(pattern);

	return (len >= 6 && strncmp(pattern, "^(", 2) == 0 &&
	    strcspn(pattern + 2, "\\.[]{}()*+?^$") == len - 4 &&
	    strcmp(pattern + len - 2, ")$") == 0);
}

/* Each alternative costs as much as a character that may be absent. */
static const char *
size_problem(const struct parser *ps)
{
	uint32_t	 states = ps->tree->nodes[ps->tree->root].states;

	if (ps->bars >= POSIX_STATES_MAX)
		return (start_error("it has %u alternatives, and %d is the "
		    "most: write a validator function", ps->bars + 1,
		    POSIX_STATES_MAX));
	if (states > POSIX_STATES_MAX && !posix_is_words(ps->pattern))
		return (start_error("it stands for %u characters%s, and %d is "
		    "the most: repeat less often, or write a validator "
		    "function", states, states < NUMBER_MAX ? "" : " or more",
		    POSIX_STATES_MAX));
	return (NULL);
}

static const char *
read_tree(struct parser *ps)
{
	const char	*problem;

	ps->tree->count = 1;		/* 0 ends a list */
	ps->tree->root = choice(ps);
	if (ps->problem != NULL)
		return (ps->problem);
	if ((problem = size_problem(ps)) != NULL)
		return (problem);
	return (anchor_problem(ps));
}

const char *
posix_parse(const char *pattern, struct posix_tree *tree)
{
	struct parser	 ps = { .pattern = pattern, .p = pattern,
			    .tree = tree };
	size_t		 len = strlen(pattern);
	const char	*problem;

	memset(tree, 0, sizeof(*tree));
	if (!utf8_valid(pattern, len))
		return ("the pattern is not UTF-8");
	tree->nodes = calloc(3 * len + 4, sizeof(*tree->nodes));
	if (tree->nodes == NULL)
		return ("out of memory");
	if ((problem = read_tree(&ps)) != NULL) {
		free(tree->nodes);
		memset(tree, 0, sizeof(*tree));
	}
	return (problem);
}

const char *
posix_problem(const char *pattern)
{
	struct posix_tree	 tree;
	const char		*problem = posix_parse(pattern, &tree);

	free(tree.nodes);
	return (problem);
}
