/* SPDX-License-Identifier: ISC */
/* Validators: the rules for values that kore.conf declares. */

#ifndef SCHEMA_VALIDATOR_H
#define SCHEMA_VALIDATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/export.h"

struct ctx;
struct http_request;
struct kore_validator;
struct rule;
struct text;

/*
 * Defines a validator that kore.conf declares as `validator NAME function
 * NAME`. It returns VALID or INVALID, and calls validator_reject() once per
 * broken rule.
 */
#define VALIDATOR(name)							\
	EXPORT int name(struct http_request *, const char *);		\
	int								\
	name(struct http_request *req __attribute__((unused)),		\
	    const char *value)

/*
 * What the OpenAPI description says about such a validator:
 *
 *	VALIDATOR_FACTS(v_email, .format = "idn-email", .max = 254);
 */
struct validator_facts {
	const char	*format;	/* JSON Schema's, or NULL */
	const char	*pattern;	/* the same; what it cannot say is
					   in doc */
	unsigned	 min, max;	/* characters; 0: no limit */
	const char	*doc;
};

#define VALIDATOR_FACTS(name, ...)					\
	EXPORT extern const struct validator_facts name##__facts;	\
	const struct validator_facts name##__facts = { __VA_ARGS__ }

#define INVALID	0	/* KORE_RESULT_ERROR */
#define VALID	1	/* KORE_RESULT_OK */

/* Adds a reason. code is a constant, as for error_detail(). */
void	validator_reject(const char *code, const char *message, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * The rule of kore.conf's validator with that name, compiled for code points.
 * Rules are made once, in the parent. NULL when kore.conf has none, or its
 * pattern is not valid.
 */
const struct rule	*rule_find(const char *name);
const struct rule	*rule_of(const struct kore_validator *);

/*
 * What is wrong with the text after `validator NAME regex`, and what to write
 * instead, as start_error() does; or NULL. The text is length:m..n or
 * line:m..n, in characters, number:m..n, or a regex as posix_problem() demands
 * it. It must be known before Kore compiles the text, which could take
 * gigabytes.
 */
const char	*rule_problem(const char *pattern);

/*
 * Checks a value. Adds each problem with error_detail() under `field`
 * (body.email). Returns whether the value is valid.
 */
bool	rule_check(struct ctx *, const struct rule *, const char *field,
	    const char *value);

/* The same without a request: returns the first reason, or NULL if valid. */
const char	*rule_reason(const struct rule *, const char *value);

/* The same, but adds all reasons to the text, a line each. */
void	rule_reasons(const struct rule *, const char *value, struct text *);

/*
 * The value that code sees for a valid one: "true" or "false" for any spelling
 * of a RULE_BOOLEAN, a RULE_LINE without the blanks at its ends and in NFC,
 * otherwise the value itself. It is in the ctx's memory.
 */
const char	*rule_value(struct ctx *, const struct rule *,
		    const char *value);

/* What a rule requires, as far as it can be described. */
enum rule_kind {
	RULE_LENGTH, RULE_LINE, RULE_CHOICE, RULE_BOOLEAN, RULE_NUMBER,
	RULE_REGEX, RULE_FUNCTION
};

struct rule_facts {
	enum rule_kind			 kind;
	const char			*pattern;	/* NULL: a function, or
							 * number:m..n */
	unsigned			 min, max;	/* RULE_LENGTH, _LINE;
						 * RULE_REGEX: 0 or max */
	int64_t				 lowest, highest; /* RULE_NUMBER */
	const struct validator_facts	*function;	/* NULL: none */
};

void	rule_describe(const struct rule *, struct rule_facts *);

/* Calls keep() with every validator in use, for a search for memory leaks. */
void	rules_keep(void (*keep)(const void *, size_t));

#endif
