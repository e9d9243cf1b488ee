/* SPDX-License-Identifier: ISC */
/* Lines of the log for people, and what a terminal must not get. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "utils/log_text.h"

#define TIME	"\"time\":\"2026-11-29T20:15:33.042917Z\","
#define SHOWN	"20:15:33.042 "

/* The line of an object; NULL if it was cut. */
static const char *
line_of(const char *json, bool colour, size_t size, size_t safe_size)
{
	static char	 line[4096], room[4096];
	struct text	 out = text_in(line, size),
			 safe = text_in(room, safe_size);

	log_text(&out, json, &safe, colour);
	return (out.cut ? NULL : line);
}

static const char *
plain(const char *json)
{
	return (line_of(json, false, 4096, 4096));
}

static void
test_lines(void **state)
{
	static const char	*rows[][2] = {
		/* a request */
		{ "{" TIME "\"level\":\"info\",\"event\":\"request\","
		    "\"request_id\":\"r-1\",\"method\":\"GET\","
		    "\"path\":\"/a\",\"route\":\"list_a\",\"status\":200,"
		    "\"bytes\":12,\"duration_us\":1999,"
		    "\"client\":\"::1\",\"user\":\"u-1\","
		    "\"client_gone\":false}",
		    SHOWN "info    GET /a 200 1.9 ms list_a bytes=12 "
		    "client=::1 user=u-1 id=r-1\n" },
		{ "{" TIME "\"level\":\"info\",\"event\":\"request\","
		    "\"request_id\":\"r-1\",\"method\":\"GET\","
		    "\"path\":\"/a b\",\"route\":null,\"status\":404,"
		    "\"bytes\":0,\"duration_us\":100000,\"user\":null,"
		    "\"client_gone\":true}",
		    SHOWN "info    GET \"/a b\" 404 100 ms bytes=0 "
		    "client_gone id=r-1\n" },
		{ "{\"event\":\"request\",\"duration_us\":99999}",
		    " 99.9 ms\n" },
		{ "{\"event\":\"request\",\"duration_us\":7}",
		    " 0.0 ms\n" },
		/* other events */
		{ "{" TIME "\"level\":\"warning\",\"event\":\"job\","
		    "\"request_id\":\"r\",\"kind\":\"mail\",\"status\":"
		    "\"retry\",\"error\":\"no \\\"x\\\"\",\"again_in\":5}",
		    SHOWN "warning job kind=mail status=retry "
		    "error=\"no \\\"x\\\"\" again_in=5 id=r\n" },
		{ "{" TIME "\"level\":\"debug\",\"event\":\"a b\","
		    "\"message\":\"say \\\"x\\\\y\\\", a=b\"}",
		    SHOWN "debug   \"a b\": say \"x\\y\", a=b\n" },
		/* values */
		{ "{\"a\":\"\",\"b\":\"x=y\",\"c\":\"\\\\\",\"d\":-1.5,"
		    "\"e\":\"null\",\"f\":true,\"g\":null}",
		    " a=\"\" b=\"x=y\" c=\"\\\\\" d=-1.5 e=null f\n" },
		{ "{\"a\":{\"b\":[1,\"}\\\"]\"]},\"c\":[2,{\"d\":3}],"
		    "\"e\":4}",
		    " a={\"b\":[1,\"}\\\"]\"]} c=[2,{\"d\":3}] e=4\n" },
		{ "{" TIME "\"level\":\"info\",\"event\":\"x\","
		    "\"request_id\":null}", SHOWN "info    x\n" },
		{ "{\"time\":\"2026\"}", "\n" },
		{ "{}", "\n" },
		/* not an object of a log */
		{ "", "\n" }, { "{\"a", "\n" }, { "{\"a\"", "\n" },
		{ "{\"a\":", " a=\n" }, { "{\"a\":\"b", " a=\"b\n" },
		{ "{\"a\":\"b\\", " a=\"b\\\n" }, { "[1,2]", "\n" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(plain(rows[i][0]), rows[i][1]);
}

/* Controls, ends of lines, changes of the direction: all that is not ASCII. */
static void
test_no_control_reaches_the_terminal(void **state)
{
	static const char	*rows[][2] = {
		{ "\\u001b[31m", "\\u001b[31m" },
		{ "\302\233" "31m", "\\u009b31m" },
		{ "\342\200\250", "\\u2028" },
		{ "\342\200\256", "\\u202e" },
		{ "caf\303\251", "caf\303\251" },
	};
	char		 json[256], wanted[256];
	const char	*line;
	size_t		 i;
	int		 value;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(json, sizeof(json), "{\"event\":\"x\","
		    "\"message\":\"%s\",\"path\":\"%s\"}", rows[i][0],
		    rows[i][0]);
		snprintf(wanted, sizeof(wanted), " x: %s path=%s%s%s\n",
		    rows[i][1], strchr(rows[i][1], '\\') ? "\"" : "",
		    rows[i][1], strchr(rows[i][1], '\\') ? "\"" : "");
		assert_string_equal(plain(json), wanted);
	}
	/* Not even from a JSON that has them. */
	for (value = 1; value < 32; value++) {
		snprintf(json, sizeof(json), "{\"a\":\"%c\"}", value);
		line = plain(json);
		assert_ptr_equal(strchr(line, value),
		    value == '\n' ? line + strlen(line) - 1 : NULL);
	}
}

static void
test_colours(void **state)
{
	static const char	*rows[][2] = {
		{ "{\"level\":\"error\"}", " \033[31merror" },
		{ "{\"level\":\"warning\"}", " \033[33mwarning" },
		{ "{\"level\":\"info\"}", "\033[0m info" },
		{ "{\"event\":\"request\",\"status\":204}",
		    "\033[32m 204\033[0m" },
		{ "{\"event\":\"request\",\"status\":308}",
		    "\033[32m 308\033[0m" },
		{ "{\"event\":\"request\",\"status\":404}",
		    "\033[33m 404\033[0m" },
		{ "{\"event\":\"request\",\"status\":500}",
		    "\033[31m 500\033[0m" },
		{ "{\"a\":1,\"b\":2}", "\033[2m a=1 b=2\033[0m\n" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_non_null(strstr(line_of(rows[i][0], true, 4096, 4096),
		    rows[i][1]));
		assert_null(strchr(plain(rows[i][0]), '\033'));
	}
}

static void
test_a_line_is_whole_or_cut(void **state)
{
	static const char	 json[] = "{\"event\":\"x\",\"a\":1}",
				 line[] = " x a=1\n";
	size_t			 size;

	(void)state;
	for (size = 1; size < 40; size++) {
		assert_int_equal(line_of(json, false, size, 4096) != NULL,
		    size >= sizeof(line));
		assert_int_equal(line_of(json, false, 4096, size) != NULL,
		    size >= sizeof(json));
	}
}

static void
test_more_members_than_there_is_room(void **state)
{
	char	 json[2048] = "{\"event\":\"x\"";
	size_t	 i;

	(void)state;
	for (i = 0; i < 40; i++)
		snprintf(json + strlen(json), sizeof(json) - strlen(json),
		    ",\"m%zu\":%zu", i, i);
	assert_non_null(strstr(plain(json), " m30=30\n"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_no_control_reaches_the_terminal),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_a_line_is_whole_or_cut),
		cmocka_unit_test(test_more_members_than_there_is_room),
	};

	return (cmocka_run_group_tests_name("log_text", tests, NULL, NULL));
}
