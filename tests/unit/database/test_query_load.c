/* SPDX-License-Identifier: ISC */
/* The statements that are made of query files, and the mistakes in these. */

/* sources: src/database/query_text.c src/database/query_memory.c */
/* sources: src/database/query_columns.c src/database/query_expand.c */
/* sources: src/database/query_load.c src/database/list_heading.c */
/* sources: src/database/list_load.c */

#include "load_fixture.h"

struct user_update {
	struct user		 to;
	struct member_set	 set;
};

static struct schema	user_update_schema = {
	.name = "user_update", .like = &user_schema,
	.set = offsetof(struct user_update, set),
};

static struct schema	wide_schema;
static const struct member wide_members[] = {
	{ .name = "a_column_with_a_long_name_1" },
	{ .name = "a_column_with_a_long_name_2" },
	{ .name = "c" },
	{ .name = "d" },
};
static struct schema	wide_schema = {
	.name = "wide", .members = wide_members, .nmembers = 4,
};

REGISTER(schemas, wide_schema);

/* The tests change it. */
static struct query	one = { .name = "users.one", .row = &user_schema };

REGISTER(queries, one);

#define UNUSED	", a parameter of its QUERY: use it, or take it out there"
#define EMAIL	NAMES("email")
#define START	"sql/queries/users.sql: users.one: "

