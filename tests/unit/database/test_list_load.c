/* SPDX-License-Identifier: ISC */
/* The statements of a list, and the mistakes in its heading. */

/* sources: src/database/query_text.c src/database/query_memory.c */
/* sources: src/database/query_columns.c src/database/query_expand.c */
/* sources: src/database/query_load.c src/database/list_heading.c */
/* sources: src/database/list_load.c */

#include "load_fixture.h"

#define BODY	"SELECT @user\n  FROM users\n WHERE (:email::text IS NULL OR " \
		"email = :email)\n"
#define FROM	"\n  FROM (\nSELECT id, email, name, is_active, version, " \
		"created_at, bio, site, details\n  FROM users\n WHERE " \
		"($1::text IS NULL OR email = $1)\n) AS list"

static struct schema	some_schema = { .name = "some" };

/* The tests change it. */
static struct list	users_list;

REGISTER(lists, users_list);

static struct query	another = {
	.name = "users.another", .row = &user_schema
};

REGISTER(queries, another);

#define ANOTHER	"-- name: users.another\nSELECT @user FROM users\n"

static int
setup(void **state)
{
	(void)state;
	users_list = (struct list){ .name = "users.list",
	    .row = &user_schema, .pages = &some_schema };
	return (0);
}

static const char *
load_list(const char *heading, const char *body)
{
	static char	 text[2048];

	snprintf(text, sizeof(text), "%s-- list: users.list%s\n%s", ANOTHER,
	    heading, body);
	return (load(text));
}

/* Of an order, its statements, and the parameters of each. */
static const struct {
	const char	*order;
	const char	*up, *down;
} orders[] = {
	{ "created_at",
	    " WHERE (created_at, id)\n"
	    "       > ($2::timestamptz, $3::uuid)\n"
	    " ORDER BY created_at, id\n",
	    " WHERE (created_at, id)\n"
	    "       < ($2::timestamptz, $3::uuid)\n"
	    " ORDER BY created_at DESC, id DESC\n" },
	{ "lower(email)",
	    " WHERE (lower(email) COLLATE \"C\", id)\n"
	    "       > (lower($2::text) COLLATE \"C\", $3::uuid)\n"
	    " ORDER BY lower(email) COLLATE \"C\", id\n",
	    " WHERE (lower(email) COLLATE \"C\", id)\n"
	    "       < (lower(coalesce($2::text, repeat(chr(1114111), 255))) "
	    "COLLATE \"C\", $3::uuid)\n"
	    " ORDER BY lower(email) COLLATE \"C\" DESC, id DESC\n" },
	{ "version",
	    " WHERE (version, id)\n       > ($2::bigint, $3::uuid)\n"
	    " ORDER BY version, id\n",
	    " WHERE (version, id)\n       < ($2::bigint, $3::uuid)\n"
	    " ORDER BY version DESC, id DESC\n" },
	{ "is_active",
	    " WHERE (is_active, id)\n       > ($2::boolean, $3::uuid)\n"
	    " ORDER BY is_active, id\n",
	    " WHERE (is_active, id)\n       < ($2::boolean, $3::uuid)\n"
	    " ORDER BY is_active DESC, id DESC\n" },
	{ "id",
	    " WHERE (id, id)\n       > ($2::uuid, $3::uuid)\n"
	    " ORDER BY id, id\n",
	    " WHERE (id, id)\n       < ($2::uuid, $3::uuid)\n"
	    " ORDER BY id DESC, id DESC\n" },
	{ "\"email\" COLLATE email",
	    " WHERE (\"email\" COLLATE email, id)\n"
	    "       > ($2::text COLLATE email, $3::uuid)\n"
	    " ORDER BY \"email\" COLLATE email, id\n",
	    " WHERE (\"email\" COLLATE email, id)\n"
	    "       < (coalesce($2::text, repeat(chr(1114111), 255)) COLLATE "
	    "email, $3::uuid)\n"
	    " ORDER BY \"email\" COLLATE email DESC, id DESC\n" },
	{ "email(version, 'email') + version::name",
	    " WHERE (email(version, 'email') + version::name, id)\n"
	    "       > (email($2::bigint, 'email') + $2::bigint::name, "
	    "$3::uuid)\n"
	    " ORDER BY email(version, 'email') + version::name, id\n",
	    " WHERE (email(version, 'email') + version::name, id)\n"
	    "       < (email($2::bigint, 'email') + $2::bigint::name, "
	    "$3::uuid)\n"
	    " ORDER BY email(version, 'email') + version::name DESC, id "
	    "DESC\n" },
	{ "Coalesce(bio, '')",
	    " WHERE (Coalesce(bio, '') COLLATE \"C\", id)\n"
	    "       > (Coalesce($2::text, '') COLLATE \"C\", $3::uuid)\n"
	    " ORDER BY Coalesce(bio, '') COLLATE \"C\", id\n",
	    " WHERE (Coalesce(bio, '') COLLATE \"C\", id)\n"
	    "       < (Coalesce(coalesce($2::text, repeat(chr(1114111), "
	    "255)), '') COLLATE \"C\", $3::uuid)\n"
	    " ORDER BY Coalesce(bio, '') COLLATE \"C\" DESC, id DESC\n" },
};

