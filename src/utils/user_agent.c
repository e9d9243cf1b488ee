/* SPDX-License-Identifier: ISC */
/* Names the program that a User-Agent header is about. */

#include <stdio.h>
#include <string.h>

#include "utils/user_agent.h"

struct sign {
	const char	*text;
	const char	*name;
};

/*
 * Most browsers also claim to be others, so the first that is found counts:
 * Edge and Opera are in front of Chrome, and Chrome is in front of Safari.
 */
static const struct sign	programs[] = {
	{ "Edg/", "Edge" }, { "EdgA/", "Edge" }, { "EdgiOS/", "Edge" },
	{ "OPR/", "Opera" }, { "SamsungBrowser/", "Samsung Internet" },
	{ "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" },
	{ "Chrome/", "Chrome" }, { "Chromium/", "Chrome" },
	{ "CriOS/", "Chrome" }, { "Safari/", "Safari" },
	{ "curl/", "curl" }, { "Wget/", "Wget" }, { "HTTPie/", "HTTPie" },
	{ "PostmanRuntime/", "Postman" }, { "python-", "Python" },
	{ "Python", "Python" }, { "okhttp/", "an Android app" },
	{ "Dart/", "a Flutter app" }, { "CFNetwork/", "an Apple app" },
	{ "Go-http-client/", "Go" }, { "Java", "Java" }, { "node", "Node.js" },
};

/* An Android phone says Linux too, and an iPhone Mac OS X. */
static const struct sign	systems[] = {
	{ "Android", "Android" }, { "iPhone", "iPhone" }, { "iPad", "iPad" },
	{ "Windows NT", "Windows" }, { "CrOS", "ChromeOS" },
	{ "Macintosh", "macOS" }, { "Linux", "Linux" },
};

#define FIND(signs, text)						\
	find(signs, sizeof(signs) / sizeof((signs)[0]), text)

static const char *
find(const struct sign *s, size_t n, const char *text)
{
	size_t	 i;

	for (i = 0; text != NULL && i < n; i++) {
		if (strstr(text, s[i].text) != NULL)
			return (s[i].name);
	}
	return (NULL);
}

void
user_agent_device(const char *user_agent, char out[static DEVICE_TEXT])
{
	const char	*program = FIND(programs, user_agent);
	const char	*system = FIND(systems, user_agent);

	if (program == NULL)
		program = "an unknown program";
	if (system != NULL)
		snprintf(out, DEVICE_TEXT, "%s on %s", program, system);
	else
		snprintf(out, DEVICE_TEXT, "%s", program);
}