/* A section, what is declared, and the statement, or the error. */
static const struct {
	const char	*text;
	const char	*const *names;
	const struct schema	*from;
	const char	*sql;		/* or, after START, the error */
	const char	*params[4];	/* of a statement */
} table[] = {
	{ "SELECT 1", NULL, NULL, "SELECT 1", { NULL } },
	{ "SELECT 1;\n\n", NULL, NULL, "SELECT 1", { NULL } },
	{ "SELECT 1 ; -- end\n/* of it */;", NULL, NULL, "SELECT 1", { NULL } },
	{ "-- head\nSELECT ';' -- why\n + 1\n-- tail\n", NULL, NULL,
	    "-- head\nSELECT ';' -- why\n + 1", { NULL } },

	/* Columns */
	{ "SELECT @user FROM users", NULL, NULL,
	    "SELECT " COLUMNS " FROM users", { NULL } },
	{ "RETURNING @item", NULL, NULL, "RETURNING id", { NULL } },
	{ "SELECT u.@item, i.@item", NULL, NULL, "SELECT u.id, i.id",
	    { NULL } },
	{ "SELECT \"U u\".@item", NULL, NULL, "SELECT \"U u\".id", { NULL } },
	{ "SELECT a.\"b\".@wide", NULL, NULL,
	    "SELECT a.\"b\".a_column_with_a_long_name_1, "
	    "a.\"b\".a_column_with_a_long_name_2,\n"
	    "       a.\"b\".c, a.\"b\".d",
	    { NULL } },
	{ "SELECT @wide", NULL, NULL,
	    "SELECT a_column_with_a_long_name_1, a_column_with_a_long_name_2, "
	    "c, d", { NULL } },
	{ "INSERT 12345678 RETURNING @wide", NULL, NULL,
	    "INSERT 12345678 RETURNING a_column_with_a_long_name_1,\n"
	    "                          a_column_with_a_long_name_2, c, d",
	    { NULL } },
	{ "\t \tSELECT @wide", NULL, NULL,
	    "\t \tSELECT a_column_with_a_long_name_1, "
	    "a_column_with_a_long_name_2,\n                       c, d",
	    { NULL } },
	{ "\t\tSELECT  @wide", NULL, NULL,
	    "\t\tSELECT  a_column_with_a_long_name_1,\n"
	    "                        a_column_with_a_long_name_2, c, d",
	    { NULL } },
	{ "SELECT 1,\n       @wide", NULL, NULL,
	    "SELECT 1,\n       a_column_with_a_long_name_1, "
	    "a_column_with_a_long_name_2, c, d", { NULL } },
	{ "SELECT 'a rather long expression before the columns', @wide", NULL,
	    NULL, "SELECT 'a rather long expression before the columns', "
	    "a_column_with_a_long_name_1,\n"
	    "        a_column_with_a_long_name_2, c, d", { NULL } },
	{ "SELECT @item(lower(:email) AS id)", EMAIL, NULL,
	    "SELECT lower($1) AS id", { "email" } },
	{ "SELECT u.@user(NULL::varchar AS bio, f(a, b[1]) as name)", NULL,
	    NULL, "SELECT u.id, u.email, f(a, b[1]) as name, u.is_active, "
	    "u.version, u.created_at,\n       NULL::varchar AS bio, u.site, "
	    "u.details", { NULL } },
	{ "SELECT @item( -- why\n  ')' /* , */ AS id -- id\n) AS x", NULL,
	    NULL, "SELECT ')' /* , */ AS id AS x", { NULL } },
	{ "SELECT @item((SELECT @item FROM b) AS id)", NULL, NULL,
	    "SELECT (SELECT id FROM b) AS id", { NULL } },
	{ "SELECT a.b, @item, c. d, @item", NULL, NULL,
	    "SELECT a.b, id, c. d, id", { NULL } },
	{ "SELECT @item (1)", NULL, NULL, "SELECT id (1)", { NULL } },
	{ "SELECT a.b, .5 + c", NULL, NULL, "SELECT a.b, .5 + c", { NULL } },

	{ "SELECT @users", NULL, NULL, "@users: no schema has this name",
	    { NULL } },
	{ "SELECT @use", NULL, NULL, "@use: no schema has this name",
	    { NULL } },
	{ "SELECT (u).@user", NULL, NULL,
	    "@user: only a name can stand before its dot", { NULL } },
	{ "SELECT u .@user", NULL, NULL,
	    "@user: only a name can stand before its dot", { NULL } },
	{ "SELECT u. @user", NULL, NULL,
	    "@user: only a name can stand before its dot", { NULL } },
	{ "SELECT u./**/@user", NULL, NULL,
	    "@user: only a name can stand before its dot", { NULL } },
	{ "SELECT .@user", NULL, NULL,
	    "@user: only a name can stand before its dot", { NULL } },
	{ "SELECT @user(", NULL, NULL, "@user( is never closed", { NULL } },
	{ "SELECT @user(a AS id", NULL, NULL, "@user( is never closed",
	    { NULL } },
	{ "SELECT @user((a AS id)", NULL, NULL, "@user( is never closed",
	    { NULL } },
#define AS "@user(...): each expression ends with AS and the name of a column"
	{ "SELECT @user()", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a id)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a AS id,)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(, a AS id)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a AS \"id\")", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a AS id, b)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a AS id, id)", NULL, NULL, AS, { NULL } },
	{ "SELECT @user(a AS ids)", NULL, NULL,
	    "@user(...): user has no column ids", { NULL } },
	{ "SELECT @user(a AS items)", NULL, NULL,
	    "@user(...): user has no column items", { NULL } },
	{ "SELECT @user(a AS best)", NULL, NULL,
	    "@user(...): user has no column best", { NULL } },
	{ "SELECT @user(a AS id, b AS id)", NULL, NULL,
	    "@user(...) has id twice", { NULL } },
	{ "SELECT @item(@nobody AS id)", NULL, NULL,
	    "@nobody: no schema has this name", { NULL } },

	/* Parameters */
	{ "SELECT :email", EMAIL, NULL, "SELECT $1", { "email" } },
	{ "SELECT :b, :a::text, :b", NAMES("a", "b"), NULL,
	    "SELECT $1, $2::text, $1", { "b", "a" } },
	{ "SELECT :aa, :a, :aa", NAMES("a", "aa"), NULL,
	    "SELECT $1, $2, $1", { "aa", "a" } },
	{ "SET bio = CASE WHEN :bio.set THEN :bio ELSE bio END", NULL,
	    &user_update_schema,
	    "SET bio = CASE WHEN $1::boolean THEN $2 ELSE bio END",
	    { "bio.set", "bio" } },
	{ "SELECT :id, :email", EMAIL, &user_update_schema, "SELECT $1, $2",
	    { "id", "email" } },
	{ "SELECT :email.set, :email, :email.set", EMAIL, &user_update_schema,
	    "SELECT $1::boolean, $2, $1::boolean", { "email.set", "email" } },
	{ "SELECT ':a $1', $$:a $1$$ -- :a $1\n, \"$1\"", NULL, NULL,
	    "SELECT ':a $1', $$:a $1$$ -- :a $1\n, \"$1\"", { NULL } },

	{ "SELECT :a", NULL, NULL, ":a is no parameter of its QUERY"
	    ": add the name there, or correct it",
	    { NULL } },
	{ "SELECT :email, :emai", EMAIL, NULL,
	    ":emai is no parameter of its QUERY"
	    ": add the name there, or correct it", { NULL } },
	{ "SELECT :email.set", EMAIL, NULL,
	    ":email.set is no parameter of its QUERY"
	    ": add the name there, or correct it", { NULL } },
	{ "SELECT :foo", NULL, &user_update_schema,
	    ":foo is neither a parameter of its QUERY nor a member of "
	    "user_update: add the name there, or correct it", { NULL } },
	{ "SELECT :best", NULL, &user_update_schema,
	    ":best is neither a parameter of its QUERY nor a member of "
	    "user_update: add the name there, or correct it", { NULL } },
	{ "SELECT :items", NULL, &user_update_schema,
	    ":items is neither a parameter of its QUERY nor a member of "
	    "user_update: add the name there, or correct it", { NULL } },
	{ "SELECT :bio.sets", NULL, &user_update_schema,
	    ":bio.sets is neither a parameter of its QUERY nor a member of "
	    "user_update: add the name there, or correct it", { NULL } },
	{ "SELECT :foo.set", NULL, &user_update_schema,
	    ":foo.set is neither a parameter of its QUERY nor a member of "
	    "user_update: add the name there, or correct it", { NULL } },
	{ "SELECT :bio.set", NULL, &user_schema,
	    ":bio.set: user has no member_set", { NULL } },
	{ "SELECT :page.key", EMAIL, NULL,
	    ":page.key is no parameter of its QUERY"
	    ": add the name there, or correct it", { NULL } },
	{ "SELECT 1", EMAIL, NULL, "it has no :email" UNUSED, { NULL } },
	{ "SELECT ':email'", EMAIL, NULL, "it has no :email" UNUSED, { NULL } },
	{ "SELECT :email.set", EMAIL, &user_update_schema,
	    "it has no :email" UNUSED, { NULL } },
	{ "SELECT :a", NAMES("a", "b"), NULL, "it has no :b" UNUSED, { NULL } },
	{ "SELECT $1", NULL, NULL, "$1: write :name", { NULL } },
	{ "SELECT :email, $12", EMAIL, NULL, "$12: write :name", { NULL } },

	/* Texts */
	{ "SELECT 'a", NULL, NULL, "a string has no end", { NULL } },
	{ "SELECT E'a\\'", NULL, NULL, "a string has no end", { NULL } },
	{ "SELECT \"a", NULL, NULL, "a quoted name has no end", { NULL } },
	{ "SELECT $a$ b", NULL, NULL, "a dollar quote has no end", { NULL } },
	{ "SELECT /* /* */", NULL, NULL, "a comment has no end", { NULL } },
	{ "", NULL, NULL, "it has no statement", { NULL } },
	{ "\n-- SELECT 1\n;\n", NULL, NULL, "it has no statement", { NULL } },
};

