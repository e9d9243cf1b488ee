/* SPDX-License-Identifier: ISC */
/* Every password that a schema reads is wiped when its request ends. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "base/register.h"
#include "schema/schema.h"

REGISTERED(struct schema, schemas);

static void
test_passwords_are_secrets(void **state)
{
	struct schema		*const *s;
	const struct field	*f;
	size_t			 found = 0;

	(void)state;
	EACH_REGISTERED(s, schemas) {
		for (f = (*s)->fields; f < (*s)->fields + (*s)->nfields; f++) {
			if (strstr(f->name, "password") == NULL)
				continue;
			if (!(f->flags & SECRET))
				fail_msg("%s.%s", (*s)->name, f->name);
			found++;
		}
	}
	assert_int_equal(found, 7);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_passwords_are_secrets),
	};

	return (cmocka_run_group_tests_name("secrets", tests, NULL, NULL));
}
