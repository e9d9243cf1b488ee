/* SPDX-License-Identifier: ISC */
/* What the tests of mail share: a mail, and a message made from it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/compose.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define JOB_ID		"0190a0b1-c2d3-74e5-86f7-a8b9cadbecfd"
/* 2026-11-24 21:57:43 */
#define DATE		INT64_C(1795557463123456)

static inline struct mail
mail_of(const char *text, const char *html)
{
	static const char *const	 names[] = { "name", "url" };
	struct mail			 m = {
		.name = "t", .text = text, .html = html, .values = names,
		.nvalues = 2, .locale = "en",
	};

	return (m);
}

/* A text's data as a string, which the caller frees. */
static inline char *
string_of(const struct text *t)
{
	assert_false(t->cut);
	return (strndup(t->len > 0 ? t->data : "", t->len));
}