static const char *
load_one(unsigned i)
{
	static char	 text[1024];

	snprintf(text, sizeof(text), "-- name: users.one\n%s", table[i].text);
	one.names = table[i].names;
	one.from = table[i].from;
	return (load(text));
}

static void
check_params(unsigned i)
{
	const struct query_param	*p;
	unsigned			 n;

	for (n = 0; n < 4 && table[i].params[n] != NULL; n++) {
		assert_true(n < one.nparams);
		p = &one.params[n];
		assert_string_equal(p->name, table[i].params[n]);
		assert_int_equal(p->is_set, strstr(p->name, ".set") != NULL);
		if (p->member != NULL)
			assert_memory_equal(p->member->name, p->name,
			    strlen(p->member->name));
		else
			assert_string_equal(one.names[p->given], p->name);
	}
	assert_int_equal(one.nparams, n);
}

static void
test_sections(void **state)
{
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if ((problem = load_one(i)) == NULL) {
			assert_string_equal(one.sql, table[i].sql);
			check_params(i);
			continue;
		}
		assert_string_equal(problem + strlen(START), table[i].sql);
		assert_memory_equal(problem, START, strlen(START));
	}
}

/* More than the array has room for at first, and at second. */
static void
test_many_parameters(void **state)
{
	char		 text[512] = "-- name: users.one\nSELECT", name[8];
	char		 names[20][8];
	const char	*declared[21] = { NULL };
	unsigned	 i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "p%u", i);
		declared[i] = names[i];
		strcat(strcat(text, i == 0 ? " :" : ", :"), names[i]);
	}
	one.names = declared;
	one.from = NULL;
	assert_null(load(text));
	assert_int_equal(one.nparams, 20);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_string_equal(one.params[i].name, name);
		assert_int_equal(one.params[i].given, i);
	}
	assert_string_equal(one.sql, "SELECT $1, $2, $3, $4, $5, $6, $7, $8, "
	    "$9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20");
}

#define ONE	"-- name: users.one\nSELECT 1\n"

