/* SPDX-License-Identifier: ISC */
/*
 * Applies kore.conf's validators to code points. For length:m..n, line:m..n and
 * ^.{m,n}$ characters are counted, for number:m..n numbers and for ^(a|b|c)$
 * words are compared, and an automaton matches all other regexes. For a regex
 * that matches numbers, trying finds the range, for the error message.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <inttypes.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/ctx.h"
#include "schema/validator.h"
#include "utils/automaton.h"
#include "utils/length_form.h"
#include "utils/line.h"
#include "utils/number_range.h"
#include "utils/posix.h"
#include "utils/start_error.h"
#include "utils/text.h"
#include "utils/utf8.h"

#define REASONS_MAX	4

/*
 * A regex with more states and without an end, such as ^([a-z]{1,100} )*$, may
 * take microseconds for a character: it matches only so many of them.
 */
#define STATES_ENDLESS	16
#define ENDLESS_MAX	1024

#define NOTHING		"x^"	/* matches no value */

/* What a RULE_BOOLEAN may allow. */
#define TRUE_WORDS	"^(true|True|1)$"
#define FALSE_WORDS	"^(false|False|0)$"

struct rule {
	const struct kore_validator	*validator;
	enum rule_kind			 kind;
	unsigned			 min, max;
	char				*choices;	/* to show: "a, b" */
	int64_t				 lowest, highest;	/* to show */
	struct automaton		*automaton;
	struct rule			*next;
};

struct reason {
	const char	*code;
	char		 message[128];
};

static struct rule	*rules;

/* Why the last value was refused; validators run on the loop's thread only. */
static struct reason	 reasons[REASONS_MAX];
static unsigned		 nreasons;

void
validator_reject(const char *code, const char *fmt, ...)
{
	struct reason	*r;
	va_list		 ap;

	if (nreasons == REASONS_MAX)
		return;
	r = &reasons[nreasons++];
	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
}

/* ^(user|staff|admin)$ -> "user, staff, admin"; NULL for other patterns. */
static char *
parse_choices(const char *pattern)
{
	size_t		 len = strlen(pattern), i, n;
	char		*out;

	if (!posix_is_words(pattern))
		return (NULL);
	if ((out = calloc(2, len)) == NULL)
		return (NULL);
	for (n = 0, i = 2; i < len - 2; i++) {
		out[n++] = pattern[i] == '|' ? ',' : pattern[i];
		if (pattern[i] == '|')
			out[n++] = ' ';
	}
	return (out);
}

/* Compares len bytes with the alternatives in ^(user|staff|admin)$. */
static bool
choice_match(const char *pattern, const char *value, size_t len)
{
	const char	*p;
	size_t		 n;

	for (p = pattern + 2; *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		if (n == len && memcmp(p, value, n) == 0)
			return (true);
	}
	return (false);
}

/* Are the alternatives "true", "false" and other words for them? */
static bool
is_boolean(const char *pattern)
{
	const char	*p;
	size_t		 n;

	for (p = pattern + 2; *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		if (!choice_match(TRUE_WORDS, p, n) &&
		    !choice_match(FALSE_WORDS, p, n))
			return (false);
	}
	return (choice_match(pattern, "true", 4) &&
	    choice_match(pattern, "false", 5));
}

const char *
rule_problem(const char *pattern)
{
	const char	*problem;
	unsigned	 min, max;
	int64_t		 lowest, highest;
	bool		 is_line;

	if (strncmp(pattern, NUMBER_FORM, strlen(NUMBER_FORM)) == 0)
		return (number_form(pattern, &lowest, &highest) ? NULL :
		    start_error("%s is not a range: write number:-10..1000, "
		    "the lowest and the highest number", pattern));
	if ((problem = length_form_problem(pattern)) != NULL)
		return (problem);
	if (length_form(pattern, &is_line, &min, &max))
		return (NULL);
	return (posix_problem(pattern));
}

static bool
compile_regex(struct rule *r, const char *pattern)
{
	r->automaton = automaton_new(pattern);
	if (r->automaton == NULL)
		return (false);
	r->kind = RULE_REGEX;
	if (number_range(r->automaton, pattern, &r->lowest, &r->highest))
		r->kind = RULE_NUMBER;
	else if (automaton_is_endless(r->automaton) &&
	    automaton_states(r->automaton) > STATES_ENDLESS)
		r->max = ENDLESS_MAX;
	return (true);
}

static bool
rule_compile(struct rule *r, const char *pattern)
{
	bool	 is_line;

	if (rule_problem(pattern) != NULL)
		return (false);
	if (length_form(pattern, &is_line, &r->min, &r->max)) {
		r->kind = is_line ? RULE_LINE : RULE_LENGTH;
		return (true);
	}
	r->min = r->max = 0;
	if (number_form(pattern, &r->lowest, &r->highest)) {
		r->kind = RULE_NUMBER;
		return (true);
	}
	if ((r->choices = parse_choices(pattern)) != NULL) {
		r->kind = is_boolean(pattern) ? RULE_BOOLEAN : RULE_CHOICE;
		return (true);
	}
	return (compile_regex(r, pattern));
}

/*
 * Kore has compiled the pattern, too, but we never use its copy, and for
 * ^.{0,1000}$ glibc takes 16 MB. Replaces it by a pattern that matches nothing
 * (no line begins after a character): Kore's own check would refuse all.
 */
static bool
drop_kores_copy(const struct kore_validator *v)
{
	regex_t	*copy = (regex_t *)(uintptr_t)&v->rctx;

	regfree(copy);
	return (regcomp(copy, NOTHING, REG_EXTENDED | REG_NOSUB) == 0);
}

