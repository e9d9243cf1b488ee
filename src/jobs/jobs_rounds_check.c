/* SPDX-License-Identifier: ISC */
/* Are the rounds of a kind of job written as they should be? */

#include <string.h>

#include "jobs/rounds.h"
#include "utils/start_error.h"

#define EVERY_MAX	31622400	/* seconds: a leap year */
#define ZONE_MAX	64		/* bytes; PostgreSQL's have 40 */

/* The number of two digits; -1 if it is none. */
static int
two_digits(const char *s)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return (-1);
	return ((s[0] - '0') * 10 + s[1] - '0');
}

/* The same with a colon before it, below 60. */
static bool
is_sixtieth(const char *s)
{
	int	 n = s[0] == ':' ? two_digits(s + 1) : -1;

	return (n >= 0 && n < 60);
}

/* From 00:00 to 23:59, or with seconds. */
static bool
is_time_of_day(const char *s)
{
	size_t	 len = strlen(s);
	int	 hour;

	if (len != 5 && len != 8)
		return (false);
	hour = two_digits(s);
	return (hour >= 0 && hour < 24 && is_sixtieth(s + 2) &&
	    (len == 5 || is_sixtieth(s + 5)));
}

/*
 * Whether there is such a zone, only the database knows: see jobs_rounds.c. It
 * takes a name without a slash, such as CET, for a fixed offset.
 */
static bool
looks_like_a_zone(const char *s)
{
	static const char	 most[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
	size_t			 len = strlen(s);

	if (strcmp(s, "UTC") == 0)
		return (true);
	return (strchr(s, '/') != NULL && len <= ZONE_MAX &&
	    strspn(s, most) == len);
}

const char *
rounds_check(const struct job_kind *k)
{
	if (k->every > EVERY_MAX)
		return (start_error(": .every = %u is longer than a year: "
		    "write the seconds between two rounds", k->every));
	if (k->every != 0 && k->daily != NULL)
		return (": leave out .every or .daily");
	if (k->zone != NULL && k->daily == NULL)
		return (": its .zone needs a .daily, such as \"03:30\"");
	if (k->daily != NULL && !is_time_of_day(k->daily))
		return (start_error(": .daily = \"%s\" is no time of day: "
		    "write one from \"00:00\" to \"23:59\"", k->daily));
	if (k->zone != NULL && !looks_like_a_zone(k->zone))
		return (start_error(": .zone = \"%s\" is no time zone: write "
		    "a name like \"Europe/Berlin\"", k->zone));
	return (NULL);
}