/* A whole file, and the error. */
static const struct {
	const char	*text;
	const char	*problem;
} files[] = {
	{ ONE, NULL },
	{ "-- SPDX\n\n/* what it is */\n" ONE, NULL },
	{ "-- name: users.one \t\r\nSELECT 1", NULL },
	{ "-- name: users.one\nSELECT '\n-- name: users.two\n'", NULL },
	{ "", "sql/queries/users.sql has no section -- name: users.one" },
	{ "-- a comment\n",
	    "sql/queries/users.sql has no section -- name: users.one" },
	{ " " ONE, "sql/queries/users.sql: something stands before its first "
	    "-- name:" },
	{ "SELECT 1\n" ONE, "sql/queries/users.sql: something stands before "
	    "its first -- name:" },
	{ "'" ONE, "sql/queries/users.sql: something stands before its first "
	    "-- name:" },
	{ "\xef\xbb\xbf" ONE, "sql/queries/users.sql: something stands before "
	    "its first -- name:" },
	{ ONE ONE, START "two sections have this name" },
	{ ONE "-- name: users.two\nSELECT 2\n",
	    "sql/queries/users.sql: users.two: no QUERY declares it: write "
	    "QUERY_ONE(users, two, ...) or the like in a _repository.h" },
	{ "-- name: users.on\nSELECT 2\n" ONE,
	    "sql/queries/users.sql: users.on: no QUERY declares it: write "
	    "QUERY_ONE(users, on, ...) or the like in a _repository.h" },
	{ "-- list: users.one by id\nSELECT 1\n",
	    START "a QUERY declares it: write -- name: users.one" },
	{ "-- list: users.two by id\nSELECT 1\n" ONE,
	    "sql/queries/users.sql: users.two: no LIST_QUERY declares it: "
	    "write LIST_QUERY(users, two, ...) in a _models.c" },
	{ ONE "-- name: posts.one\nSELECT 1\n",
	    "sql/queries/users.sql: posts.one: the names in this file begin "
	    "with users." },
	{ "-- name: one\nSELECT 1\n", "sql/queries/users.sql: one: the names "
	    "in this file begin with users." },
	{ "-- name: users\nSELECT 1\n", "sql/queries/users.sql: users: the "
	    "names in this file begin with users." },
	{ "-- name: users.\nSELECT 1\n", "sql/queries/users.sql: users.: the "
	    "names in this file begin with users." },
	{ "-- name: usersone\nSELECT 1\n", "sql/queries/users.sql: usersone: "
	    "the names in this file begin with users." },
	{ "-- name: \nSELECT 1\n", "sql/queries/users.sql: : the names in "
	    "this file begin with users." },
	{ "-- name: users.one by id\nSELECT 1\n",
	    START "its heading goes on behind its name" },
	{ "-- name: users.one", START "it has no statement" },
	{ "-- name: users.one\n-- name: users.two\nSELECT 1",
	    START "it has no statement" },
};

static void
test_files(void **state)
{
	const char	*problem;
	unsigned	 i;

	(void)state;
	one.names = NULL;
	one.from = NULL;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		problem = load(files[i].text);
		if (files[i].problem == NULL)
			assert_null(problem);
		else
			assert_string_equal(problem, files[i].problem);
	}
}

static void
test_a_query_of_no_file(void **state)
{
	(void)state;
	one.name = "user.one";
	assert_string_equal(load(""),
	    "user.one: nothing registers its file: write QUERIES(user)");
	one.name = "users.one";
}

static void
test_all_statements(void **state)
{
	struct query	*const *all;
	size_t		 n;

	(void)state;
	one.names = NULL;
	assert_null(load(ONE));
	all = database_queries(&n);
	assert_int_equal(n, 1);
	assert_ptr_equal(all[0], &one);
	assert_null(load(ONE));
	database_queries(&n);
	assert_int_equal(n, 1);
}

static void
test_a_long_name(void **state)
{
	char	 name[80], text[160], problem[256];

	(void)state;
	one.name = name;
	snprintf(name, sizeof(name), "users.%057d", 0);
	snprintf(text, sizeof(text), "-- name: %s\nSELECT 1", name);
	assert_null(load(text));
	strcat(name, "0");
	snprintf(text, sizeof(text), "-- name: %s\nSELECT 1", name);
	snprintf(problem, sizeof(problem), "sql/queries/users.sql: %s: %s: the "
	    "name of a statement has at most 63 bytes", name, name);
	assert_string_equal(load(text), problem);
	one.name = "users.one";
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_many_parameters),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_a_query_of_no_file),
		cmocka_unit_test(test_all_statements),
		cmocka_unit_test(test_a_long_name),
	};

	return (cmocka_run_group_tests_name("query_load", tests, NULL,
	    unload));
}
