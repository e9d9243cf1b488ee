/* SPDX-License-Identifier: ISC */
/* Times as text. */

#ifndef UTILS_TIMEFMT_H
#define UTILS_TIMEFMT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A time is an int64_t: microseconds since 1970-01-01T00:00:00Z, in UTC,
 * without leap seconds, negative before. The calendar is the proleptic
 * Gregorian one of years 0001 to 9999, the range of RFC 3339. Only a time of
 * the database may be outside of it. No function uses time zone data or a
 * locale. Pure and thread-safe.
 */

#define TIMEFMT_MIN	INT64_C(-62135596800000000)	/* 0001-01-01 */
#define TIMEFMT_MAX	INT64_C(253402300799999999)	/* 9999-12-31 */

/* PostgreSQL's infinities: before and after all other times. */
#define TIMEFMT_FIRST	(INT64_MIN + 1)
#define TIMEFMT_LAST	INT64_MAX

/* The size in bytes of each text, its NUL included. */
#define TIMEFMT_TEXT	28
#define TIMEFMT_HTTP	30
#define TIMEFMT_SQL	32

/*
 * Reads a timestamptz as PostgreSQL writes it with DateStyle ISO and TimeZone
 * UTC: "2026-11-22 11:23:45.123456+00", with no fraction or one of 1 to 6
 * digits; also "infinity", "-infinity", a year after 9999, and one BC. The last
 * thirty years that PostgreSQL has, from 294247 on, are TIMEFMT_LAST. Returns
 * false, and leaves *us unchanged, for anything else: another offset, a date
 * that does not exist, a year that PostgreSQL does not have.
 */
bool	timefmt_parse_pg(const char *text, int64_t *us);

/*
 * Writes a time so that PostgreSQL reads exactly this one: as timefmt_rfc3339()
 * does, and outside of that range as a Julian day, or as infinity. These texts
 * sort like times, too.
 */
void	timefmt_sql(int64_t us, char out[static TIMEFMT_SQL]);

/*
 * Reads a time of RFC 3339 section 5.6, in any offset: with no fraction or one
 * of 1 to 9 digits, of which six count. Returns false, and leaves *us as it is,
 * for anything else: a blank for the T, no offset, a date that does not exist,
 * a leap second.
 */
bool	timefmt_parse_rfc3339(const char *text, int64_t *us);

/* Is it one, but before TIMEFMT_MIN or after TIMEFMT_MAX, by its offset? */
bool	timefmt_is_beyond(const char *text);

/*
 * Writes "2026-11-22T11:23:45.123456Z" (RFC 3339 section 5.6), always with six
 * digits so that texts sort like times. A time outside TIMEFMT_MIN to
 * TIMEFMT_MAX is written as the nearer of the two.
 */
void	timefmt_rfc3339(int64_t us, char out[static TIMEFMT_TEXT]);

/*
 * Writes an IMF-fixdate, "Sun, 22 Nov 2026 11:23:45 GMT" (RFC 9110 section
 * 5.6.7), rounded down to the second, within the same limits.
 */
void	timefmt_http(int64_t us, char out[static TIMEFMT_HTTP]);

/* Whole days, rounded down: -1 for the day after a time. */
int64_t	timefmt_whole_days(int64_t us);

/* The current time, from CLOCK_REALTIME. */
int64_t	timefmt_now(void);

#endif