static void
check_order(const struct list_statement *s, const char *where)
{
	static const char	*const names[] = { "email", "page.key",
				    "page.id", "page.limit", "page.skip" };
	char			 sql[1024];
	unsigned		 i;

	snprintf(sql, sizeof(sql), "SELECT *" FROM "\n%s LIMIT $4 OFFSET $5",
	    where);
	assert_string_equal(s->query.sql, sql);
	assert_int_equal(s->query.nparams, 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(s->query.params[i].name, names[i]);
		assert_int_equal(s->query.params[i].given, i);
		assert_null(s->query.params[i].member);
		assert_string_equal(s->query.names[i], names[i]);
	}
	assert_null(s->query.names[i]);
	assert_ptr_equal(s->query.row, &user_schema);
	assert_null(s->each);
}

static void
test_orders(void **state)
{
	const struct list_statement	*s;
	char				 heading[80];
	unsigned			 i;

	(void)state;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		snprintf(heading, sizeof(heading), " by %s", orders[i].order);
		assert_null(load_list(heading, BODY));
		assert_int_equal(users_list.nstatements, 3);
		s = users_list.statements;
		check_order(&s[0], orders[i].up);
		check_order(&s[1], orders[i].down);
		assert_false(s[0].descending);
		assert_true(s[1].descending);
		assert_ptr_equal(s[0].key, s[1].key);
		assert_string_equal(s[0].sort, s[0].key->name);
		assert_int_equal(*s[1].sort, '-');
		assert_string_equal(s[1].sort + 1, s[0].key->name);
		assert_string_equal(s[2].query.name, "users.list:count");
		assert_string_equal(s[2].query.sql,
		    "SELECT count(*) AS total" FROM);
		assert_int_equal(s[2].query.nparams, 1);
		assert_ptr_equal(s[2].query.row, &total_schema);
		assert_null(s[2].sort);
		assert_null(s[2].key);
	}
}

/* The statements' names, without users.list: and in their order. */
static const struct {
	const char	*heading;
	const char	*names;
} headings[] = {
	{ " by created_at", "created_at -created_at count" },
	{ " by created_at desc", "-created_at count" },
	{ " by created_at ASC", "created_at count" },
	{ " by created_at asc, created_at desc",
	    "created_at -created_at count" },
	{ "  BY  created_at,lower(email)  DESC ,name",
	    "created_at -created_at -email name -name count" },
	{ " by created_at for email",
	    "email:created_at created_at email:-created_at -created_at "
	    "email:count count" },
	{ " by created_at desc FOR email, is_active",
	    NULL },
	{ " by substring(name for 3)", "name -name count" },
	{ " by a[created_at, 1]", "created_at -created_at count" },
	{ " by created_at,\n-- name", "created_at -created_at name -name "
	    "count" },
	{ " by created_at, \t\r\n--name,\n--\tlower(email)",
	    "created_at -created_at name -name email -email count" },
	{ " by created_at desc\n-- for email", "-created_at count" },
	{ " by created_at desc -- why", "-created_at count" },
};

