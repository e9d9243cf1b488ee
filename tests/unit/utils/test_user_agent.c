/* SPDX-License-Identifier: ISC */
/* Which program a User-Agent header is about. */

/* sources: src/utils/user_agent.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/user_agent.h"

#define MOZILLA	"Mozilla/5.0 "
#define WEBKIT	" AppleWebKit/537.36 (KHTML, like Gecko) "
#define UNKNOWN	"an unknown program"

static const struct {
	const char	*sent, *device;
} cases[] = {
	{ NULL, UNKNOWN },
	{ "", UNKNOWN },
	{ "Buy at http://evil.example", UNKNOWN },
	{ "Buy at http://evil.example (Linux)", UNKNOWN " on Linux" },
	{ MOZILLA "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	    "Firefox on Linux" },
	{ MOZILLA "(Windows NT 10.0; Win64; x64)" WEBKIT
	    "Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows" },
	{ MOZILLA "(Windows NT 10.0; Win64; x64)" WEBKIT
	    "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Windows" },
	{ MOZILLA "(Windows NT 10.0; Win64; x64)" WEBKIT
	    "Chrome/141.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows" },
	{ MOZILLA "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
	    "(KHTML, like Gecko) Version/18.0 Safari/605.1.15",
	    "Safari on macOS" },
	{ MOZILLA "(iPhone; CPU iPhone OS 18_0 like Mac OS X) "
	    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
	    "Mobile/15E148 Safari/604.1", "Safari on iPhone" },
	{ MOZILLA "(iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
	    "(KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
	    "Firefox on iPad" },
	{ MOZILLA "(Linux; Android 15; Pixel 9)" WEBKIT
	    "Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android" },
	{ MOZILLA "(Linux; Android 15; SM-S921B)" WEBKIT
	    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
	    "Samsung Internet on Android" },
	{ MOZILLA "(X11; CrOS x86_64 14541.0.0)" WEBKIT
	    "Chrome/141.0.0.0 Safari/537.36", "Chrome on ChromeOS" },
	{ "curl/7.88.1", "curl" },
	{ "python-httpx/0.23.3", "Python" },
	{ "okhttp/4.12.0", "an Android app" },
};

static void
test_devices(void **state)
{
	char	 device[DEVICE_TEXT];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		user_agent_device(cases[i].sent, device);
		assert_string_equal(device, cases[i].device);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_devices),
	};

	return (cmocka_run_group_tests_name("user_agent", tests, NULL, NULL));
}
