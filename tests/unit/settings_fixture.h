/* SPDX-License-Identifier: ISC */
/* Loads the settings, and prints them as check-config does. */

#ifndef TESTS_SETTINGS_FIXTURE_H
#define TESTS_SETTINGS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#include "config.h"

/* A process loads the settings once; this forgets what was loaded before. */
static inline const char *
load(void)
{
	const char	*problem;

	__lsan_disable();
	problem = config_load();
	__lsan_enable();
	return (problem);
}

/* The output of check-config. */
static inline const char *
printed(void)
{
	static char	 text[16384];
	FILE		*file = tmpfile();
	int		 before = dup(STDOUT_FILENO);
	size_t		 len;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	config_print();
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return (text);
}

#endif
