/* SPDX-License-Identifier: ISC */
/* Objects in schemas, and members that a response may leave out. */

/* sources: src/schema/schema_write.c src/schema/schema.c */
/* sources: src/schema/validator.c src/base/jsonw.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/error_details.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* defines: -DFAULTS */

#include "request/request_fixture.h"

#include <stdlib.h>

#include "schema/schema.h"

struct maker {
	const char	*id;
	const char	*name;
	int64_t		 version;
};

struct thing {
	const char		*id;
	const char		*text;
	int64_t			 rank;
	int64_t			 version;
	const struct maker	*maker, *owner;
};

struct things {
	const struct thing	*items;
	size_t			 items_count;
	int64_t			 total;
	bool			 rough;
};

SCHEMA_DECLARE(maker, maker);
SCHEMA_DECLARE(thing, thing);
SCHEMA_DECLARE(thing_item, thing);
SCHEMA_DECLARE(thing_ranked, thing);
SCHEMA_DECLARE(things, things);

static const struct member	maker_members[] = {
	MEMBER(maker, id, T_UUID, 0),
	MEMBER(maker, name, T_STR, OUT),
	MEMBER(maker, version, T_INT, ETAG),
};

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, text, T_STR, OUT),
	MEMBER(thing, version, T_INT, ETAG),
	OBJECT(thing, maker, maker, OUT | OPTIONAL),
	OBJECT(thing, owner, maker, OUT),
};

static const struct member	things_members[] = {
	LIST(things, items, thing),
	MEMBER(things, total, T_INT, OUT),
	MEMBER(things, rough, T_BOOL, OUT | SPARSE),
};

SCHEMA(maker);
SCHEMA(thing);
SCHEMA_LIKE(thing_item, thing, .sparse = true);
SCHEMA_LIKE(thing_ranked, thing, .also = MEMBERS(
	MEMBER(thing, rank, T_INT, OUT)));
SCHEMA(things);

static const struct maker	ada = { "1", "Ada", 3 };
static const struct maker	bob = { "2", "Bob", 4 };

static struct thing		rows[2];
static const struct schema	*schema;
static const char		*const *names;
static const void		*in;
static char			 written[1024];

static void
write_it(struct ctx *c)
{
	const struct schema	*s = schema;

	if (names != NULL)
		s = schema_pick(c, s, names);
	strcpy(written, schema_write(c, s, in));
}

static const char *
written_as(const struct schema *s, const char *const *shown, const void *what)
{
	schema = s;
	names = shown;
	in = what;
	*written = '\0';
	request_begin();
	assert_string_equal(request_run(write_it), "ok");
	return (written);
}

static int
setup(void **state)
{
	(void)state;
	rows[0] = (struct thing){ .id = "a", .text = "x", .owner = &bob };
	rows[1] = rows[0];
	rows[1].id = "b";
	return (0);
}

static void
test_objects_are_written(void **state)
{
	(void)state;
	rows[0].maker = &ada;
	assert_string_equal(written_as(&thing_schema, NULL, rows),
	    "{\"id\":\"a\",\"text\":\"x\",\"maker\":{\"name\":\"Ada\"},"
	    "\"owner\":{\"name\":\"Bob\"}}");
}

/* One that is OPTIONAL is there or not; of another, NULL is null. */
static void
test_objects_that_are_not_set(void **state)
{
	(void)state;
	assert_string_equal(written_as(&thing_schema, NULL, rows),
	    "{\"id\":\"a\",\"text\":\"x\",\"owner\":{\"name\":\"Bob\"}}");
	rows[0].owner = NULL;
	assert_string_equal(written_as(&thing_schema, NULL, rows),
	    "{\"id\":\"a\",\"text\":\"x\",\"owner\":null}");
}

/* What code sets is no column. */
static void
test_columns(void **state)
{
	(void)state;
	assert_true(schema_columns(&thing_schema) == 3);
	assert_true(schema_columns(&thing_item_schema) == 3);
	assert_true(schema_columns(&thing_ranked_schema) == 4);
	assert_true(schema_columns(&maker_schema) == 3);
	assert_true(schema_columns(&(struct schema){
	    .members = thing_members + 4, .nmembers = 1 }) == 0);
}

/* Behind what a schema adds, in their order. */
static void
test_objects_stay_last(void **state)
{
	rows[0].maker = &ada;
	rows[0].rank = 7;
	(void)state;
	assert_string_equal(written_as(&thing_ranked_schema, NULL, rows),
	    "{\"id\":\"a\",\"text\":\"x\",\"rank\":7,"
	    "\"maker\":{\"name\":\"Ada\"},\"owner\":{\"name\":\"Bob\"}}");
}

static void
test_picking_members(void **state)
{
	rows[0].maker = &ada;
	(void)state;
	assert_string_equal(written_as(&thing_item_schema, NAMES("text"),
	    rows), "{\"text\":\"x\"}");
	assert_string_equal(written_as(&thing_item_schema,
	    NAMES("owner", "maker", "id", "text", "version"), rows),
	    "{\"id\":\"a\",\"text\":\"x\",\"maker\":{\"name\":\"Ada\"},"
	    "\"owner\":{\"name\":\"Bob\"}}");
	assert_string_equal(written_as(&thing_item_schema,
	    (const char *const[]){ NULL }, rows), "{}");
	assert_string_equal(written_as(&thing_item_schema, NAMES("none"),
	    rows), "{}");
	/* Of members that are not SPARSE, all. */
	assert_string_equal(written_as(&maker_schema, NAMES("none"), &ada),
	    "{\"name\":\"Ada\"}");
	assert_string_equal(written_as(&thing_item_schema, NULL, rows + 1),
	    "{\"id\":\"b\",\"text\":\"x\",\"owner\":{\"name\":\"Bob\"}}");
}

