/* SPDX-License-Identifier: ISC */
/* Lines of the log: levels, members, and texts that could break a line. */

/* sources: src/base/log_write.c */
/* sources: src/base/log.c src/base/jsonw.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c tests/unit/fakes/log_fake.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fakes/log_fake.h"

static const char	*levels[] = { "debug", "info", "warning", "error" };

static const char *
text_of(const json_t *event, const char *name)
{
	return (json_string_value(json_object_get(event, name)));
}

/* Before the settings are read: what a failing start has to say. */
static void
test_before_the_settings_are_read(void **state)
{
	(void)state;
	log_capture_begin();
	log_event(LEVEL_DEBUG, NULL, "test", "x");
	log_event(LEVEL_INFO, NULL, "test", "x");
	json_decref(log_capture_event("time:s level:s event:s message:s"));
}

static void
test_every_level_at_every_border(void **state)
{
	enum log_level	 lowest, level;
	json_t		*event;

	(void)state;
	for (lowest = LEVEL_DEBUG; lowest <= LEVEL_ERROR; lowest++) {
		log_init(lowest, FORMAT_AUTO);
		for (level = LEVEL_DEBUG; level <= LEVEL_ERROR; level++) {
			log_capture_begin();
			log_event(level, "an-id", "test", "%d of %s", 1, "2");
			if (level < lowest) {
				assert_string_equal(log_capture_end(), "");
				continue;
			}
			event = log_capture_event("time:s level:s event:s "
			    "request_id:s message:s");
			assert_string_equal(text_of(event, "level"),
			    levels[level]);
			assert_string_equal(text_of(event, "event"), "test");
			assert_string_equal(text_of(event, "request_id"),
			    "an-id");
			assert_string_equal(text_of(event, "message"),
			    "1 of 2");
			json_decref(event);
		}
	}
}

static void
test_without_a_request(void **state)
{
	(void)state;
	log_init(LEVEL_INFO, FORMAT_JSON);
	log_capture_begin();
	log_event(LEVEL_INFO, NULL, "test", "x");
	json_decref(log_capture_event("time:s level:s event:s message:s"));
}

/* No text makes a line of its own, or hides one from a terminal. */
static void
test_control_characters_are_escaped(void **state)
{
	char		 text[] = "a?b", c;
	const char	*line;
	unsigned	 value;
	json_t		*event;

	(void)state;
	for (value = 1; value < 256; value++) {
		c = text[1] = (char)value;
		log_capture_begin();
		log_event(LEVEL_ERROR, text, text, "%s", text);
		line = log_capture_end();
		assert_ptr_equal(strchr(line, '\n'),
		    line + strlen(line) - 1);
		if (value < 32 || value >= 127)
			assert_ptr_equal(strchr(line, c),
			    value == '\n' ? line + strlen(line) - 1 : NULL);
		assert_non_null(event = json_loads(line, 0, NULL));
		assert_string_equal(text_of(event, "message"),
		    value < 128 ? text : "a\xef\xbf\xbd" "b");
		json_decref(event);
	}
}

static void
test_a_message_is_cut(void **state)
{
	char	 text[2000];
	json_t	*event;
	size_t	 len;

	(void)state;
	for (len = 1022; len <= 1999; len += len < 1025 ? 1 : 974) {
		memset(text, 'x', len);
		text[len] = '\0';
		log_capture_begin();
		log_event(LEVEL_ERROR, NULL, "test", "%s", text);
		event = log_capture_event("time:s level:s event:s message:s");
		assert_int_equal(strlen(text_of(event, "message")),
		    len < 1023 ? len : 1023);
		json_decref(event);
	}
}

/* A line that does not fit is not written: half of it would be no JSON. */
static void
test_a_line_is_whole_or_not_there(void **state)
{
	static char	 text[16384];
	struct jsonw	*j;
	size_t		 len, written = 0;
	const char	*line;
	json_t		*event;

	(void)state;
	for (len = 16200; len < 16384; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		log_capture_begin();
		assert_non_null(j = log_begin(LEVEL_ERROR, NULL, "test"));
		jsonw_string(j, "long", text);
		log_end(j);
		line = log_capture_end();
		if (*line == '\0')
			continue;
		event = json_loads(line, 0, NULL);
		assert_string_equal(text_of(event, "long"), text);
		json_decref(event);
		written++;
	}
	assert_true(written > 50 && written < 184);
}

