/* SPDX-License-Identifier: ISC */
/* Rate limits: their setting, the networks that count, what headers say. */

/* sources: app */

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "base/register.h"
#include "dependencies.h"
#include "middleware/rate_limit.h"

RATE_LIMIT(tested, 5, MINUTE, "Of this test");
RATE_LIMIT(of_accounts, 7, HOUR, "Of this test", .of_account = true);
RATE_LIMIT(of_nobody, 9, DAY, "Of this test", .no_client = true);
RATE_LIMIT(teste, 1, DAY, "Of this test, too");

static int
forget_setting(void **state)
{
	tested_limit.quota = 5;
	tested_limit.window = MINUTE;
	memset(tested_limit.wider, 0, sizeof(tested_limit.wider));
	memset(of_accounts_limit.wider, 0, sizeof(of_accounts_limit.wider));
	assert_null(rate_limit_configure(NULL));
	assert_null(rate_limit_init());		/* nothing is counted yet */
	return (client_setup(state));
}

/* The rates, from the narrowest network on: "5/60 80/60"; IPv4, then IPv6. */
static const char *
rates(const struct rate_limit *l)
{
	static char	 text[256];
	unsigned	 i, quota, window;
	size_t		 n = 0;

	*text = '\0';
	for (i = 0; i < RATE_NETWORKS; i++) {
		if (!rate_limit_counts(l, &rate_networks[i]))
			continue;
		rate_limit_rate(l, &rate_networks[i], &quota, &window);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s/%u=%u/%u",
		    n > 0 ? " " : "", rate_networks[i].bits, quota, window);
	}
	return (text);
}

static void
test_the_networks_that_count(void **state)
{
	(void)state;
	assert_string_equal(rates(&tested_limit),
	    "/32=5/60 /24=80/60 /64=5/60 /56=20/60 /48=80/60");
	assert_string_equal(rates(&of_accounts_limit),
	    "/32=7/3600 /24=112/3600 /64=7/3600 /56=28/3600");
	assert_string_equal(rates(&of_nobody_limit),
	    "/32=9/86400 /64=9/86400");
	/* A multiple is never more than the largest quota. */
	assert_null(rate_limit_configure("tested=62499/m"));
	assert_non_null(strstr(rates(&tested_limit), "/24=999984/60 "));
	assert_null(rate_limit_configure("tested=62500/m"));
	assert_non_null(strstr(rates(&tested_limit), "/24=1000000/60 "));
	assert_null(rate_limit_configure("tested=1000000/m"));
	assert_string_equal(rates(&tested_limit), "/32=1000000/60 "
	    "/24=1000000/60 /64=1000000/60 /56=1000000/60 /48=1000000/60");
}

static void
test_settings(void **state)
{
	static const struct {
		const char	*setting, *rates;
	} cases[] = {
		{ "tested=1/s", "/32=1/1 /24=16/1 /64=1/1 /56=4/1 /48=16/1" },
		{ "tested=2/2m",
		    "/32=2/120 /24=32/120 /64=2/120 /56=8/120 /48=32/120" },
		{ "tested=3/h,tested/24=4/10000d", "/32=3/3600 "
		    "/24=4/864000000 /64=3/3600 /56=12/3600 /48=48/3600" },
		{ "tested/48=9/h,tested/56=8/s",
		    "/32=5/60 /24=80/60 /64=5/60 /56=8/1 /48=9/3600" },
		{ "teste=9/s", "/32=5/60 /24=80/60 /64=5/60 /56=20/60 "
		    "/48=80/60" },
		{ "off", "/32=5/60 /24=80/60 /64=5/60 /56=20/60 /48=80/60" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forget_setting(state);
		assert_null(rate_limit_configure(cases[i].setting));
		assert_string_equal(rates(&tested_limit), cases[i].rates);
		assert_true(rate_limit_off() == (i == 5));
	}
	forget_setting(state);
	assert_false(rate_limit_off());
}

static void
test_settings_that_are_wrong(void **state)
{
	static const struct {
		const char	*setting, *problem;
	} cases[] = {
		{ "", "'' has no =" },
		{ "tested", "'tested' has no =" },
		{ "offf", "'offf' has no =" },
		{ "test=1/s", "'test=1/s' is no limit" },
		{ "testedx=1/s", "is no limit" },
		{ "tested=1/s,", "'' has no =" },
		{ "tested=1/s,x=1/s", "'x=1/s' is no limit" },
		{ "tested=0/s", "is no rate" },
		{ "tested=1000001/s", "is no rate" },
		{ "tested=99999999999/s", "is no rate" },
		{ "tested=-1/s", "is no rate" },
		{ "tested=1", "is no rate" },
		{ "tested=1/", "is no rate" },
		{ "tested=1/x", "is no rate" },
		{ "tested=1/ss", "is no rate" },
		{ "tested=1/0s", "is no rate" },
		{ "tested=1/10001s", "is no rate" },
		{ "tested=1/10", "is no rate" },
		{ "tested=/s", "is no rate" },
		{ "tested=1s", "is no rate" },
		{ "tested/32=1/s", "names no network" },
		{ "tested/64=1/s", "names no network" },
		{ "tested/=1/s", "names no network" },
		{ "tested/2=1/s", "names no network" },
		{ "tested/240=1/s", "names no network" },
		{ "of_accounts/48=1/s", "names no network" },
		{ "of_nobody/24=1/s", "names no network" },
	};
	const char	*problem;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		problem = rate_limit_configure(cases[i].setting);
		if (problem == NULL || strstr(problem, cases[i].problem) ==
		    NULL)
			fail_msg("%s: %s", cases[i].setting, problem);
	}
	assert_null(rate_limit_configure("of_accounts/56=1/s"));
}

