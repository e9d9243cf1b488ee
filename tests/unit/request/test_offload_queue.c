/* SPDX-License-Identifier: ISC */
/* Who waits for a thread: how many, in which order, and who must go. */

/* sources: src/request/offload.c src/request/fair_queue.c */
/* sources: src/request/ctx.c src/coro/coro.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c */
/* defines: -DFAULTS -Wl,--wrap=clock_gettime,--wrap=mem_free */
/* defines: -Wl,--wrap=setpriority,--wrap=malloc_trim */

#include "offload_fixture.h"

#define ELSEWHERE	"10.255.255.255"

/* The thread is busy; `count` others wait. Returns the next number. */
static int
fill(int first, int count, const char *address, bool known)
{
	int	 i;

	for (i = first; i < first + count; i++) {
		if (known)
			begin_known(i, address);
		else
			begin(i, address);
		assert_waits(&clients[i]);
	}
	return (i);
}

static void
fill_and_overfill(bool known, int each)
{
	struct client	*(*add)(int, const char *) = known ? begin_known :
			    begin;
	struct client	*c;
	int		 i;

	begin(0, ELSEWHERE);
	i = fill(1, each, NETWORK_ONE, known);

	/* One network has its share; another has room. */
	assert_ended(add(i, NETWORK_ONE), BUSY);
	assert_int_equal(offload_count(), 1 + each);
	i = fill(i, each, NETWORK_TWO, known);
	assert_int_equal(offload_count(), 1 + 2 * each);
	assert_ended(add(i, NETWORK_TWO), BUSY);

	/* It is full: the newest of the others makes room. */
	c = add(i, NETWORK_THREE);
	assert_waits(c);
	assert_int_equal(offload_count(), 1 + 2 * each);
	coro_run();
	assert_ended(&clients[i - 1], BUSY);
	for (i = 1; i < 2 * each; i++)
		assert_waits(&clients[i]);

	/* Nobody but them was dropped. */
	finish_all();
	assert_ended(c, "ok");
	for (i = 1; i < 2 * each; i++)
		assert_ended(&clients[i], "ok");
}

static void
test_strangers(void **state)
{
	(void)state;
	fill_and_overfill(false, 48);
}

static void
test_those_who_are_known(void **state)
{
	(void)state;
	fill_and_overfill(true, 24);
}

/* Those who are known or signed in do not wait with strangers. */
static void
test_full_of_strangers(void **state)
{
	struct client	*known, *signed_in;
	int		 someone;

	(void)state;
	begin(0, ELSEWHERE);
	fill(1, 48, NETWORK_ONE, false);
	known = begin_known(50, NETWORK_ONE);
	assert_waits(known);
	signed_in = prepare(51, NETWORK_ONE);
	signed_in->c->user = (struct user *)(void *)&someone;
	begin_prepared(signed_in);
	assert_waits(signed_in);
	assert_ended(begin(52, NETWORK_ONE), BUSY);
	finish_all();
	assert_ended(known, "ok");
	assert_ended(signed_in, "ok");
}

/* Which turn was last does not matter. */
static void
test_the_queues_take_turns(void **state)
{
	(void)state;
	begin(0, ELSEWHERE);
	fill(1, 4, NETWORK_ONE, false);
	fill(11, 2, NETWORK_ONE, true);
	finish_all();
	if (strcmp(ran, "0 1 11 2 12 3 4") != 0)
		assert_string_equal(ran, "0 11 1 12 2 3 4");

	ran[0] = '\0';
	begin(0, ELSEWHERE);
	fill(11, 4, NETWORK_ONE, true);
	fill(1, 2, NETWORK_ONE, false);
	finish_all();
	if (strcmp(ran, "0 1 11 2 12 13 14") != 0)
		assert_string_equal(ran, "0 11 1 12 2 13 14");
}

static void
test_networks_take_turns(void **state)
{
	(void)state;
	begin(0, ELSEWHERE);
	fill(1, 3, NETWORK_ONE, false);
	fill(4, 1, NETWORK_TWO, false);
	fill(5, 1, "192.0.2.2", false);
	finish_all();
	assert_string_equal(ran, "0 1 4 5 2 3");
}

/*
 * A network is a /24 or a /48, and a site is an address or a /56. When one site
 * has all of its network's share, the same site is refused, another site of
 * that network takes its place, and another network has a share of its own.
 */

enum place { SAME_SITE, SAME_NETWORK, OTHER_NETWORK };

static enum place
place_of(int number, const char *address)
{
	unsigned	 before = offload_count();

	begin(number, address);
	coro_run();
	if (clients[number].c == NULL)
		return (SAME_SITE);
	return (offload_count() == before ? SAME_NETWORK : OTHER_NETWORK);
}

static void
test_sites_and_networks(void **state)
{
	static const struct {
		const char	*first, *second;
		enum place	 place;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", SAME_SITE },
		{ "192.0.2.1", "192.0.2.0", SAME_NETWORK },
		{ "192.0.2.1", "192.0.2.129", SAME_NETWORK },
		{ "192.0.2.1", "192.0.3.1", OTHER_NETWORK },
		{ "192.0.2.1", "::ffff:192.0.2.1", SAME_SITE },
		{ "2001:db8::1", "2001:db8::2", SAME_SITE },
		{ "2001:db8::1", "2001:db8:0:80::1", SAME_SITE },
		{ "2001:db8::1", "2001:db8:0:100::1", SAME_NETWORK },
		{ "2001:db8::1", "2001:db8:0:8000::1", SAME_NETWORK },
		{ "2001:db8::1", "2001:db8:1::1", OTHER_NETWORK },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(0, ELSEWHERE);
		fill(1, 48, cases[i].first, false);
		if (place_of(50, cases[i].second) != cases[i].place)
			fail_msg("%s and %s", cases[i].first,
			    cases[i].second);
		finish_all();
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_strangers),
		TEST(test_those_who_are_known),
		TEST(test_full_of_strangers),
		TEST(test_the_queues_take_turns),
		TEST(test_networks_take_turns),
		TEST(test_sites_and_networks),
	};

	return (cmocka_run_group_tests_name("offload_queue", tests, NULL,
	    NULL));
}
