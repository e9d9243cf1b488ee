/* SPDX-License-Identifier: ISC */
/* Converts times in microseconds to texts and back. */

#include <limits.h>
#include <string.h>
#include <time.h>

#include "utils/timefmt.h"

#define USEC_PER_SEC	INT64_C(1000000)
#define SEC_PER_DAY	INT64_C(86400)

/* The calendar repeats after 400 years. */
#define CYCLE_YEARS	400
#define CYCLE_DAYS	INT64_C(146097)
#define CYCLES		12	/* so many make each year positive */

/* PostgreSQL's years; 4714 BC is -4713. The last ones do not fit. */
#define YEAR_FIRST	(-4713)
#define YEAR_FITS	294246
#define YEAR_LAST	294276
#define YEAR_DIGITS	6

#define JULIAN_1970	2440588		/* the Julian day of 1970-01-01 */

struct civil {
	int	year;
	int	month;
	int	day;
	int	hour;
	int	minute;
	int	second;
	int	usec;
	int	weekday;	/* 0 is Sunday */
};

static void	timefmt_split(int64_t, struct civil *);
static int64_t	timefmt_days(int, int, int);
static int64_t	timefmt_rest(int64_t, int64_t *);
static void	timefmt_set_clock(int64_t, struct civil *);
static char	*timefmt_put_clock(char *, const struct civil *);
static int	timefmt_month_length(int, int);
static bool	timefmt_digits(const char **, int, int *);
static char	*timefmt_put(char *, int, int);

/* The day may be one that the month does not have. */
static bool
timefmt_read_date(const char **p, int digits, struct civil *t)
{
	return (timefmt_digits(p, digits, &t->year) && *(*p)++ == '-' &&
	    timefmt_digits(p, 2, &t->month) && *(*p)++ == '-' &&
	    timefmt_digits(p, 2, &t->day) &&
	    t->year >= 1 && t->month >= 1 && t->month <= 12 && t->day >= 1);
}

static bool
timefmt_is_day(const struct civil *t)
{
	return (t->day <= timefmt_month_length(t->year, t->month));
}

/* The first six digits count; what follows `most` digits is left. */
static bool
timefmt_read_fraction(const char **p, int most, int *usec)
{
	int	 n, scale = 100000;

	*usec = 0;
	if (**p != '.')
		return (true);
	(*p)++;
	for (n = 0; n < most && **p >= '0' && **p <= '9'; n++, (*p)++) {
		*usec += (**p - '0') * scale;
		scale /= 10;
	}
	return (n > 0);
}

static bool
timefmt_read_clock(const char **p, int most, struct civil *t)
{
	return (timefmt_digits(p, 2, &t->hour) && *(*p)++ == ':' &&
	    timefmt_digits(p, 2, &t->minute) && *(*p)++ == ':' &&
	    timefmt_digits(p, 2, &t->second) &&
	    t->hour <= 23 && t->minute <= 59 && t->second <= 59 &&
	    timefmt_read_fraction(p, most, &t->usec));
}

static int64_t
timefmt_join(const struct civil *t)
{
	int64_t	 seconds;

	seconds = timefmt_days(t->year, t->month, t->day) * SEC_PER_DAY +
	    t->hour * 3600 + t->minute * 60 + t->second;
	return (seconds * USEC_PER_SEC + t->usec);
}

bool
timefmt_parse_pg(const char *text, int64_t *us)
{
	struct civil	 t;
	const char	*p = text;
	int		 digits = (int)strspn(text, "0123456789");
	bool		 is_bc;

	if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0) {
		*us = *text == '-' ? TIMEFMT_FIRST : TIMEFMT_LAST;
		return (true);
	}
	if (digits < 4 || digits > YEAR_DIGITS ||
	    !timefmt_read_date(&p, digits, &t) || *p++ != ' ' ||
	    !timefmt_read_clock(&p, 6, &t) || strncmp(p, "+00", 3) != 0)
		return (false);
	if ((is_bc = strcmp(p + 3, " BC") == 0))
		t.year = 1 - t.year;	/* before 0001 is 1 BC */
	if ((!is_bc && p[3] != '\0') || t.year < YEAR_FIRST ||
	    t.year > YEAR_LAST || !timefmt_is_day(&t))
		return (false);
	*us = t.year > YEAR_FITS ? TIMEFMT_LAST : timefmt_join(&t);
	return (true);
}

