/* SPDX-License-Identifier: ISC */
/* Turns, caps, and which item is dropped when there is no room. */

/* sources: src/request/fair_queue.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "request/fair_queue.h"

#define ALL	12
#define EACH	6
#define MANY	64

struct named {
	struct fair_item	 item;
	char			 name[8];
};

static struct fair_queue	queue;
static struct named		all[MANY];
static size_t			nall;
static char			popped[256];

static int
setup(void **state)
{
	(void)state;
	queue = (struct fair_queue)FAIR_QUEUE(queue, ALL, EACH);
	memset(all, 0, sizeof(all));
	nall = 0;
	return (0);
}

static const char *
name_of(struct fair_item *item)
{
	return (item != NULL ? ((struct named *)item)->name : NULL);
}

/* "A1x": network A, site 1, and a name. Returns the dropped item, or NULL. */
static const char *
push(const char *name)
{
	struct named		*n = &all[nall++];
	struct fair_item	*dropped = &all[0].item;

	strcpy(n->name, name);
	n->item.network = (uint64_t)name[0];
	n->item.site = (uint64_t)name[1];
	if (!fair_queue_push(&queue, &n->item, &dropped)) {
		assert_null(dropped);
		return ("refused");
	}
	return (name_of(dropped));
}

static void
push_all(const char *names)
{
	char	 copy[256], *name;

	strcpy(copy, names);
	for (name = strtok(copy, " "); name != NULL; name = strtok(NULL, " "))
		assert_null(push(name));
}

/* Pops all items, in their order. */
static const char *
pop_all(void)
{
	struct fair_item	*item;

	*popped = '\0';
	while ((item = fair_queue_pop(&queue)) != NULL) {
		if (*popped != '\0')
			strcat(popped, " ");
		strcat(popped, name_of(item));
	}
	assert_int_equal(queue.length, 0);
	return (popped);
}

static void
test_one_site_is_served_in_order(void **state)
{
	(void)state;
	assert_null(fair_queue_pop(&queue));
	push_all("A1a A1b A1c");
	assert_int_equal(queue.length, 3);
	assert_string_equal(pop_all(), "A1a A1b A1c");
	assert_null(fair_queue_pop(&queue));
}

static void
test_networks_take_turns(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A1d B1a B1b C1a");
	assert_string_equal(pop_all(), "A1a B1a C1a A1b B1b A1c A1d");
}

static void
test_sites_take_turns_within_a_network(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A2a A3a B1a B1b B1c");
	assert_string_equal(pop_all(), "A1a B1a A2a B1b A3a B1c A1b A1c");
}

/* Neither a return nor a late arrival gets a better place. */
static void
test_served_sites_wait_for_others(void **state)
{
	(void)state;
	push_all("A1a A1b B1a C1a");
	assert_string_equal(name_of(fair_queue_pop(&queue)), "A1a");
	push_all("A1c");
	assert_string_equal(name_of(fair_queue_pop(&queue)), "B1a");
	push_all("B1b");
	assert_string_equal(pop_all(), "C1a A1b B1b A1c");

	push_all("A1a");
	assert_string_equal(name_of(fair_queue_pop(&queue)), "A1a");
	push_all("B1a A1b");
	assert_string_equal(pop_all(), "B1a A1b");
}

/* Even with a thousand items of one network, another waits for one at most. */
static void
test_a_flood_does_not_delay_others(void **state)
{
	int	 i, before;

	(void)state;
	for (i = 0; i < 1000; i++) {
		nall = 0;
		while (queue.length < EACH)
			push("A1f");
		nall = EACH;
		assert_null(push("B1v"));
		for (before = 0; strcmp(name_of(fair_queue_pop(&queue)),
		    "B1v") != 0; before++)
			;
		assert_in_range(before, 0, 1);
		while (fair_queue_pop(&queue) != NULL)
			;
	}
}

static void
test_a_network_has_a_cap(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A1d A1e A1f");
	assert_string_equal(push("A1g"), "refused");
	assert_null(push("B1a"));
	assert_int_equal(queue.length, 7);
	assert_string_equal(name_of(fair_queue_pop(&queue)), "A1a");
	assert_null(push("A1g"));
	assert_string_equal(push("A1h"), "refused");
	assert_string_equal(pop_all(), "B1a A1b A1c A1d A1e A1f A1g");
}

/* A site that fills its network's share does not keep other sites out. */
static void
test_a_site_makes_room_for_another(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A1d A1e A1f");
	assert_string_equal(push("A2a"), "A1f");
	assert_string_equal(push("A2b"), "A1e");
	/* Both have two now, so another change would not be fairer. */
	assert_string_equal(push("A2c"), "A1d");
	assert_string_equal(push("A2d"), "refused");
	assert_string_equal(push("A1x"), "refused");
	assert_string_equal(push("A3a"), "A2c");
	assert_string_equal(pop_all(), "A1a A2a A3a A1b A2b A1c");
}

