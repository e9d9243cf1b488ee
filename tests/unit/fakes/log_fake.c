/* SPDX-License-Identifier: ISC */
/* Reads what is logged, in unit tests. */

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fakes/log_fake.h"

static int	output = -1, file = -1;
static char	text[65536];

void
log_capture_begin(void)
{
	fflush(stdout);
	assert_int_not_equal(output = dup(STDOUT_FILENO), -1);
	assert_int_not_equal(file = memfd_create("log", 0), -1);
	assert_int_not_equal(dup2(file, STDOUT_FILENO), -1);
}

const char *
log_capture_end(void)
{
	ssize_t	 n;

	n = pread(file, text, sizeof(text) - 1, 0);
	dup2(output, STDOUT_FILENO);
	close(output);
	close(file);
	assert_true(n >= 0);
	text[n] = '\0';
	return (text);
}

static char
type_of(const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_STRING:
		return ('s');
	case JSON_INTEGER:
		return ('i');
	case JSON_TRUE:
	case JSON_FALSE:
		return ('b');
	case JSON_NULL:
		return ('n');
	default:
		return ('?');
	}
}

json_t *
log_capture_event(const char *members)
{
	const char	*line = log_capture_end(), *key;
	char		 found[512];
	size_t		 len = strlen(line), at = 0;
	json_t		*event, *value;

	assert_true(len > 0);
	/* One line, and nothing after it. */
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	assert_non_null(event = json_loads(line, JSON_REJECT_DUPLICATES,
	    NULL));
	json_object_foreach(event, key, value)
		at += (size_t)snprintf(found + at, sizeof(found) - at,
		    "%s%s:%c", at > 0 ? " " : "", key, type_of(value));
	assert_string_equal(found, members);
	return (event);
}