static void
check_names(const char *names)
{
	const struct list_statement	*s;
	char				 found[256] = "";
	const char			*title;

	for (s = users_list.statements;
	    s < users_list.statements + users_list.nstatements; s++) {
		assert_memory_equal(s->query.name, "users.list:", 11);
		title = s->query.name + 11;
		snprintf(found + strlen(found), sizeof(found) - strlen(found),
		    "%s%s", *found != '\0' ? " " : "", title);
		assert_int_equal(s->each != NULL, strchr(title, ':') != NULL);
		if (s->each != NULL)
			assert_memory_equal(s->each, title, strlen(s->each));
	}
	assert_string_equal(found, names);
}

static void
test_headings(void **state)
{
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		problem = load_list(headings[i].heading, BODY);
		if (headings[i].names == NULL) {
			assert_non_null(problem);
			continue;
		}
		assert_null(problem);
		check_names(headings[i].names);
	}
	users_list.pages = NULL;
	assert_null(load_list(" by created_at desc for email", BODY));
	check_names("email:-created_at -created_at");
	assert_non_null(strstr(users_list.statements[0].query.sql,
	    "\n LIMIT $4"));
	assert_null(strstr(users_list.statements[0].query.sql, "OFFSET"));
}

static void
test_filters(void **state)
{
	const struct list_statement	*s;

	(void)state;
	assert_null(load_list(" by created_at desc for is_active",
	    "SELECT 1\n"));
	s = users_list.statements;
	assert_string_equal(s[0].query.sql,
	    "SELECT *\n  FROM (\nSELECT 1\n) AS list\n WHERE (created_at, id)\n"
	    "       < ($1::timestamptz, $2::uuid)\n   AND is_active = $3\n"
	    " ORDER BY created_at DESC, id DESC\n LIMIT $4 OFFSET $5");
	assert_string_equal(s[0].query.names[2], "is_active");
	assert_string_equal(s[1].query.sql,
	    "SELECT *\n  FROM (\nSELECT 1\n) AS list\n WHERE (created_at, id)\n"
	    "       < ($1::timestamptz, $2::uuid)\n"
	    " ORDER BY created_at DESC, id DESC\n LIMIT $3 OFFSET $4");
	assert_string_equal(s[2].query.sql, "SELECT count(*) AS total\n"
	    "  FROM (\nSELECT 1\n) AS list\n WHERE is_active = $1");
	assert_string_equal(s[3].query.sql, "SELECT count(*) AS total\n"
	    "  FROM (\nSELECT 1\n) AS list");

	assert_null(load_list(" by created_at for email, name",
	    "SELECT :name, :email\n"));
	check_names("email:created_at name:created_at created_at "
	    "email:-created_at name:-created_at -created_at email:count "
	    "name:count count");
}

#define WHAT	"sql/queries/users.sql: users.list: "

