/* SPDX-License-Identifier: ISC */
/*
 * Applies kore.conf's validators to code points. A regex runs in a UTF-8 locale
 * of its own, so that a dot matches a character. Two common shapes never reach
 * the regex engine, which takes milliseconds to refuse some inputs: for
 * ^.{m,n}$ characters are counted, for ^(a|b|c)$ words are compared. For a
 * regex that matches numbers, trying finds the range, for the error message.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <inttypes.h>
#include <locale.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/ctx.h"
#include "schema/validator.h"
#include "utils/text.h"
#include "utils/utf8.h"

#define REASONS_MAX	4
#define REGEX_INPUT_MAX	1024	/* bytes; regexec() can be slow */

#define NUMBERS_TRIED	1000
#define DIGITS_TRIED	18

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
	regex_t				 regex;
	struct rule			*next;
};

struct reason {
	const char	*code;
	char		 message[128];
};

static struct rule	*rules;
static locale_t		 utf8;

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

	if (len < 6 || strncmp(pattern, "^(", 2) != 0 ||
	    strcmp(pattern + len - 2, ")$") != 0)
		return (NULL);
	for (i = 2; i < len - 2; i++) {
		if (strchr("\\.[]{}()*+?^$", pattern[i]) != NULL)
			return (NULL);
	}

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

static bool
accepts(const struct rule *r, int64_t n)
{
	char	 text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	return (regexec(&r->regex, text, 0, NULL, 0) == 0);
}

/* The range's end when it is above NUMBERS_TRIED: 9999 and the like; or -1. */
static int64_t
highest_nines(const struct rule *r)
{
	int64_t	 power = NUMBERS_TRIED;
	int	 digits;

	for (digits = 3; digits < DIGITS_TRIED; digits++, power *= 10) {
		if (!accepts(r, power))
			return (power - 1);
		if (!accepts(r, power * 10 - 1))
			return (-1);
	}
	return (-1);
}

/* `,` only in braces and `-` only in brackets: 1,2 is not a number. */
static bool
matches_digits_only(const char *pattern)
{
	const char	*p;
	char		 in = '\0';

	for (p = pattern; *p != '\0'; p++) {
		if (strchr("[{", *p) != NULL)
			in = *p;
		else if (strchr("]}", *p) != NULL)
			in = '\0';
		else if ((*p == ',' && in != '{') || (*p == '-' && in != '['))
			return (false);
	}
	return (strspn(pattern, "0123456789^$()[]{}|?-,") == strlen(pattern));
}

/*
 * Returns whether the regex matches exactly the whole numbers from lowest to
 * highest, as far as trying can show: ^([1-9][0-9]?|100)$ or
 * ^(0|[1-9][0-9]{0,8})$.
 */
static bool
find_range(struct rule *r, const char *pattern)
{
	int64_t	 n;

	if (!matches_digits_only(pattern))
		return (false);
	for (n = 1 - NUMBERS_TRIED; n < 0; n++) {
		if (accepts(r, n))
			return (false);
	}
	for (n = 0; n < NUMBERS_TRIED && !accepts(r, n); n++)
		;
	r->lowest = n;
	for (; n < NUMBERS_TRIED && accepts(r, n); n++)
		;
	r->highest = n < NUMBERS_TRIED ? n - 1 : highest_nines(r);
	for (; n < NUMBERS_TRIED; n++) {
		if (accepts(r, n))
			return (false);
	}
	for (n = NUMBERS_TRIED; n / 10 < INT64_MAX / 100; n *= 10) {
		if ((accepts(r, n) || accepts(r, n * 5)) != (n < r->highest))
			return (false);
	}
	return (r->lowest < NUMBERS_TRIED && r->highest > r->lowest);
}

static bool
rule_compile(struct rule *r, const char *pattern)
{
	locale_t	 before;
	char		 tail[4];
	int		 failed;

	if (!utf8_valid(pattern, strlen(pattern)))
		return (false);
	if (sscanf(pattern, "^.{%u,%u%3s", &r->min, &r->max, tail) == 3 &&
	    strcmp(tail, "}$") == 0) {
		r->kind = RULE_LENGTH;
		return (true);
	}
	if ((r->choices = parse_choices(pattern)) != NULL) {
		r->kind = is_boolean(pattern) ? RULE_BOOLEAN : RULE_CHOICE;
		return (true);
	}

	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (utf8 == (locale_t)0)
		return (false);
	r->kind = RULE_REGEX;
	before = uselocale(utf8);
	failed = regcomp(&r->regex, pattern, REG_EXTENDED | REG_NOSUB);
	uselocale(before);
	if (failed == 0 && find_range(r, pattern))
		r->kind = RULE_NUMBER;
	return (failed == 0);
}

/*
 * Kore has compiled the pattern, too, but we never use its copy, and for
 * ^.{0,2000}$ glibc takes 63 MB. Replaces it by a pattern that matches nothing
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

static bool
regex_match(const struct rule *r, const char *value)
{
	locale_t	 before;
	bool		 match;

	if (strlen(value) > REGEX_INPUT_MAX)
		return (false);
	before = uselocale(utf8);
	match = regexec(&r->regex, value, 0, NULL, 0) == 0;
	uselocale(before);
	return (match);
}

/* Fills reasons[]; leaves it empty when the value is valid. */
static void
rule_run(const struct rule *r, const char *value)
{
	size_t	 len;

	nreasons = 0;
	switch (r->kind) {
	case RULE_LENGTH:
		len = utf8_length(value);
		if (len < r->min)
			validator_reject("too_short",
			    "Must have at least %u character%s", r->min,
			    r->min == 1 ? "" : "s");
		else if (len > r->max)
			validator_reject("too_long",
			    "Must have at most %u characters", r->max);
		break;
	case RULE_CHOICE:
	case RULE_BOOLEAN:
		if (!choice_match(r->validator->arg, value, strlen(value)))
			validator_reject("not_allowed",
			    "Must be one of: %s", r->choices);
		break;
	case RULE_NUMBER:
		if (!regex_match(r, value))
			validator_reject(strspn(value, "0123456789") ==
			    strlen(value) && *value != '\0' ? "out_of_range" :
			    "invalid_format", "Must be a number from %" PRId64
			    " to %" PRId64, r->lowest, r->highest);
		break;
	case RULE_REGEX:
		if (!regex_match(r, value))
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
rule_value(const struct rule *r, const char *value)
{
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
