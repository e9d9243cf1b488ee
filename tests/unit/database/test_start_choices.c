/* SPDX-License-Identifier: ISC */
/* Which choices of kore.conf are tried on which columns, and what is said. */

/* sources: src/database/start_choices.c src/database/start_catalog.c */

#include "start_fixture.h"

#include "schema/validator.h"

/* A validator of kore.conf. */
struct rule {
	enum rule_kind	 kind;
	const char	*pattern;
};

struct thing {
	const char	*id;
	const char	*role;
};

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, role, T_STR, OUT, .validator = "v_role"),
};

static struct rule		role, other;
static const struct rule	*rules[2];
static struct schema		thing_schema = {
	.name = "thing", .members = thing_members, .nmembers = 2,
};
static struct query		query = {
	.name = "things.find", .row = &thing_schema
};

static struct column		table[2];
static struct catalog		catalog = { .columns = table, .ncolumns = 2 };
static struct described		columns[2];

/* The database: the column, and what it refuses. */
static struct {
	const char	*kind, *length;
	const char	*checks[5];
	const char	*refused[2];	/* by the first, or the second, CHECK */
	const char	*unknown;	/* to the type */
	bool		 broken;
	bool		 lost;
	char		 log[1024];
} db;

void
rule_describe(const struct rule *r, struct rule_facts *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = r->kind;
	out->pattern = r->pattern;
}

ConnStatusType
PQstatus(const PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	return (db.lost ? CONNECTION_BAD : CONNECTION_OK);
}

const char *
sync_error(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	return ("database: gone");
}

static void
note(const char *text)
{
	size_t	 n = strlen(db.log);

	snprintf(db.log + n, sizeof(db.log) - n, "%s%s", n > 0 ? " " : "",
	    text);
}

static PGresult *
try_check(const char *sql, const char *choice)
{
	bool		 second = strstr(sql, "SELECT (two)") != NULL;
	const char	*refused = db.refused[second];

	assert_string_equal(sql, second ?
	    "SELECT (two) FROM (SELECT $1::text AS \"Role\") AS t" :
	    "SELECT (one) FROM (SELECT $1::text AS \"Role\") AS t");
	note(second ? "two:" : "one:");
	note(choice);
	if (db.broken)
		return (NULL);
	return (ROWS(1, refused == NULL ? "NULL" :
	    strcmp(refused, choice) == 0 ? "f" : "t"));
}

PGresult *
sync_run(PGconn *conn, const char *sql, const char *const *values, int n)
{
	assert_ptr_equal(conn, DB);
	if (strstr(sql, "pg_attribute") != NULL) {
		assert_int_equal(n, 2);
		note(values[0]);
		note(values[1]);
		return (db.kind == NULL ? NULL : ROWS(5, "\"Role\"",
		    "public.mood", "text", db.kind, db.length));
	}
	if (strstr(sql, "pg_constraint") != NULL) {
		assert_int_equal(n, 2);
		return (db.checks[0] != NULL && *db.checks[0] == '\0' ? NULL :
		    rows(2, db.checks));
	}
	assert_int_equal(n, 1);
	if (strncmp(sql, "SELECT (", 8) == 0)
		return (try_check(sql, values[0]));
	assert_string_equal(sql, "SELECT $1::text::public.mood");
	note("type:");
	note(values[0]);
	return (db.lost || (db.unknown != NULL && strcmp(db.unknown,
	    values[0]) == 0) ? NULL : ROWS(1, "x"));
}

static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	db.kind = "b";
	db.length = "0";
	db.checks[0] = "things_role_check";
	db.checks[1] = "one";
	role = (struct rule){ RULE_CHOICE, "^(user|staff)$" };
	other = (struct rule){ RULE_CHOICE, "^(a)$" };
	rules[0] = NULL;
	rules[1] = &role;
	thing_schema.rules = rules;
	table[0] = (struct column){ THINGS, 1, "things", "id", false, NULL };
	table[1] = (struct column){ THINGS, 5, "things", "role", false, NULL };
	columns[0] = (struct described){ "id", UUID, THINGS, 1 };
	columns[1] = (struct described){ "role", VARCHAR, THINGS, 5 };
	return (0);
}

static const char *
check(void)
{
	PGresult	*r = describe(columns, 2);
	const char	*problem;

	db.log[0] = '\0';
	problem = choices_check(DB, &catalog, &query, r);
	PQclear(r);
	return (problem);
}