REGISTERED(struct rate_limit, rate_limits);

/* Those that the product ships with (docs/limits.md). */
static void
test_the_defaults(void **state)
{
	static const struct {
		const char	*name, *rates;
	} defaults[] = {
		{ "register", "/32=20/3600 /24=320/3600 /64=20/3600 "
		    "/56=80/3600 /48=320/3600" },
		{ "token", "/32=60/60 /24=960/60 /64=60/60 /56=240/60 "
		    "/48=960/60" },
		{ "revoke", "/32=60/60 /24=960/60 /64=60/60 /56=240/60 "
		    "/48=960/60" },
		{ "sign_in_failures",
		    "/32=5/60 /24=80/60 /64=5/60 /56=20/60" },
		{ "password_failures",
		    "/32=5/60 /24=80/60 /64=5/60 /56=20/60" },
		{ "address_failures", "/32=20/60 /24=320/60 /64=20/60 "
		    "/56=80/60 /48=320/60" },
		{ "email_changes",
		    "/32=10/3600 /24=160/3600 /64=10/3600 /56=40/3600" },
		{ "account_mails", "/32=20/3600 /24=320/3600 /64=20/3600 "
		    "/56=80/3600 /48=320/3600" },
		{ "account_tokens", "/32=60/60 /24=960/60 /64=60/60 "
		    "/56=240/60 /48=960/60" },
		{ "account_pages", "/32=60/60 /24=960/60 /64=60/60 "
		    "/56=240/60 /48=960/60" },
		{ "recipient_mails", "/32=5/86400 /64=5/86400" },
		{ "email_tokens", "/32=60/60 /24=960/60 /64=60/60 "
		    "/56=240/60 /48=960/60" },
		{ "recipient_notices", "/32=5/86400 /64=5/86400" },
	};
	struct rate_limit	*const *l;
	size_t			 i, n = sizeof(defaults) / sizeof(defaults[0]);
	size_t			 found = 0;

	(void)state;
	EACH_REGISTERED(l, rate_limits) {
		for (i = 0; i < n && strcmp(defaults[i].name, (*l)->name) != 0;
		    i++)
			;
		if (i == n)	/* this test's, or a project's */
			continue;
		assert_string_equal(rates(*l), defaults[i].rates);
		found++;
	}
	assert_int_equal(found, n);
}

/* Counted by what a handler's dependency does. */
static struct rate_held	*held[2];
static void		(*step)(struct ctx *);
static const char	*account;

static void
run_step(struct ctx *c, const struct dependency *d)
{
	(void)d;
	step(c);
	raise_error(c, &ERR_FORBIDDEN, "done");
}

static int
run(void (*fn)(struct ctx *))
{
	step = fn;
	return (client_request("GET", "/api/v1/users/me", NULL));
}

static void
count(struct ctx *c)
{
	rate_limit_request(c, &tested_limit);
}

static void
hold(struct ctx *c)
{
	held[0] = rate_limit_hold(c, &of_accounts_limit, account);
}

static void
spend(struct ctx *c)
{
	hold(c);
	rate_limit_spend(held[0]);
}

static void
spend_one_of_two(struct ctx *c)
{
	hold(c);
	held[1] = rate_limit_hold(c, &tested_limit, NULL);
	rate_limit_spend(held[1]);
}

static void
assert_left(const char *policy, const char *left)
{
	assert_string_equal(client_header("ratelimit-policy"), policy);
	assert_non_null(client_header("ratelimit"));
	if (strncmp(client_header("ratelimit"), left, strlen(left)) != 0)
		fail_msg("%s, not %s", client_header("ratelimit"), left);
}

