/* SPDX-License-Identifier: ISC */
/* Every password that a schema reads is wiped when its request ends. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "base/register.h"
#include "http/routes.h"
#include "schema/schema.h"

REGISTERED(struct schema, schemas);

static size_t	passwords;

static void
check_body(const struct route *route, const struct endpoint *e)
{
	const struct member	*f;

	(void)route;
	if (e->in == NULL)
		return;
	for (f = e->in->members; f < e->in->members + e->in->nmembers; f++) {
		if (strstr(f->name, "password") == NULL)
			continue;
		if (!(f->flags & SECRET))
			fail_msg("%s.%s is not SECRET", e->in->name, f->name);
		passwords++;
	}
}

static void
test_passwords_are_secrets(void **state)
{
	(void)state;
	routes_walk(check_body);
	assert_true(passwords >= 8);	/* Keel's own; a project has more */
}

/* A refresh token is as good as a password. */
static void
test_tokens_that_are_sent_are_secrets(void **state)
{
	static const struct {
		const char	*schema, *name;
	} tokens[] = {
		{ "token_request", "refresh_token" }, { "revocation", "token" },
	};
	struct schema		*const *s;
	const struct member	*f;
	size_t			 i, found = 0;

	(void)state;
	EACH_REGISTERED(s, schemas) {
		for (i = 0; i < 2 * (*s)->nmembers; i++) {
			f = &(*s)->members[i / 2];
			if (strcmp((*s)->name, tokens[i % 2].schema) != 0 ||
			    strcmp(f->name, tokens[i % 2].name) != 0)
				continue;
			assert_true(f->flags & SECRET);
			found++;
		}
	}
	assert_int_equal(found, 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_passwords_are_secrets),
		CLIENT_TEST(test_tokens_that_are_sent_are_secrets),
	};

	return (cmocka_run_group_tests_name("secrets", tests, client_start,
	    NULL));
}
