/* SPDX-License-Identifier: ISC */
/*
 * What mails say in words that code chooses: who did it, and how long a link
 * works. The words are in assets/mail/en/phrases.en.txt, and so on.
 */

#include <string.h>

#include "modules/account/account.h"
#include "modules/users/users.h"
#include "utils/timefmt.h"

PHRASE(by_administrator);
PHRASE(by_client, "client", "device");
PHRASE(unknown_address);
PHRASE(other_address);
PHRASE(program_on_system, "program", "system");
PHRASE(unknown_program);
PHRASE(android_app);
PHRASE(flutter_app);
PHRASE(apple_app);
PHRASE(one_minute);
PHRASE(minutes, "count");
PHRASE(one_hour);
PHRASE(hours, "count");
PHRASE(one_day);
PHRASE(days, "count");

#define ON	" on "

/* What user_agent_device() says in English; all else is a name. */
static const struct {
	const char			*text;
	const struct mail_phrase	*phrase;
} programs[] = {
	{ "an unknown program", &unknown_program_phrase },
	{ "an Android app", &android_app_phrase },
	{ "a Flutter app", &flutter_app_phrase },
	{ "an Apple app", &apple_app_phrase },
};

static const struct unit {
	unsigned			 seconds;
	const struct mail_phrase	*one, *many;
} units[] = {
	{ 86400, &one_day_phrase, &days_phrase },
	{ 3600, &one_hour_phrase, &hours_phrase },
	{ 60, &one_minute_phrase, &minutes_phrase },
};

/* The largest unit that it is a number of, or minutes. */
static const struct unit *
unit_of(const struct token_purpose *purpose)
{
	size_t	 i = 0;

	while (i < 2 && *purpose->seconds % units[i].seconds != 0)
		i++;
	return (&units[i]);
}

static struct mail_value
said(const char *name, const struct mail_phrase *phrase)
{
	return ((struct mail_value){ name, NULL, true, phrase });
}

struct mail_value
account_lifetime(const struct token_purpose *purpose)
{
	const struct unit	*unit = unit_of(purpose);
	bool			 one;

	one = *purpose->seconds / unit->seconds == 1;
	return (said("lifetime", one ? unit->one : unit->many));
}

struct mail_value
account_lifetime_count(struct ctx *c, const struct token_purpose *purpose)
{
	return ((struct mail_value)OURS("count", ctx_printf(c, "%u",
	    *purpose->seconds / unit_of(purpose)->seconds)));
}

struct mail_value
account_origin_by(const struct notice *n)
{
	return (said("by", n->client == NULL ? &by_administrator_phrase :
	    &by_client_phrase));
}

struct mail_value
account_origin_client(const struct notice *n)
{
	if (n->client == NULL || *n->client == '\0')
		return (said("client", &unknown_address_phrase));
	return ((struct mail_value)OURS("client", n->client));
}

/* "Firefox on Windows", or a program alone. */
static const char *
system_of(const struct notice *n)
{
	const char	*on = n->device != NULL ? strstr(n->device, ON) : NULL;

	return (on != NULL ? on + sizeof(ON) - 1 : NULL);
}

struct mail_value
account_origin_device(struct ctx *c, const struct notice *n)
{
	struct mail_value	 device;

	if (system_of(n) != NULL)
		return (said("device", &program_on_system_phrase));
	device = account_origin_program(c, n);
	device.name = "device";
	return (device);
}

struct mail_value
account_origin_program(struct ctx *c, const struct notice *n)
{
	const char	*system = system_of(n), *program = n->device;
	size_t		 i;

	if (program == NULL)
		return (said("program", &unknown_program_phrase));
	if (system != NULL)
		program = ctx_printf(c, "%.*s", (int)(system - n->device -
		    (ptrdiff_t)sizeof(ON) + 1), n->device);
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(program, programs[i].text) == 0)
			return (said("program", programs[i].phrase));
	}
	return ((struct mail_value)OURS("program", program));
}

struct mail_value
account_origin_system(const struct notice *n)
{
	const char	*system = system_of(n);

	return ((struct mail_value)OURS("system", system != NULL ? system :
	    ""));
}

const char *
account_origin_when(struct ctx *c)
{
	char	*when = ctx_alloc(c, TIMEFMT_HTTP);

	timefmt_http(c->job->created_at, when);
	return (when);
}

struct mail_value
account_other_address(const char *name)
{
	return (said(name, &other_address_phrase));
}