static void
test_picking_members_of_items(void **state)
{
	static struct member	 members[3];
	static struct schema	 list;
	struct things		 all = { .items = rows, .items_count = 2,
				    .total = 5 };

	(void)state;
	memcpy(members, things_members, sizeof(members));
	members[0].of = &thing_item_schema;
	list = things_schema;
	list.members = members;
	assert_string_equal(written_as(&list, NAMES("id"), &all),
	    "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"total\":5}");
	assert_string_equal(written_as(&list, NAMES("text", "rough"), &all),
	    "{\"items\":[{\"text\":\"x\"},{\"text\":\"x\"}],\"total\":5,"
	    "\"rough\":false}");
	/* The schema itself is as it was. */
	assert_ptr_equal(members[0].of, &thing_item_schema);
	assert_true(thing_item_schema.nmembers == 5);
}

static void
test_memory_short(void **state)
{
	const char	*outcome = "";
	unsigned	 n;

	(void)state;
	schema = &thing_item_schema;
	names = NAMES("id", "owner");
	in = rows;
	for (n = 1; n < 20; n++) {
		request_begin();
		request.faults.countdown[FAULT_ALLOC] = n;
		outcome = request_run(write_it);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 2, 19);
	assert_string_equal(outcome, "ok");
}

/* Mistakes */

/* Tries the thing with other members. */
static const char *
with(const struct member *members, size_t n)
{
	static char	 problem[512];
	const char	*found;

	free((void *)(uintptr_t)thing_schema.rules);
	thing_schema.rules = NULL;
	thing_schema.id = thing_schema.version = NULL;
	thing_schema.members = members;
	thing_schema.nmembers = n;
	found = schemas_init();
	snprintf(problem, sizeof(problem), "%s", found != NULL ? found : "");
	thing_schema.members = thing_members;
	thing_schema.nmembers = 5;
	free((void *)(uintptr_t)thing_schema.rules);
	thing_schema.rules = NULL;
	assert_null(schemas_init());
	return (problem);
}

#define WHERE	__FILE__ ": the schema thing: "

static void
test_objects_that_stand_first(void **state)
{
	struct member	 members[3] = { thing_members[0], thing_members[3],
			    thing_members[1] };

	(void)state;
	assert_string_equal(with(members, 3), WHERE "objects stand last: move "
	    "text up");
	assert_string_equal(with(members, 2), "");
}

/* With the tag of the thing, a client would keep an old maker. */
static void
test_an_object_without_a_version(void **state)
{
	static const struct schema	plain = { .name = "plain",
	    .structure = "maker", .members = maker_members, .nmembers = 2 };
	struct member			members[3] = { thing_members[0],
	    thing_members[2], thing_members[3] };

	(void)state;
	assert_string_equal(with(members, 3), "");
	members[2].of = &plain;
	assert_string_equal(with(members, 3), WHERE "its ETag does not change "
	    "with maker: write MEMBER(maker, version, T_INT, ETAG)");
	members[1] = thing_members[1];
	assert_string_equal(with(members, 3), "");
}

#define ENDLESS(member)							\
	": " member " is within itself, or more than 8 levels down: "	\
	"give it a schema without that member"

static void
test_an_object_in_itself(void **state)
{
	struct member	 members[2] = { thing_members[0], thing_members[4] };
	struct member	 inner[9];
	struct schema	 levels[9];
	size_t		 i;

	(void)state;
	members[1].of = &thing_schema;
	assert_non_null(strstr(with(members, 2), ENDLESS("thing.owner")));
	members[1].type = T_LIST;
	assert_non_null(strstr(with(members, 2), ENDLESS("thing.owner")));
	for (i = 0; i < 9; i++) {
		inner[i] = (struct member){ .structure = "l", .name = "n",
		    .type = T_OBJECT, .flags = OUT,
		    .of = i < 8 ? &levels[i + 1] : NULL };
		levels[i] = (struct schema){ .name = "l",
		    .members = &inner[i], .nmembers = 1 };
	}
	/* The list things is one level more. */
	members[1].of = &levels[1];
	assert_non_null(strstr(with(members, 2), ENDLESS("l.n")));
	members[1].of = &levels[2];
	assert_string_equal(with(members, 2), "");
}

static int
start(void **state)
{
	const char	*problem = schemas_init();

	(void)state;
	if (problem != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_objects_are_written),
		TEST(test_objects_that_are_not_set),
		TEST(test_columns),
		TEST(test_objects_stay_last),
		TEST(test_picking_members),
		TEST(test_picking_members_of_items),
		TEST(test_memory_short),
		TEST(test_objects_that_stand_first),
		TEST(test_an_object_without_a_version),
		TEST(test_an_object_in_itself),
	};

	return (cmocka_run_group_tests_name("schema_objects", tests, start,
	    NULL));
}
