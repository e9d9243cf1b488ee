/* SPDX-License-Identifier: ISC */
/* Configures the rate limits: quotas, windows, networks. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/register.h"
#include "middleware/rate_limit.h"
#include "product.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define QUOTA_MAX	1000000u
#define PERIODS_MAX	10000u

REGISTERED(struct rate_limit, rate_limits);

static bool	 off;

const struct rate_network	rate_networks[RATE_NETWORKS] = {
	{ false, 32, 1, -1, true },
	{ false, 24, 16, 0, true },
	{ true, 64, 1, -1, true },
	{ true, 56, 4, 1, true },
	{ true, 48, 16, 2, false },
};

static struct rate_limit *
find_limit(const char *name, size_t len)
{
	struct rate_limit	*const *l;

	EACH_REGISTERED(l, rate_limits) {
		if (strlen((*l)->name) == len &&
		    strncmp((*l)->name, name, len) == 0)
			return (*l);
	}
	return (NULL);
}

static bool
read_number(const char **p, unsigned most, unsigned *n)
{
	for (*n = 0; isdigit((unsigned char)**p) && *n <= most; ++*p)
		*n = *n * 10 + (unsigned)(**p - '0');
	return (*n >= 1 && *n <= most);
}

/* "30/m", "100/10m": requests, then a period in s, m, h or d. */
static bool
read_rate(const char *p, size_t len, unsigned *quota_out, unsigned *window)
{
	static const char	 units[] = "smhd";
	static const unsigned	 seconds[] = { 1, MINUTE, HOUR, DAY };
	const char		*end = p + len, *unit;
	unsigned		 quota, periods = 1;

	if (!read_number(&p, QUOTA_MAX, &quota) || *p++ != '/')
		return (false);
	if (isdigit((unsigned char)*p) &&
	    !read_number(&p, PERIODS_MAX, &periods))
		return (false);
	if (p + 1 != end || *p == '\0' || (unit = strchr(units, *p)) == NULL)
		return (false);
	*quota_out = quota;
	*window = periods * seconds[unit - units];
	return (true);
}

bool
rate_limit_counts(const struct rate_limit *l, const struct rate_network *n)
{
	return (n->wider == -1 || (!l->no_client && (!l->of_account ||
	    n->of_account)));
}

/* The index of a wider network; -1 if the limit does not count it. */
static int
find_wider(const struct rate_limit *l, const char *bits, size_t len)
{
	const struct rate_network	*n;
	char				 text[8];

	for (n = rate_networks; n < rate_networks + RATE_NETWORKS; n++) {
		snprintf(text, sizeof(text), "%u", n->bits);
		if (n->wider != -1 && rate_limit_counts(l, n) &&
		    strlen(text) == len && strncmp(bits, text, len) == 0)
			return (n->wider);
	}
	return (-1);
}

void
rate_limit_rate(const struct rate_limit *l, const struct rate_network *n,
    unsigned *quota, unsigned *window)
{
	*quota = l->quota < QUOTA_MAX / n->times ? l->quota * n->times :
	    QUOTA_MAX;
	*window = l->window;
	if (n->wider != -1 && l->wider[n->wider].quota != 0) {
		*quota = l->wider[n->wider].quota;
		*window = l->wider[n->wider].window;
	}
}

static const char *
wrong_item(const char *item, size_t len, const char *problem)
{
	struct rate_limit	*const *l;
	char			 names[512];
	struct text		 t = text_in(names, sizeof(names));

	EACH_REGISTERED(l, rate_limits)
		text_printf(&t, " %s", (*l)->name);
	return (start_error(ENV("RATE_LIMITS") ": '%.*s' %s; it is 'off' or a "
	    "list like token=30/m,token/48=900/m,... (/24, /56, /48) of:%s",
	    (int)(len < 100 ? len : 100), item, problem, names));
}

/* "token=30/m" or "token/48=900/m". */
static const char *
configure_item(const char *item, size_t len)
{
	const char		*equals = memchr(item, '=', len), *slash;
	struct rate_limit	*l;
	unsigned		*quota, *window;
	size_t			 name;
	int			 wider;

	if (equals == NULL)
		return (wrong_item(item, len, "has no ="));
	name = (size_t)(equals - item);
	slash = memchr(item, '/', name);
	l = find_limit(item, slash != NULL ? (size_t)(slash - item) : name);
	if (l == NULL)
		return (wrong_item(item, len, "is no limit"));
	quota = &l->quota;
	window = &l->window;
	if (slash != NULL) {
		wider = find_wider(l, slash + 1,
		    (size_t)(equals - slash) - 1);
		if (wider == -1)
			return (wrong_item(item, len, "names no network"));
		quota = &l->wider[wider].quota;
		window = &l->wider[wider].window;
	}
	if (!read_rate(equals + 1, len - name - 1, quota, window))
		return (wrong_item(item, len, "is no rate"));
	return (NULL);
}

const char *
rate_limit_configure(const char *setting)
{
	const char	*p, *problem;
	size_t		 len;

	off = setting != NULL && strcmp(setting, "off") == 0;
	if (setting == NULL || off)
		return (NULL);
	for (p = setting;; p += len + 1) {
		len = strcspn(p, ",");
		if ((problem = configure_item(p, len)) != NULL)
			return (problem);
		if (p[len] == '\0')
			return (NULL);
	}
}

static void
print_limit(const struct rate_limit *l)
{
	const struct rate_network	*n;
	unsigned			 quota, window;
	char				 name[RATE_LIMIT_NAME + 8];

	printf("%-28s %u per %u s: %s\n", l->name, l->quota, l->window,
	    l->doc);
	for (n = rate_networks; n < rate_networks + RATE_NETWORKS; n++) {
		if (n->wider == -1 || !rate_limit_counts(l, n))
			continue;
		rate_limit_rate(l, n, &quota, &window);
		snprintf(name, sizeof(name), "%s/%u", l->name, n->bits);
		printf("%-28s %u per %u s\n", name, quota, window);
	}
}

void
rate_limit_print(void)
{
	struct rate_limit	*const *l;

	if (off)
		return;
	EACH_REGISTERED(l, rate_limits)
		print_limit(*l);
}

bool
rate_limit_off(void)
{
	return (off);
}