/* "Z", or "+01:00": the minutes by which local time is ahead of UTC. */
static bool
timefmt_read_zone(const char *p, int *ahead)
{
	int	 hours, minutes;
	char	 sign = *p++;

	*ahead = 0;
	if (sign == 'Z' || sign == 'z')
		return (*p == '\0');
	if ((sign != '+' && sign != '-') ||
	    !timefmt_digits(&p, 2, &hours) || *p++ != ':' ||
	    !timefmt_digits(&p, 2, &minutes) || *p != '\0' ||
	    hours > 23 || minutes > 59)
		return (false);
	*ahead = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	return (true);
}

/* The same without the limits: an offset can leave them by a day. */
static bool
timefmt_read_rfc3339(const char *p, int64_t *us)
{
	struct civil	 t;
	int		 ahead;

	if (!timefmt_read_date(&p, 4, &t) || !timefmt_is_day(&t) ||
	    (*p != 'T' && *p != 't'))
		return (false);
	p++;
	if (!timefmt_read_clock(&p, INT_MAX, &t) ||
	    !timefmt_read_zone(p, &ahead))
		return (false);
	*us = timefmt_join(&t) - ahead * 60 * USEC_PER_SEC;
	return (true);
}

static bool
timefmt_is_within(int64_t us)
{
	return (us >= TIMEFMT_MIN && us <= TIMEFMT_MAX);
}

bool
timefmt_parse_rfc3339(const char *text, int64_t *us)
{
	int64_t	 value;

	if (!timefmt_read_rfc3339(text, &value) || !timefmt_is_within(value))
		return (false);
	*us = value;
	return (true);
}

bool
timefmt_is_beyond(const char *text)
{
	int64_t	 us;

	return (timefmt_read_rfc3339(text, &us) && !timefmt_is_within(us));
}

void
timefmt_rfc3339(int64_t us, char out[static TIMEFMT_TEXT])
{
	struct civil	 t;
	char		*p = out;

	timefmt_split(us, &t);
	p = timefmt_put(p, t.year, 4);
	*p++ = '-';
	p = timefmt_put(p, t.month, 2);
	*p++ = '-';
	p = timefmt_put(p, t.day, 2);
	*p++ = 'T';
	p = timefmt_put_clock(p, &t);
	*p++ = '.';
	p = timefmt_put(p, t.usec, 6);
	*p++ = 'Z';
	*p = '\0';
}

/*
 * A blank sorts before the digits of a year, J and i sort behind them, and - is
 * before J: PostgreSQL skips the blank.
 */
void
timefmt_sql(int64_t us, char out[static TIMEFMT_SQL])
{
	struct civil	 t;
	int64_t		 days, rest;
	char		*p = out;

	if (timefmt_is_within(us)) {
		timefmt_rfc3339(us, out);
		return;
	}
	if (us < TIMEFMT_MIN)
		*p++ = ' ';
	if (us <= TIMEFMT_FIRST || us == TIMEFMT_LAST) {
		strcpy(p, us == TIMEFMT_LAST ? "infinity" : "-infinity");
		return;
	}
	days = timefmt_rest(us, &rest);
	*p++ = 'J';
	p = timefmt_put(p, (int)(days + JULIAN_1970), 9);
	*p++ = ' ';
	timefmt_set_clock(rest, &t);
	p = timefmt_put_clock(p, &t);
	*p++ = '.';
	p = timefmt_put(p, t.usec, 6);
	strcpy(p, "Z");
}

void
timefmt_http(int64_t us, char out[static TIMEFMT_HTTP])
{
	static const char	 days[] = "SunMonTueWedThuFriSat";
	static const char	 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil		 t;
	char			*p = out;

	timefmt_split(us, &t);
	memcpy(p, days + 3 * t.weekday, 3);
	memcpy(p + 3, ", ", 2);
	p = timefmt_put(p + 5, t.day, 2);
	*p++ = ' ';
	memcpy(p, months + 3 * (t.month - 1), 3);
	p[3] = ' ';
	p = timefmt_put(p + 4, t.year, 4);
	*p++ = ' ';
	p = timefmt_put_clock(p, &t);
	memcpy(p, " GMT", sizeof(" GMT"));
}