/* The captured output is no terminal. */
static void
test_formats(void **state)
{
	static const char	 json[] = "\"message\":\"a \\\"b\\\" "
				    "\\u001b[31m\"}\n";
	static const struct {
		enum log_format	 format;
		const char	*end;
	} rows[] = {
		{ FORMAT_AUTO, json },
		{ FORMAT_JSON, json },
		{ FORMAT_TEXT,
		    " error   test: a \"b\" \\u001b[31m id=an-id\n" },
	};
	const char	*line;
	size_t		 i;

	(void)state;
	setenv("TERM", "xterm", 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_capture_begin();
		log_init(LEVEL_INFO, rows[i].format);
		log_event(LEVEL_ERROR, "an-id", "test", "%s",
		    "a \"b\" \033[31m");
		line = log_capture_end();
		assert_true(strlen(line) > strlen(rows[i].end));
		assert_string_equal(line + strlen(line) -
		    strlen(rows[i].end), rows[i].end);
	}
	log_init(LEVEL_INFO, FORMAT_JSON);
}

static int
open_terminal(void)
{
	char	 name[64];
	int	 ours, theirs;

	assert_int_not_equal(ours = posix_openpt(O_RDWR | O_NOCTTY), -1);
	assert_int_equal(grantpt(ours), 0);
	assert_int_equal(unlockpt(ours), 0);
	assert_int_equal(ptsname_r(ours, name, sizeof(name)), 0);
	assert_int_not_equal(theirs = open(name, O_RDWR | O_NOCTTY), -1);
	assert_int_not_equal(dup2(theirs, STDOUT_FILENO), -1);
	close(theirs);
	return (ours);
}

/* Once, in log_init(): text on a terminal, and colours if they are wanted. */
static void
test_a_terminal(void **state)
{
	static const struct {
		const char	*no_color, *term;
		enum log_format	 format;
		bool		 is_text, in_colour;
	} rows[] = {
		{ NULL, "xterm", FORMAT_AUTO, true, true },
		{ "", "xterm", FORMAT_TEXT, true, true },
		{ "1", "xterm", FORMAT_AUTO, true, false },
		{ NULL, "dumb", FORMAT_AUTO, true, false },
		{ NULL, NULL, FORMAT_AUTO, true, false },
		{ NULL, "xterm", FORMAT_JSON, false, false },
	};
	char	 line[512];
	ssize_t	 n;
	size_t	 i;
	int	 output, ours;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].no_color == NULL ? unsetenv("NO_COLOR") :
		    setenv("NO_COLOR", rows[i].no_color, 1);
		rows[i].term == NULL ? unsetenv("TERM") :
		    setenv("TERM", rows[i].term, 1);
		fflush(stdout);
		output = dup(STDOUT_FILENO);
		ours = open_terminal();
		log_init(LEVEL_INFO, rows[i].format);
		log_event(LEVEL_ERROR, NULL, "test", "%s", "\302\233x");
		n = read(ours, line, sizeof(line) - 1);
		dup2(output, STDOUT_FILENO);
		close(output);
		close(ours);
		assert_true(n > 0);
		line[n] = '\0';
		assert_int_equal(strchr(line, '\033') != NULL,
		    rows[i].in_colour);
		assert_int_equal(strstr(line, "test: \\u009bx") != NULL,
		    rows[i].is_text);
		assert_int_equal(line[0] == '{', !rows[i].is_text);
	}
	log_init(LEVEL_INFO, FORMAT_JSON);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_before_the_settings_are_read),
		cmocka_unit_test(test_every_level_at_every_border),
		cmocka_unit_test(test_without_a_request),
		cmocka_unit_test(test_control_characters_are_escaped),
		cmocka_unit_test(test_a_message_is_cut),
		cmocka_unit_test(test_a_line_is_whole_or_not_there),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_a_terminal),
	};

	return (cmocka_run_group_tests_name("log", tests, NULL, NULL));
}