/* One item more or less changes nothing: then neither has too much. */
static void
test_almost_equal_sites(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A2a A2b A3a");
	assert_string_equal(push("A2c"), "refused");
	assert_string_equal(push("A3b"), "A1c");
}

/* Two networks have their share: a newcomer takes a place of its own one. */
static void
test_a_place_within_the_network(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A1d A1e A1f B1a B1b B1c B1d B1e B1f");
	assert_string_equal(push("A2a"), "A1f");
	assert_string_equal(push("B2a"), "B1f");
	assert_string_equal(pop_all(), "A1a B1a A2a B2a A1b B1b A1c B1c A1d "
	    "B1d A1e B1e");
}

static void
test_a_full_queue_makes_room(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A1d A1e B1a B1b B2a B2b C1a C1b C1c");
	assert_int_equal(queue.length, ALL);
	assert_string_equal(push("D1a"), "A1e");
	assert_string_equal(push("D1b"), "A1d");
	assert_string_equal(push("D1c"), "B2b");
	assert_string_equal(push("D1d"), "refused");
	assert_string_equal(push("A1x"), "refused");
	assert_int_equal(queue.length, ALL);
	assert_string_equal(pop_all(), "A1a B1a C1a D1a A1b B2a C1b D1b A1c "
	    "B1b C1c D1c");
}

/* When each has one, none is dropped. */
static void
test_no_room_among_equals(void **state)
{
	char	 name[8] = "A1a";
	int	 i;

	(void)state;
	for (i = 0; i < ALL; i++, name[0]++)
		assert_null(push(name));
	assert_string_equal(push(name), "refused");
	assert_string_equal(push("A1b"), "refused");
}

/* Its neighbours keep the turn. */
static void
test_one_that_leaves(void **state)
{
	(void)state;
	push_all("A1a B1a A1b");
	fair_queue_remove(&queue, &all[0].item);
	assert_string_equal(pop_all(), "A1b B1a");
	nall = 0;
	push_all("A1a A2a A1b");
	fair_queue_remove(&queue, &all[0].item);
	assert_string_equal(pop_all(), "A1b A2a");
}

/* Otherwise two sites could drop each other's items in turn. */
static void
test_no_room_for_what_would_be_as_heavy(void **state)
{
	(void)state;
	push_all("A1a A1b A1c A2a A2b A3a");
	assert_string_equal(push("A2c"), "refused");
	assert_string_equal(push("A3b"), "A1c");
}

static void
test_remove(void **state)
{
	struct fair_item	*b;

	(void)state;
	push_all("A1a A1b B1a");
	b = &all[2].item;
	fair_queue_remove(&queue, b);
	assert_int_equal(queue.length, 2);
	assert_string_equal(pop_all(), "A1a A1b");
}

/* Who gives up leaves its turn to those of its network, and of its site. */
static void
test_a_turn_is_inherited(void **state)
{
	(void)state;
	push_all("A1a B1a A1b");
	fair_queue_remove(&queue, &all[0].item);
	assert_string_equal(pop_all(), "A1b B1a");

	nall = 0;
	push_all("A1a A2a A1b");
	fair_queue_remove(&queue, &all[0].item);
	assert_string_equal(pop_all(), "A1b A2a");
}

/* At random: never more than the caps, and no item is lost or served twice. */
static void
test_noise(void **state)
{
	struct fair_item	*dropped, *item;
	unsigned		 in = 0, out = 0, k;
	static struct fair_item	 items[4096];
	static bool		 waits[4096];

	(void)state;
	srand(7);
	for (k = 0; k < 4096; k++) {
		items[k].network = (uint64_t)(rand() % 5);
		items[k].site = (uint64_t)(rand() % 3);
		if (fair_queue_push(&queue, &items[k], &dropped)) {
			in++;
			waits[k] = true;
			if (dropped != NULL) {
				assert_true(waits[dropped - items]);
				waits[dropped - items] = false;
				out++;
			}
		}
		assert_true(queue.length <= ALL);
		if (rand() % 3 == 0 &&
		    (item = fair_queue_pop(&queue)) != NULL) {
			assert_true(waits[item - items]);
			waits[item - items] = false;
			out++;
		}
		assert_int_equal(queue.length, in - out);
	}
	assert_true(in > 1000);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest	tests[] = {
		TEST(test_one_site_is_served_in_order),
		TEST(test_networks_take_turns),
		TEST(test_sites_take_turns_within_a_network),
		TEST(test_served_sites_wait_for_others),
		TEST(test_a_flood_does_not_delay_others),
		TEST(test_a_network_has_a_cap),
		TEST(test_a_site_makes_room_for_another),
		TEST(test_almost_equal_sites),
		TEST(test_a_place_within_the_network),
		TEST(test_a_full_queue_makes_room),
		TEST(test_no_room_among_equals),
		TEST(test_no_room_for_what_would_be_as_heavy),
		TEST(test_one_that_leaves),
		TEST(test_remove),
		TEST(test_a_turn_is_inherited),
		TEST(test_noise),
	};

	return (cmocka_run_group_tests_name("fair_queue", tests, NULL, NULL));
}
