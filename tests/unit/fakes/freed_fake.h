/* SPDX-License-Identifier: ISC */
/* Looks for a secret in all memory that is freed, in unit tests. */

#ifndef TESTS_FAKES_FREED_FAKE_H
#define TESTS_FAKES_FREED_FAKE_H

/*
 * From now on every block that is freed is searched, whoever frees it. Returns
 * how many blocks held the last secret. NULL ends it.
 */
unsigned	 freed_watch(const char *secret);

#endif