static void
begin(void)
{
	override_dependency(&signed_in, run_step, "read_me");
	account = "x";
}

static void
test_requests_are_counted(void **state)
{
	char		 expected[32];
	unsigned	 i;

	(void)state;
	begin();
	for (i = 0; i < 5; i++) {
		assert_int_equal(run(count), 403);
		snprintf(expected, sizeof(expected), "\"tested\";r=%u;t=",
		    4 - i);
		assert_left("\"tested\";q=5;w=60", expected);
		assert_null(client_header("retry-after"));
	}
	assert_int_equal(run(count), 429);
	assert_left("\"tested\";q=5;w=60", "\"tested\";r=0;t=12");
	assert_string_equal(client_header("retry-after"), "12");
	assert_string_equal(client_text("error.message"), "Too many requests");

	/* Another address has its own. */
	client_setup(NULL);
	assert_int_equal(run(count), 403);
	assert_left("\"tested\";q=5;w=60", "\"tested\";r=4;t=12");

	assert_null(rate_limit_configure("off"));
	assert_int_equal(run(count), 403);
	assert_null(client_header("ratelimit"));
	assert_null(client_header("ratelimit-policy"));
}

static const char	*from;

static void
count_from(struct ctx *c)
{
	netaddr_parse(from, &c->address);
	count(c);
}

/* Each family has its own networks: an IPv6 /32 belongs to many customers. */
static void
test_networks_of_ipv6(void **state)
{
	static const struct {
		const char	*from, *left;
	} cases[] = {
		{ "2001:db8:1:100::1", "\"tested\";r=0" },	/* the fifth */
		{ "2001:db8:1:100:ffff::1", "\"tested\";r=0" },
		{ "2001:db8:1:101::1", "\"tested\";r=4" },
		{ "2001:db8:2:100::1", "\"tested\";r=4" },
	};
	size_t	 i;

	(void)state;
	begin();
	from = cases[0].from;
	for (i = 0; i < 4; i++)
		run(count_from);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		from = cases[i].from;
		assert_int_equal(run(count_from), i == 1 ? 429 : 403);
		assert_left("\"tested\";q=5;w=60", cases[i].left);
	}
}

/* The network with the least left is the one that is shown. */
static void
test_a_wider_network_is_shown(void **state)
{
	(void)state;
	begin();
	assert_null(rate_limit_configure("tested/24=2/h"));
	client_setup(NULL);
	assert_int_equal(run(count), 403);
	client_setup(NULL);
	run(count);
	client_setup(NULL);
	assert_int_equal(run(count), 429);
	assert_left("\"tested/24\";q=2;w=3600", "\"tested/24\";r=0;t=1800");
	/* What the narrower network had given is given back. */
	assert_null(rate_limit_configure("tested/24=1000000/d"));
	assert_int_equal(run(count), 403);
	assert_left("\"tested\";q=5;w=60", "\"tested\";r=4;t=12");
}

static void
test_what_is_not_spent_is_given_back(void **state)
{
	unsigned	 i;

	(void)state;
	begin();
	for (i = 0; i < 20; i++) {
		assert_int_equal(run(hold), 403);
		assert_null(client_header("ratelimit"));
	}
	for (i = 0; i < 7; i++)
		assert_int_equal(run(spend), 403);
	assert_left("\"of_accounts\";q=7;w=3600", "\"of_accounts\";r=0;t=");
	assert_int_equal(run(spend), 429);
	assert_int_equal(run(hold), 429);
	/* Another account, and another address, have their own. */
	account = "y";
	assert_int_equal(run(hold), 403);
	account = "x";
	client_setup(NULL);
	assert_int_equal(run(hold), 403);
}

static void
test_one_of_two_is_spent(void **state)
{
	(void)state;
	begin();
	assert_int_equal(run(spend_one_of_two), 403);
	assert_left("\"tested\";q=5;w=60", "\"tested\";r=4;t=12");
	assert_null(rate_limit_configure("off"));
	assert_int_equal(run(spend_one_of_two), 403);
	assert_null(held[0]);
	assert_null(held[1]);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, forget_setting, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_the_networks_that_count),
		TEST(test_the_defaults),
		TEST(test_settings),
		TEST(test_settings_that_are_wrong),
		TEST(test_requests_are_counted),
		TEST(test_networks_of_ipv6),
		TEST(test_a_wider_network_is_shown),
		TEST(test_what_is_not_spent_is_given_back),
		TEST(test_one_of_two_is_spent),
	};

	return (cmocka_run_group_tests_name("rate_limit", tests,
	    client_start, NULL));
}