static const struct {
	const char	*heading;
	const char	*problem;
} mistakes[] = {
	{ "", "write -- list: users.list by EXPRESSION, EXPRESSION" },
	{ " created_at", "write -- list: users.list by EXPRESSION, "
	    "EXPRESSION" },
	{ " by", "an order is empty: write by EXPRESSION, EXPRESSION" },
	{ " by created_at,", "an order is empty: write by EXPRESSION, "
	    "EXPRESSION" },
	{ " by , created_at", "an order is empty: write by EXPRESSION, "
	    "EXPRESSION" },
	{ " by desc", "an order is empty: write by EXPRESSION, EXPRESSION" },
	{ " by created_at, desc", "an order is empty: write by EXPRESSION, "
	    "EXPRESSION" },
	{ " by for email", "an order is empty: write by EXPRESSION, "
	    "EXPRESSION" },
	{ " by age", "the order age: it names no member of user" },
	{ " by lower(emails)", "the order lower(emails): it names no member of "
	    "user" },
	{ " by name()", "the order name(): it names no member of user" },
	{ " by 'name'", "the order 'name': it names no member of user" },
	{ " by age::name", "the order age::name: it names no member of user" },
	{ " by email || name", "the order email || name: it names two members "
	    "of user, email and name" },
	{ " by created_at, lower(email || name) desc",
	    "the order lower(email || name): it names two members of user, "
	    "email and name" },
	{ " by bio", "the order bio: bio may be null: write coalesce(bio, "
	    "...)" },
	{ " by lower(coalesce(site, ''))", "the order lower(coalesce(site, "
	    "'')): site may be null: write coalesce(site, ...)" },
	{ " by details", "the order details: details has no order" },
	{ " by items", "the order items: items has no order" },
	{ " by best", "the order best: best has no order" },
	{ " by name, lower(name)", "two orders are by name" },
	{ " by name desc, name", "two orders are by name" },
	{ " by name for", "its heading ends with the names of filters: write "
	    "for NAME, NAME" },
	{ " by name for email,", "its heading ends with the names of filters: "
	    "write for NAME, NAME" },
	{ " by name for email name", "its heading ends with the names of "
	    "filters: write for NAME, NAME" },
	{ " by name for email desc", "its heading ends with the names of "
	    "filters: write for NAME, NAME" },
	{ " by name for age", "for age: user has no such member" },
	{ " by name for email, lower(name)", "for lower: user has no such "
	    "member" },
	{ " by name for items", "for items: user has no such member" },
	{ " by name for best", "for best: user has no such member" },
	{ " by name for email, name", "for name: with several filters, the "
	    "list's own text needs each, too, and has no :name" },
	{ " by lower('name", "the order lower('name: it names no member of "
	    "user" },
	{ " by lower(name || 'x", "a string has no end" },
};

/* Of many rows, the count stops at one more than .total_max. */
static void
test_bounded_counts(void **state)
{
	static const unsigned		 most = 10;
	const struct list_statement	*s;

	(void)state;
	users_list.total_max = &most;
	assert_null(load_list(" by created_at desc for is_active",
	    "SELECT :q\n"));
	s = users_list.statements;
	assert_non_null(strstr(s[1].query.sql, "\n LIMIT $4 OFFSET $5"));
	assert_string_equal(s[2].query.sql, "SELECT count(*) AS total\n"
	    "  FROM (\nSELECT *\n  FROM (\nSELECT $1\n) AS list\n"
	    " WHERE is_active = $2\n LIMIT $3\n) AS first");
	assert_string_equal(s[2].query.names[1], "is_active");
	assert_string_equal(s[2].query.names[2], "page.most");
	assert_string_equal(s[3].query.sql, "SELECT count(*) AS total\n"
	    "  FROM (\nSELECT *\n  FROM (\nSELECT $1\n) AS list\n"
	    " LIMIT $2\n) AS first");
	assert_string_equal(s[3].query.names[1], "page.most");
	assert_null(s[3].query.names[2]);
}

static void
test_mistakes_in_a_heading(void **state)
{
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		problem = load_list(mistakes[i].heading, BODY);
		assert_non_null(problem);
		assert_memory_equal(problem, WHAT, strlen(WHAT));
		assert_string_equal(problem + strlen(WHAT),
		    mistakes[i].problem);
	}
}

