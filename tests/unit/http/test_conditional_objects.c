/* SPDX-License-Identifier: ISC */
/* Entity tags of responses that show an object with versions of its own. */

/* sources: src/http/conditional.c src/http/respond.c */
/* sources: src/http/schema_response.c src/schema/schema_write.c */
/* sources: src/schema/schema.c src/schema/validator.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/base/jsonw.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */
/* defines: -DFAULTS */

#include "answer_fixture.h"

#include "http/conditional.h"

#define ID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

static const struct endpoint	get = { .verb = VERB_GET },
				patch = { .verb = VERB_PATCH,
				    .if_match = true };

struct maker {
	const char		*id;
	const char		*alias;
	int64_t			 version;
	const struct maker	*boss;
};

struct made {
	const char		*id;
	int64_t			 version;
	const struct maker	*maker, *owner;
};

SCHEMA_DECLARE(boss, maker);
SCHEMA_DECLARE(maker, maker);
SCHEMA_DECLARE(made, made);

#define MAKER_MEMBERS							\
	MEMBER(maker, id, T_UUID, 0),					\
	MEMBER(maker, alias, T_STR, OUT | OPTIONAL),			\
	MEMBER(maker, version, T_INT, ETAG)

static const struct member	boss_members[] = { MAKER_MEMBERS };
static const struct member	maker_members[] = {
	MAKER_MEMBERS,
	{ .structure = "maker", .name = "boss", .type = T_OBJECT,
	  .flags = OUT | OPTIONAL, .of = &boss_schema,
	  .offset = offsetof(struct maker, boss) },
};
static const struct member	made_members[] = {
	MEMBER(made, id, T_UUID, OUT),
	MEMBER(made, version, T_INT, ETAG),
	OBJECT(made, maker, maker, OUT | OPTIONAL),
	OBJECT(made, owner, maker, OUT),
};

SCHEMA_OF(boss, maker);
SCHEMA_OF(maker, maker);
SCHEMA_OF(made, made);

static struct made	made;

static void
ask_etag_of_made(struct ctx *c)
{
	respond_etag(c, &made_schema, &made);
}

static void
assert_made_tag(const char *shown)
{
	answer_begin(&get);
	assert_string_equal(request_run(ask_etag_of_made), "ok");
	assert_header("etag", answer_tag(&made_schema, shown, 7));
}

static void
test_tags_of_objects(void **state)
{
	struct maker	 ada = { .id = "A", .version = 1 };
	struct maker	 bob = { .id = "B", .version = 2 };
	struct maker	 eve = { .id = "E", .version = 3 };

	(void)state;
	/* Also of one that is always shown; nothing of one that is not set. */
	assert_made_tag(ID " owner");
	made.owner = &bob;
	assert_made_tag(ID " owner B 2");
	made.maker = &ada;
	assert_made_tag(ID " maker A 1 owner B 2");
	ada.version = 8;
	assert_made_tag(ID " maker A 8 owner B 2");
	/* An object's own members, and its objects. */
	ada.alias = "";
	bob.boss = &eve;
	assert_made_tag(ID " maker A alias 8 owner B boss E 3 2");
	eve.version = 4;
	assert_made_tag(ID " maker A alias 8 owner B boss E 4 2");
}

/* What was read with another object, or without one, is another state. */
static const char	*version;

static void
ask_precondition(struct ctx *c)
{
	version = schema_precondition(c, &made_schema, &made);
}

static void
test_preconditions_with_objects(void **state)
{
	struct maker	 ada = { .id = "A", .version = 1 };

	(void)state;
	made.maker = made.owner = &ada;
	answer_begin(&patch);
	send_line("if-match", answer_tag(&made_schema,
	    ID " maker A 1 owner A 1", 7));
	assert_string_equal(request_run(ask_precondition), "ok");
	assert_string_equal(version, "7");
	answer_begin(&patch);
	send_line("if-match", answer_tag(&made_schema,
	    ID " maker A 1 owner A 1", 7));
	ada.version = 2;
	assert_string_equal(request_run(ask_precondition),
	    "412 PRECONDITION_FAILED");
}

static int
setup(void **state)
{
	(void)state;
	made = (struct made){ .id = ID, .version = 7 };
	return (0);
}

static int
start(void **state)
{
	(void)state;
	return (schema_tag_init(&boss_schema) &&
	    schema_tag_init(&maker_schema) &&
	    schema_tag_init(&made_schema) ? 0 : -1);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_tags_of_objects),
		TEST(test_preconditions_with_objects),
	};

	return (cmocka_run_group_tests_name("conditional_objects", tests,
	    start, NULL));
}