const struct rule *
rule_of(const struct kore_validator *v)
{
	struct rule	*r;

	for (r = rules; r != NULL; r = r->next) {
		if (r->validator == v)
			return (r);
	}

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->validator = v;
	if (v->type == KORE_VALIDATOR_TYPE_FUNCTION) {
		r->kind = RULE_FUNCTION;
	} else if (!rule_compile(r, v->arg) || !drop_kores_copy(v)) {
		free(r);
		return (NULL);
	}
	r->next = rules;
	rules = r;
	return (r);
}

const struct rule *
rule_find(const char *name)
{
	struct kore_validator	*v;

	if ((v = kore_validator_lookup(name)) == NULL)
		return (NULL);
	return (rule_of(v));
}

static void
too_long(unsigned max)
{
	validator_reject("too_long", "Must have at most %u characters", max);
}

static bool
length_run(const struct rule *r, size_t len)
{
	if (len < r->min)
		validator_reject("too_short", "Must have at least %u "
		    "character%s", r->min, r->min == 1 ? "" : "s");
	else if (len > r->max)
		too_long(r->max);
	return (len >= r->min && len <= r->max);
}

/* Both as it was sent, which is described, and as it is stored. */
static void
line_run(const struct rule *r, const char *value)
{
	static const char *const	 names[] = {
		[LINE_BREAK] = "a line break",
		[LINE_CONTROL] = "a control character",
		[LINE_DIRECTION] = "which turns the direction of text"
	};
	enum line_fault			 fault;
	uint32_t			 code = 0;
	size_t				 len;

	if (!length_run(r, utf8_length(value)))
		return;
	fault = line_check(value, &code, &len);
	if (fault == LINE_UNSEEN && (len > 0 || r->min > 0))
		validator_reject("invisible",
		    "Must have a character that can be seen");
	else if (fault == LINE_FINE || fault == LINE_UNSEEN)
		length_run(r, len);
	else
		validator_reject("invalid_character", "Must not have U+%04"
		    PRIX32 ", %s", code, names[fault]);
}

/* A number that is not in its range, or something else. */
static void
number_run(const struct rule *r, const char *value)
{
	const char	*end = value;
	bool		 is_number;
	int64_t		 n = 0;

	if (r->automaton == NULL) {
		is_number = number_read(&end, &n) && *end == '\0';
		if (is_number && n >= r->lowest && n <= r->highest)
			return;
	} else {
		is_number = *value != '\0' &&
		    strspn(value, "0123456789") == strlen(value);
		if (automaton_match(r->automaton, value))
			return;
	}
	validator_reject(is_number ? "out_of_range" : "invalid_format",
	    "Must be a number from %" PRId64 " to %" PRId64, r->lowest,
	    r->highest);
}

/* Fills reasons[]; leaves it empty when the value is valid. */
static void
rule_run(const struct rule *r, const char *value)
{
	nreasons = 0;
	switch (r->kind) {
	case RULE_LENGTH:
		length_run(r, utf8_length(value));
		break;
	case RULE_LINE:
		line_run(r, value);
		break;
	case RULE_CHOICE:
	case RULE_BOOLEAN:
		if (!choice_match(r->validator->arg, value, strlen(value)))
			validator_reject("not_allowed",
			    "Must be one of: %s", r->choices);
		break;
	case RULE_NUMBER:
		number_run(r, value);
		break;
	case RULE_REGEX:
		if (r->max > 0 && utf8_length(value) > r->max)
			too_long(r->max);
		else if (!automaton_match(r->automaton, value))
			validator_reject("invalid_format",
			    "Must match %s", r->validator->arg);
		break;
	case RULE_FUNCTION:
		if (kore_runtime_validator(r->validator->rcall, NULL,
		    value) != KORE_RESULT_OK && nreasons == 0)
			validator_reject("invalid_format", "Is not valid");
		break;
	}
}

bool
rule_check(struct ctx *c, const struct rule *r, const char *field,
    const char *value)
{
	unsigned	 i, n;

	rule_run(r, value);
	n = nreasons;
	for (i = 0; i < n; i++)
		error_detail(c, field, reasons[i].code, "%s",
		    reasons[i].message);
	return (n == 0);
}

const char *
rule_value(struct ctx *c, const struct rule *r, const char *value)
{
	char	*line;

	if (r->kind == RULE_LINE) {
		line = ctx_alloc(c, LINE_SIZE(value));
		if (!line_normal(value, line))
			raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
		return (line);
	}
	if (r->kind != RULE_BOOLEAN)
		return (value);
	return (choice_match(TRUE_WORDS, value, strlen(value)) ? "true" :
	    "false");
}

void
rule_describe(const struct rule *r, struct rule_facts *out)
{
	char	 symbol[128];

	memset(out, 0, sizeof(*out));
	out->kind = r->kind;
	out->min = r->min;
	out->max = r->max;
	out->lowest = r->lowest;
	out->highest = r->highest;
	if (r->kind != RULE_FUNCTION) {
		if (r->kind != RULE_NUMBER || r->automaton != NULL)
			out->pattern = r->validator->arg;
		return;
	}
	snprintf(symbol, sizeof(symbol), "%s__facts", r->validator->arg);
	out->function = kore_module_getsym(symbol, NULL);
}

void
rules_keep(void (*keep)(const void *, size_t))
{
	const struct rule	*r;

	for (r = rules; r != NULL; r = r->next)
		keep(r->validator, sizeof(*r->validator));
}

const char *
rule_reason(const struct rule *r, const char *value)
{
	rule_run(r, value);
	return (nreasons > 0 ? reasons[0].message : NULL);
}

void
rule_reasons(const struct rule *r, const char *value, struct text *t)
{
	unsigned	 i;

	rule_run(r, value);
	for (i = 0; i < nreasons; i++)
		text_printf(t, "%s%s", i > 0 ? "\n" : "", reasons[i].message);
}
