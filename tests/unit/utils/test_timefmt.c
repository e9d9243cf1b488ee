/* SPDX-License-Identifier: ISC */
/* Times to text, and back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "utils/timefmt.h"

static void
test_parse(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 us;
	} vectors[] = {
		{ "1970-01-01 00:00:00+00", 0 },
		{ "2026-11-22 11:23:45.123456+00", 1795346625123456 },
		{ "2026-11-22 11:23:45.1+00", 1795346625100000 },
		{ "2026-11-22 11:23:45.000001+00", 1795346625000001 },
		{ "1969-12-31 23:59:59.999999+00", -1 },
		{ "2000-02-29 00:00:00+00", 951782400000000 },
		{ "0001-01-01 00:00:00+00", TIMEFMT_MIN },
		{ "9999-12-31 23:59:59.999999+00", TIMEFMT_MAX },
		{ "10000-01-01 00:00:00+00", TIMEFMT_MAX + 1 },
		{ "294246-12-31 23:59:59.999999+00",
		    INT64_C(9223371244799999999) },
		{ "294247-01-01 00:00:00+00", TIMEFMT_LAST },
		{ "294276-12-31 23:59:59.999999+00", TIMEFMT_LAST },
		{ "0001-12-31 23:59:59.999999+00 BC", TIMEFMT_MIN - 1 },
		{ "0001-02-29 00:00:00+00 BC",
		    TIMEFMT_MIN - INT64_C(307) * 86400 * 1000000 },
		{ "4714-11-24 00:00:00+00 BC",
		    INT64_C(-2440588) * 86400 * 1000000 },
		{ "infinity", TIMEFMT_LAST }, { "-infinity", TIMEFMT_FIRST },
	};
	int64_t	us;
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		us = 42;
		assert_true(timefmt_parse_pg(vectors[i].text, &us));
		assert_true(us == vectors[i].us);
	}
}

static void
test_parse_refuses(void **state)
{
	static const char *const bad[] = {
		"", "Infinity", "-infinity ", "infinity BC",
		"0002-02-29 00:00:00+00 BC", "0000-01-01 00:00:00+00 BC",
		"4715-01-01 00:00:00+00 BC", "294277-01-01 00:00:00+00",
		"1000000-01-01 00:00:00+00", "026-11-22 11:23:45+00",
		"2026-11-22 11:23:45+00BC", "2026-11-22 11:23:45+00 AD",
		"2026-11-22", "2026-11-22 11:23:45", "2026-11-22 11:23+00",
		"2026-11-22T11:23:45+00", "2026-11-22 11:23:45Z",
		"2026-11-22 11:23:45+01", "2026-11-22 11:23:45-00",
		"2026-11-22 11:23:45+00:00", "2026-11-22 11:23:45+00 BCE",
		"2026-11-22 11:23:45.+00", "2026-11-22 11:23:45.1234567+00",
		"2026-11-22 11:23:45.12a+00", " 2026-11-22 11:23:45+00",
		"2026-11-22 11:23:45+00 ", "2026-11-22 11:23:45+00 BC ",
		"0000-01-01 00:00:00+00", "2026-00-01 00:00:00+00",
		"2026-13-01 00:00:00+00", "2026-01-00 00:00:00+00",
		"2026-01-32 00:00:00+00", "2026-02-29 00:00:00+00",
		"1900-02-29 00:00:00+00", "2026-04-31 00:00:00+00",
		"2026-11-22 24:00:00+00", "2026-11-22 23:60:00+00",
		"2026-11-22 23:59:60+00", "2026-1-22 11:23:45+00",
	};
	int64_t	us = 42;
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (timefmt_parse_pg(bad[i], &us))
			fail_msg("accepted \"%s\"", bad[i]);
	}
	assert_int_equal(us, 42);
}

/* Those that RFC 3339 cannot write; and each text sorts like its time. */
static void
test_sql(void **state)
{
	static const struct {
		int64_t		 us;
		const char	*text;
	} vectors[] = {
		{ INT64_MIN, " -infinity" }, { TIMEFMT_FIRST, " -infinity" },
		{ INT64_C(-2440588) * 86400 * 1000000,
		    " J000000000 00:00:00.000000Z" },
		{ TIMEFMT_MIN - 1, " J001721425 23:59:59.999999Z" },
		{ TIMEFMT_MIN, "0001-01-01T00:00:00.000000Z" },
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ TIMEFMT_MAX, "9999-12-31T23:59:59.999999Z" },
		{ TIMEFMT_MAX + 1, "J005373485 00:00:00.000000Z" },
		{ INT64_C(9223371244799999999),
		    "J109192569 23:59:59.999999Z" },
		{ TIMEFMT_LAST, "infinity" },
	};
	char	 out[TIMEFMT_SQL], before[TIMEFMT_SQL] = "";
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		timefmt_sql(vectors[i].us, out);
		assert_string_equal(out, vectors[i].text);
		assert_true(strcmp(before, out) < 0 || i == 1);
		strcpy(before, out);
	}
}