static void
test_mistakes_in_a_text(void **state)
{
	(void)state;
	assert_string_equal(load_list(" by name", "SELECT :page.key"),
	    WHAT ":page.key: a list's parameters have no dots");
	assert_string_equal(load_list(" by name", "SELECT :bio.set"),
	    WHAT ":bio.set: a list's parameters have no dots");
	assert_string_equal(load_list(" by name", "SELECT $1"),
	    WHAT "$1: write :name");
	assert_string_equal(load_list(" by name", "SELECT @nobody"),
	    WHAT "@nobody: no schema has this name");
	assert_string_equal(load_list(" by name", "-- nothing"),
	    WHAT "it has no statement");
}

/* What C says about the list. */
static void
test_mistakes_in_a_declaration(void **state)
{
	static const char	*const orders_of[] = { "name", "-created_at" };
	static const char	*const none_of[] = { "-name", "created_at",
				    "", "-", "nam", "--name", "email" };
	static const char	*const given[] = { "email", "who", NULL };
	char			 problem[128];
	unsigned		 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		users_list.sort = orders_of[i];
		assert_null(load_list(" by name asc, created_at desc", BODY));
	}
	for (i = 0; i < 7; i++) {
		users_list.sort = none_of[i];
		snprintf(problem, sizeof(problem), WHAT "its .sort, %s, is "
		    "none of its orders", none_of[i]);
		assert_string_equal(load_list(" by name asc, created_at desc",
		    BODY), problem);
	}
	users_list.sort = NULL;
	users_list.given = given;
	assert_string_equal(load_list(" by name", BODY), WHAT "it has no :who, "
	    "which its LISTS says is given: use it, or take it out there");
	users_list.until = "who";
	assert_null(load_list(" by name", BODY));
	users_list.given = NULL;
	users_list.row = &some_schema;
	assert_string_equal(load_list(" by name", BODY), WHAT
	    "the rows of a list have an id, a T_UUID, and some has none");
}

static void
test_no_order_is_called_count(void **state)
{
	static const struct member	 members[] = {
		{ .name = "id", .type = T_UUID },
		{ .name = "count", .type = T_INT },
	};
	static const struct schema	 counted = {
		.name = "counted", .members = members, .nmembers = 2
	};

	(void)state;
	users_list.row = &counted;
	assert_string_equal(load_list(" by count desc", "SELECT 1"),
	    WHAT "an order cannot be called count");
	assert_null(load_list(" by id for count", "SELECT 1"));
}

static void
test_sections_of_lists(void **state)
{
	(void)state;
	assert_string_equal(load(ANOTHER "-- name: users.list\nSELECT 1"),
	    WHAT "a LIST_QUERY declares it: write -- list: users.list by ...");
	assert_string_equal(load(ANOTHER),
	    "sql/queries/users.sql has no section -- list: users.list");
	assert_string_equal(load(ANOTHER
	    "-- list: users.list by id\nSELECT 1\n"
	    "-- list: users.list by id\nSELECT 1\n"),
	    WHAT "two sections have this name");
	users_list.name = "posts.list";
	assert_string_equal(load(ANOTHER),
	    "posts.list: nothing registers its file: write QUERIES(posts)");
}

/* In the order of the file. */
static void
test_all_statements(void **state)
{
	struct query	*const *all;
	size_t		 i, n;

	(void)state;
	assert_null(load("-- list: users.list by id\nSELECT 1\n" ANOTHER));
	all = database_queries(&n);
	assert_int_equal(n, 4);
	for (i = 0; i < 3; i++)
		assert_ptr_equal(all[i], &users_list.statements[i].query);
	assert_ptr_equal(all[3], &another);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_orders),
		TEST(test_headings),
		TEST(test_filters),
		TEST(test_bounded_counts),
		TEST(test_mistakes_in_a_heading),
		TEST(test_mistakes_in_a_text),
		TEST(test_mistakes_in_a_declaration),
		TEST(test_no_order_is_called_count),
		TEST(test_sections_of_lists),
		TEST(test_all_statements),
	};

	return (cmocka_run_group_tests_name("list_load", tests, NULL, unload));
}