/* Each choice, and each column with each validator once. */
static void
test_each_choice_is_tried_once(void **state)
{
	(void)state;
	assert_null(check());
	assert_string_equal(db.log, "7 5 one: user one: staff");
	assert_null(check());
	assert_string_equal(db.log, "");
	rules[1] = &other;
	assert_null(check());
	assert_string_equal(db.log, "7 5 one: a");
}

static void
test_nothing_is_tried(void **state)
{
	static const enum rule_kind	kinds[] = {
		RULE_LENGTH, RULE_BOOLEAN, RULE_NUMBER, RULE_REGEX,
		RULE_FUNCTION
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		setup(NULL);
		role.kind = kinds[i];
		assert_null(check());
		assert_string_equal(db.log, "");
	}
	setup(NULL);
	columns[1].table = 0;		/* an expression */
	assert_null(check());
	assert_string_equal(db.log, "");
	setup(NULL);
	rules[1] = NULL;
	assert_null(check());
	setup(NULL);
	thing_schema.rules = NULL;
	assert_null(check());
	assert_string_equal(db.log, "");
}

static void
test_a_check_refuses(void **state)
{
	(void)state;
	db.refused[0] = "user";
	assert_string_equal(check(), "kore.conf: v_role allows \"user\", and "
	    "the CHECK things_role_check of things.role refuses it: add a "
	    "migration that allows it");
	assert_string_equal(db.log, "7 5 one: user");
	setup(NULL);
	db.refused[0] = "staff";
	assert_string_equal(check(), "kore.conf: v_role allows \"staff\", and "
	    "the CHECK things_role_check of things.role refuses it: add a "
	    "migration that allows it");
	setup(NULL);
	db.refused[0] = "sta";		/* no choice */
	assert_null(check());
	setup(NULL);
	db.checks[2] = "second";
	db.checks[3] = "two";
	db.refused[1] = "staff";
	assert_string_equal(check(), "kore.conf: v_role allows \"staff\", and "
	    "the CHECK second of things.role refuses it: add a migration that "
	    "allows it");
	assert_string_equal(db.log,
	    "7 5 one: user two: user one: staff two: staff");
	setup(NULL);
	db.checks[0] = NULL;
	assert_null(check());
	assert_string_equal(db.log, "7 5");
}

/* One that needs more than the column, or that is not boolean. */
static void
test_a_check_that_cannot_be_tried(void **state)
{
	static char	 long_one[5000];

	(void)state;
	db.broken = true;
	assert_null(check());
	assert_string_equal(db.log, "7 5 one: user one: staff");
	setup(NULL);
	memset(long_one, 'x', sizeof(long_one) - 1);
	db.checks[1] = long_one;
	assert_null(check());
	assert_string_equal(db.log, "7 5");
}

static void
test_a_choice_is_too_long(void **state)
{
	(void)state;
	db.length = "4";
	assert_string_equal(check(), "kore.conf: v_role allows \"staff\", and "
	    "things.role takes 4 characters: add a migration that makes it "
	    "longer");
	setup(NULL);
	db.length = "5";
	assert_null(check());
	setup(NULL);
	db.length = "2";
	role.pattern = "^(\u00e9\u00e8)$";	/* characters, not bytes */
	assert_null(check());
}

static void
test_types(void **state)
{
	(void)state;
	db.kind = "e";
	db.unknown = "staff";
	assert_string_equal(check(), "kore.conf: v_role allows \"staff\", "
	    "which is no label of the type public.mood of things.role: add a "
	    "migration with ALTER TYPE public.mood ADD VALUE 'staff'");
	assert_string_equal(db.log, "7 5 type: user one: user type: staff");
	setup(NULL);
	db.kind = "d";
	db.unknown = "user";
	assert_string_equal(check(), "kore.conf: v_role allows \"user\", and "
	    "the domain public.mood of things.role refuses it: add a "
	    "migration that allows it");
	setup(NULL);
	db.kind = "d";
	assert_null(check());
	/* A lost connection says nothing about a type. */
	setup(NULL);
	db.kind = "e";
	db.lost = true;
	db.checks[0] = NULL;
	assert_null(check());
}

static void
test_errors(void **state)
{
	(void)state;
	db.kind = NULL;
	assert_string_equal(check(), "database: gone");
	setup(NULL);
	db.checks[0] = "";
	assert_string_equal(check(), "database: gone");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest	 tests[] = {
		TEST(test_each_choice_is_tried_once),
		TEST(test_nothing_is_tried),
		TEST(test_a_check_refuses),
		TEST(test_a_check_that_cannot_be_tried),
		TEST(test_a_choice_is_too_long),
		TEST(test_types),
		TEST(test_errors),
	};

	return (cmocka_run_group_tests_name("start_choices", tests, NULL,
	    NULL));
}