static void
test_parse_rfc3339(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 us;
	} vectors[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "2026-11-22T11:23:45.123456Z", 1795346625123456 },
		{ "2026-11-22T11:23:45.1Z", 1795346625100000 },
		{ "2026-11-22T11:23:45.1234569Z", 1795346625123456 },
		{ "2026-11-22T11:23:45.123456999Z", 1795346625123456 },
		{ "2026-11-22T11:23:45.000000001Z", 1795346625000000 },
		{ "2026-11-22T11:23:45.12345699999999999Z", 1795346625123456 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1970-01-01T00:30:00.5+00:30", 500000 },
		{ "1969-12-31T18:15:00-05:45", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T23:59:00+23:59", 0 },
		{ "0001-01-01T00:00:00Z", TIMEFMT_MIN },
		{ "0001-01-01T00:01:00+00:01", TIMEFMT_MIN },
		{ "9999-12-31T23:59:59.999999Z", TIMEFMT_MAX },
	};
	int64_t	us;
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		us = 42;
		if (!timefmt_parse_rfc3339(vectors[i].text, &us) ||
		    us != vectors[i].us || timefmt_is_beyond(vectors[i].text))
			fail_msg("%s", vectors[i].text);
	}
}

static void
test_parse_rfc3339_refuses(void **state)
{
	static const char *const bad[] = {
		"", "now", "infinity", "2026", "2026-11-22", "2026-11-22T",
		"2026-11-22T11:23Z", "2026-11-22T11:23:45",
		"2026-11-22 11:23:45Z", "2026-11-22_11:23:45Z",
		"2026-11-22T11:23:45 Z", "2026-11-22T11:23:45Z ",
		" 2026-11-22T11:23:45Z", "2026-11-22T11:23:45ZZ",
		"2026-11-22T11:23:45.Z", "2026-11-22T11:23:45,1Z",
		"2026-11-22T11:23:45.1x", "2026-11-22T11:23:45.123456789",
		"2026-11-22T11:23:45+01", "2026-11-22T11:23:45+0100",
		"2026-11-22T11:23:45+1:00", "2026-11-22T11:23:45 01:00",
		"2026-11-22T11:23:45+01:00Z", "2026-11-22T11:23:45+24:00",
		"2026-11-22T11:23:45+01:60", "2026-11-22T11:23:45+01-00",
		"2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z",
		"2026-11-22T23:59:60Z", "2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"0000-12-31T00:00:00Z", "0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z",
		"20261122T112345Z", "+2026-11-22T11:23:45Z",
	};
	int64_t	us = 42;
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (timefmt_parse_rfc3339(bad[i], &us))
			fail_msg("accepted \"%s\"", bad[i]);
		if (timefmt_is_beyond(bad[i]) != (strcmp(bad[i],
		    "0001-01-01T00:00:00+00:01") == 0 || strcmp(bad[i],
		    "9999-12-31T23:59:59-00:01") == 0))
			fail_msg("is it beyond: \"%s\"", bad[i]);
	}
	assert_int_equal(us, 42);
}