int64_t
timefmt_whole_days(int64_t us)
{
	int64_t	 day = SEC_PER_DAY * USEC_PER_SEC;

	return (us / day - (us % day < 0));
}

int64_t
timefmt_now(void)
{
	struct timespec	ts;

	/* Cannot fail: the clock exists, and ts is a valid pointer. */
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000);
}

static void
timefmt_split(int64_t us, struct civil *t)
{
	int64_t	days, rest;
	int	year, day;

	if (us < TIMEFMT_MIN)
		us = TIMEFMT_MIN;
	if (us > TIMEFMT_MAX)
		us = TIMEFMT_MAX;

	days = timefmt_rest(us, &rest);
	timefmt_set_clock(rest, t);

	/* 1970-01-01 was a Thursday; the bias keeps the sum positive. */
	t->weekday = (int)((days + 4 + 7 * INT64_C(200000)) % 7);

	/* An estimate that is exact or one too large. */
	year = (int)((days + 719528) * 400 / 146097) + 1;
	while (timefmt_days(year, 1, 1) > days)
		year--;
	day = (int)(days - timefmt_days(year, 1, 1));
	t->year = year;
	for (t->month = 1; day >= timefmt_month_length(year, t->month);
	    t->month++)
		day -= timefmt_month_length(year, t->month);
	t->day = day + 1;
}

/*
 * The whole days since 1970-01-01, and *rest, the microseconds of the day. C
 * rounds towards zero; the calendar needs the floor.
 */
static int64_t
timefmt_rest(int64_t us, int64_t *rest)
{
	int64_t	 days = us / (SEC_PER_DAY * USEC_PER_SEC);

	*rest = us % (SEC_PER_DAY * USEC_PER_SEC);
	if (*rest < 0) {
		*rest += SEC_PER_DAY * USEC_PER_SEC;
		days--;
	}
	return (days);
}

/* The time of day, in microseconds since midnight. */
static void
timefmt_set_clock(int64_t rest, struct civil *t)
{
	t->usec = (int)(rest % USEC_PER_SEC);
	rest /= USEC_PER_SEC;
	t->second = (int)(rest % 60);
	t->minute = (int)(rest / 60 % 60);
	t->hour = (int)(rest / 3600);
}

/* To the second. */
static char *
timefmt_put_clock(char *p, const struct civil *t)
{
	p = timefmt_put(p, t->hour, 2);
	*p++ = ':';
	p = timefmt_put(p, t->minute, 2);
	*p++ = ':';
	return (timefmt_put(p, t->second, 2));
}

/* The days from 1970-01-01 to a date; year is at least YEAR_FIRST. */
static int64_t
timefmt_days(int year, int month, int day)
{
	static const int	before[] = { 0, 31, 59, 90, 120, 151, 181,
				    212, 243, 273, 304, 334 };
	int64_t			y = year + CYCLES * CYCLE_YEARS - 1;
	int64_t			days;

	days = y * 365 + y / 4 - y / 100 + y / 400 - 719162 -
	    CYCLES * CYCLE_DAYS;
	days += before[month - 1] + day - 1;
	if (month > 2 && timefmt_month_length(year, 2) == 29)
		days++;
	return (days);
}

static int
timefmt_month_length(int year, int month)
{
	static const int	length[] = { 31, 28, 31, 30, 31, 30, 31, 31,
				    30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return (29);
	return (length[month - 1]);
}

static bool
timefmt_digits(const char **text, int count, int *value)
{
	const char	*p = *text;
	int		 v;

	for (v = 0; count > 0; count--, p++) {
		if (*p < '0' || *p > '9')
			return (false);
		v = v * 10 + (*p - '0');
	}
	*text = p;
	*value = v;
	return (true);
}

static char *
timefmt_put(char *p, int value, int width)
{
	int	i;

	for (i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return (p + width);
}
