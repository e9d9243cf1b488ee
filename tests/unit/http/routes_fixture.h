/* SPDX-License-Identifier: ISC */
/* What tests of the check of routes share: a kore.conf of a few lines. */

#ifndef TESTS_ROUTES_FIXTURE_H
#define TESTS_ROUTES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "http/routes.h"

/* Undoes routes_init() for the routes that are bound; Keel never does. */
static inline void
unbind(void)
{
	struct route	*r = (struct route *)(uintptr_t)routes_first(), *next;

	for (; r != NULL; r = next) {
		next = r->next;
		if (r->regex != NULL)	/* regex_t is its only memory */
			regfree((regex_t *)r->regex);
		free(r->regex);
		free((char *)(uintptr_t)r->allow);
		free((void *)(uintptr_t)r->shape);
		r->regex = NULL;
		r->shape = NULL;
		r->allow = NULL;
		r->hdlr = NULL;
	}
	fake_routes_clear();
	assert_null(routes_init(NULL));		/* none */
}

/* `params qs:get PATH { validate NAME VALIDATOR }`. */
struct validate {
	int		 method;
	const char	*name;
	const char	*regex;		/* of the validator v_NAME */
	bool		 of_body;	/* without qs: */
};

static inline void
fake_validates(struct kore_module_handle *h, const struct validate *v)
{
	char	 name[64];

	for (; v != NULL && v->name != NULL; v++) {
		snprintf(name, sizeof(name), "v_%s", v->name);
		fake_param(h, v->method, v->of_body ? 0 :
		    KORE_PARAMS_QUERY_STRING, v->name, fake_validator(name,
		    v->regex, NULL));
	}
}

static inline void
assert_line(const char *line, const char *expected)
{
	if (line == NULL && expected != NULL)
		fail_msg("starts, and should say: %s", expected);
	if (line != NULL && expected == NULL)
		fail_msg("does not start: %s", line);
	if (line != NULL)
		assert_string_equal(line, expected);
}

#endif