static void
test_rfc3339(void **state)
{
	char	out[TIMEFMT_TEXT];

	(void)state;
	timefmt_rfc3339(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000000Z");
	timefmt_rfc3339(-1, out);
	assert_string_equal(out, "1969-12-31T23:59:59.999999Z");
	timefmt_rfc3339(1795346625123456, out);
	assert_string_equal(out, "2026-11-22T11:23:45.123456Z");
	timefmt_rfc3339(TIMEFMT_MIN, out);
	assert_string_equal(out, "0001-01-01T00:00:00.000000Z");
	timefmt_rfc3339(TIMEFMT_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999999Z");
	timefmt_rfc3339(INT64_MIN, out);
	assert_string_equal(out, "0001-01-01T00:00:00.000000Z");
	timefmt_rfc3339(INT64_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999999Z");
}

static void
test_http(void **state)
{
	char	out[TIMEFMT_HTTP];

	(void)state;
	/* The example in RFC 9110. */
	timefmt_http(784111777000000, out);
	assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	timefmt_http(0, out);
	assert_string_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	timefmt_http(-1, out);
	assert_string_equal(out, "Wed, 31 Dec 1969 23:59:59 GMT");
	timefmt_http(TIMEFMT_MIN, out);
	assert_string_equal(out, "Mon, 01 Jan 0001 00:00:00 GMT");
	timefmt_http(TIMEFMT_MAX, out);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Every day, compared with the C library, and parsed again. */
static void
test_every_day(void **state)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	struct tm	tm;
	char		text[TIMEFMT_TEXT], http[TIMEFMT_HTTP], expect[64];
	int64_t		us, back;
	time_t		t;

	(void)state;
	for (us = TIMEFMT_MIN + 86399999999; us <= TIMEFMT_MAX;
	    us += INT64_C(86400000000)) {
		timefmt_rfc3339(us, text);
		timefmt_http(us, http);
		t = (time_t)((us - 999999) / 1000000);
		assert_non_null(gmtime_r(&t, &tm));
		snprintf(expect, sizeof(expect),
		    "%04d-%02d-%02dT%02d:%02d:%02d.999999Z",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
		if (strcmp(text, expect) != 0)
			fail_msg("%s is not %s", text, expect);
		if (strncmp(http, days[tm.tm_wday], 3) != 0)
			fail_msg("%s is a %s", text, days[tm.tm_wday]);
		text[10] = ' ';
		memcpy(text + 26, "+", 2);
		snprintf(expect, sizeof(expect), "%s00", text);
		if (!timefmt_parse_pg(expect, &back) || back != us)
			fail_msg("%s came back different", expect);
	}
}

static void
test_whole_days(void **state)
{
	int64_t	 day = INT64_C(86400000000);

	(void)state;
	assert_int_equal(timefmt_whole_days(0), 0);
	assert_int_equal(timefmt_whole_days(day - 1), 0);
	assert_int_equal(timefmt_whole_days(day), 1);
	assert_int_equal(timefmt_whole_days(-1), -1);
	assert_int_equal(timefmt_whole_days(-day), -1);
	assert_int_equal(timefmt_whole_days(-day - 1), -2);
}

static void
test_now(void **state)
{
	int64_t	before = (int64_t)time(NULL), now;

	(void)state;
	now = timefmt_now();
	/* time() reads a coarser clock, which may be one tick late. */
	assert_true(now / 1000000 >= before);
	assert_true(now / 1000000 <= (int64_t)time(NULL) + 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_sql),
		cmocka_unit_test(test_parse_rfc3339),
		cmocka_unit_test(test_parse_rfc3339_refuses),
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_whole_days),
		cmocka_unit_test(test_now),
	};

	return (cmocka_run_group_tests_name("timefmt", tests, NULL, NULL));
}
