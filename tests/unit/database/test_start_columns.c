/* SPDX-License-Identifier: ISC */
/* What is said of a statement whose columns are not those of its row. */

/* sources: src/database/start_columns.c src/database/start_problem.c */
/* sources: src/database/start_catalog.c */

#include "start_fixture.h"

#include "base/register.h"

static const struct query_file	things_file = { "things", "" };

REGISTER(query_files, things_file);

struct thing {
	const char	*id;
	const char	*name;
	bool		 flag;
	int64_t		 number;
	int64_t		 time;
	const char	*json;
	const struct thing	*whole;
};

/* The tests change it. */
static const struct member	good_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, name, T_STR, OUT, .validator = "v_name"),
	MEMBER(thing, flag, T_BOOL, 0),
	MEMBER(thing, number, T_INT, ETAG),
	MEMBER(thing, time, T_TIME, 0),
	MEMBER(thing, json, T_JSON, 0),
	{ .structure = "thing", .name = "whole", .type = T_OBJECT },
};

#define N	6	/* an object is no column */

static struct member	thing_members[N + 1];
static struct schema	thing_schema = {
	.name = "thing", .structure = "thing", .members = thing_members,
	.size = sizeof(struct thing),
};

static const struct described	good_columns[N + 1] = {
	{ "id", UUID, THINGS, 1 }, { "name", VARCHAR, THINGS, 2 },
	{ "flag", BOOL, THINGS, 4 }, { "number", BIGINT, THINGS, 5 },
	{ "time", TIME, THINGS, 6 }, { "json", JSON, THINGS, 7 },
};

static struct described		columns[N + 1];
static int			ncolumns;
static struct query		query = {
	.name = "things.find", .row = &thing_schema
};

static struct column		table[] = {
	{ 6, 1, "others", "id", false, NULL },
	{ THINGS, 1, "things", "id", false, NULL },
	{ THINGS, 2, "things", "name", false, NULL },
	{ THINGS, 4, "things", "flag", false, NULL },
	{ THINGS, 5, "things", "number", false, NULL },
	{ THINGS, 6, "things", "time", false, NULL },
	{ THINGS, 7, "things", "json", false, NULL },
};
static struct catalog		catalog = {
	.columns = table, .ncolumns = sizeof(table) / sizeof(table[0])
};

static Oid			params[4];
static int			nparams;
static const char		*asked;		/* a type's name for this */

PGresult *
sync_run(PGconn *db, const char *sql, const char *const *values, int n)
{
	static const char *const	names[][2] = {
		{ "9000", "mood" }, { "1700", "numeric" }, { "3802", "jsonb" },
		{ "16", "boolean" }, { "20", "bigint" }, { "25", "text" },
	};
	size_t	 i;

	assert_ptr_equal(db, DB);
	assert_int_equal(n, 2);
	assert_non_null(strstr(sql, "format_type(oid, $2::int)"));
	asked = values[0];
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], values[0]) == 0)
			return (ROWS(2, names[i][1], i == 0 ? "t" : "f"));
	}
	return (NULL);
}

const char *
sync_error(PGconn *db)
{
	assert_ptr_equal(db, DB);
	return ("database: gone");
}

int
PQnparams(const PGresult *r)
{
	assert_non_null(r);
	return (nparams);
}

Oid
PQparamtype(const PGresult *r, int i)
{
	assert_non_null(r);
	return (params[i]);
}

static int
setup(void **state)
{
	size_t	 i;

	(void)state;
	memcpy(thing_members, good_members, sizeof(good_members));
	memcpy(columns, good_columns, sizeof(good_columns));
	thing_schema.nmembers = N + 1;
	thing_schema.name = "thing";
	ncolumns = N;
	for (i = 0; i < catalog.ncolumns; i++)
		table[i].may_be_null = false;
	return (0);
}

static const char *
check(void)
{
	PGresult	*r = describe(columns, ncolumns);
	const char	*problem = columns_check(DB, &catalog, &query, r);

	PQclear(r);
	return (problem);
}

#define AT	"sql/queries/things.sql: things.find: "

#define assert_line(text)	assert_string_equal(check(), AT text)

static void
test_good_columns(void **state)
{
	(void)state;
	assert_null(check());
}

static void
test_another_name(void **state)
{
	(void)state;
	columns[1].name = "nam";
	assert_line("column 2 is \"nam\", struct thing has \"name\" there");
	setup(NULL);
	columns[0].name = "name";
	columns[1].name = "id";
	assert_line("column 1 is \"name\", struct thing has \"id\" there");
	setup(NULL);
	columns[N - 1].name = "Json";
	assert_line("column 6 is \"Json\", struct thing has \"json\" there");
	thing_schema.name = "thing_public";
	assert_line("column 6 is \"Json\", the schema thing_public has "
	    "\"json\" there");
}

static void
test_another_number(void **state)
{
	(void)state;
	ncolumns = N - 1;
	assert_line("it lacks \"json\" of struct thing");
	ncolumns = N - 2;
	assert_line("it lacks \"time\", \"json\" of struct thing");
	columns[0].name = "ID";
	assert_line("it lacks \"id\", \"time\", \"json\" of struct thing, "
	    "which has no \"ID\"");
	setup(NULL);
	ncolumns = N + 1;
	columns[N].name = "bio";
	columns[N].type = TEXT;
	assert_line("it returns \"bio\", which struct thing does not have");
	columns[N].name = "whole";
	assert_line("it returns \"whole\", which is an OBJECT of struct "
	    "thing, and no column is: code sets it");
	columns[N].name = "id";
	assert_line("it returns 7 columns, some twice, and struct thing has "
	    "6");
	setup(NULL);
	ncolumns = 0;
	thing_schema.nmembers = 2;
	assert_line("it returns nothing, and struct thing has \"id\", "
	    "\"name\": write RETURNING, or declare it with QUERY_EXEC");
	ncolumns = 2;
	thing_schema.nmembers = 0;
	assert_line("it returns \"id\", \"name\", and its declaration "
	    "(QUERY_EXEC) says that it has no rows");
	ncolumns = 0;
	assert_null(check());
}

/* Every type of a member with every type of a column. */
static void
test_which_types_fit(void **state)
{
	static const Oid	 all[] = {
		16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 700, 701, 869, 1042,
		1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 2951, 3802,
	};
	static const struct {
		enum member_type	 type;
		Oid			 fit[3];
	} fits[] = {
		{ T_STR, { 25, 1043 } }, { T_UUID, { 2950 } },
		{ T_BOOL, { 16 } }, { T_INT, { 20, 21, 23 } },
		{ T_TIME, { 1184 } }, { T_JSON, { 3802 } }, { T_LIST, { 0 } },
	};
	unsigned		 i, k;
	bool			 fine;

	(void)state;
	for (i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			thing_members[0].type = fits[i].type;
			columns[0].type = all[k];
			fine = all[k] == fits[i].fit[0] ||
			    all[k] == fits[i].fit[1] ||
			    all[k] == fits[i].fit[2];
			if (fine != (check() == NULL))
				fail_msg("type %u of a column, %d of a member",
				    all[k], (int)fits[i].type);
		}
	}
}

static void
test_another_type(void **state)
{
	(void)state;
	columns[1].type = JSON;
	assert_line("column 2, \"name\": a column of type jsonb is T_JSON, "
	    "and struct thing has T_STR there");
	assert_string_equal(asked, "3802");
	columns[1].type = BOOL;
	assert_line("column 2, \"name\": a column of type boolean is T_BOOL, "
	    "and struct thing has T_STR there");
	setup(NULL);
	columns[3].type = 1700;
	assert_line("column 4, \"number\": no member can be of type numeric: "
	    "write number::bigint AS number for the T_INT of struct thing");
	columns[3].type = 1701;
	assert_line("column 4, \"number\": no member can be of type an "
	    "unknown one: write number::bigint AS number for the T_INT of "
	    "struct thing");
	setup(NULL);
	thing_members[5].type = T_LIST;
	assert_line("json of struct thing is a T_LIST, and no column is");
}

/* A text reads the labels of an enum; nothing else does. */
static void
test_an_enum(void **state)
{
	(void)state;
	columns[1].type = 9000;
	assert_null(check());
	setup(NULL);
	columns[0].type = 9000;
	assert_line("column 1, \"id\": no member can be of type mood: write "
	    "id::uuid AS id for the T_UUID of struct thing");
}

/* OR_NULL is missing. */
static void
test_a_column_that_may_be_null(void **state)
{
	static const char *const	lines[N] = {
		"things.id may be null: write MEMBER(thing, id, T_UUID, OUT | "
		"OR_NULL)",
		"things.name may be null: write MEMBER(thing, name, T_STR, "
		"OUT | OR_NULL, ...)",
		"things.flag may be null: write MEMBER(thing, flag, T_BOOL, "
		"OR_NULL), and in the struct: enum bool_or_null flag",
		"things.number may be null, and an ETAG cannot: make the "
		"column NOT NULL",
		"things.time may be null: write MEMBER(thing, time, T_TIME, "
		"OR_NULL)",
		"things.json may be null: write MEMBER(thing, json, T_JSON, "
		"OR_NULL)",
	};
	char	 line[256];
	int	 i;

	(void)state;
	for (i = 0; i < N; i++) {
		setup(NULL);
		table[i + 1].may_be_null = true;
		snprintf(line, sizeof(line), "%s%s", AT, lines[i]);
		assert_string_equal(check(), line);
		columns[i].table = 0;		/* an expression */
		columns[i].number = 0;
		assert_null(check());
		columns[i].table = 6;		/* of another table */
		columns[i].number = 1;
		assert_null(check());
	}
	table[6].may_be_null = true;
	columns[5] = good_columns[5];
	thing_members[5].flags = OUT | OR_NULL;
	assert_null(check());
	thing_members[5].flags = OPTIONAL;
	assert_null(check());
	thing_members[5].flags = REQUIRED | SECRET | EXPECTED;
	thing_members[5].doc = "What it is.";
	assert_line("things.json may be null: write MEMBER(thing, json, "
	    "T_JSON, REQUIRED | SECRET | EXPECTED | OR_NULL, ...)");
	table[6].may_be_null = false;
	thing_members[5].flags = OR_NULL;	/* more than is needed */
	assert_null(check());
}

static void
test_a_number_that_may_be_null(void **state)
{
	(void)state;
	table[4].may_be_null = true;
	thing_members[3].flags = OUT;
	assert_line("things.number may be null: write MEMBER(thing, number, "
	    "T_INT, OUT | OR_NULL)");
	thing_members[3].flags = OR_NULL;
	assert_null(check());
}

/* Parameters. */

static struct query_param	given[] = {
	{ "name", 0, &thing_members[1], false },
	{ "name.set", 0, &thing_members[1], true },
	{ "version", 0, NULL, false },
};

static const char *
check_params(void)
{
	PGresult	*r = describe(columns, 0);
	const char	*problem;

	query.from = &thing_schema;
	query.params = given;
	query.nparams = 3;
	problem = params_check(DB, &query, r);
	PQclear(r);
	return (problem);
}

static void
test_the_number_of_parameters(void **state)
{
	(void)state;
	params[0] = TEXT;
	params[1] = BOOL;
	params[2] = BIGINT;
	nparams = 3;
	assert_null(check_params());
	params[2] = TEXT;		/* the caller gives it: any type */
	assert_null(check_params());
	nparams = 2;
	assert_string_equal(check_params(),
	    AT "PostgreSQL sees 2 parameters, not 3");
}

static void
test_a_parameter_of_another_type(void **state)
{
	(void)state;
	nparams = 3;
	params[0] = BOOL;
	assert_string_equal(check_params(), AT "the parameter :name is of "
	    "type boolean, which is T_BOOL, and struct thing has T_STR there");
	params[0] = BIGINT;
	assert_string_equal(check_params(), AT "the parameter :name is of "
	    "type bigint, which is T_INT, and struct thing has T_STR there");
	params[0] = TEXT;
	params[1] = TEXT;
	assert_string_equal(check_params(), AT "the parameter :name.set is of "
	    "type text, which is T_STR, and struct thing has T_BOOL there");
}

/* Every type of a member with every type of a parameter. */
static void
test_which_parameters_fit(void **state)
{
	static const Oid	all[] = {
		TEXT, UUID, BOOL, BIGINT, TIME, JSON, 1700
	};
	static const char	fits[7][8] = {
		[T_STR] = "y----yy", [T_UUID] = "yy----y",
		[T_BOOL] = "--y---y", [T_INT] = "---y--y",
		[T_TIME] = "----y-y", [T_JSON] = "y----yy",
	};
	int			 type, i;

	(void)state;
	nparams = 3;
	params[1] = BOOL;
	for (type = T_STR; type <= T_JSON; type++) {
		for (i = 0; i < 7; i++) {
			thing_members[1].type = (enum member_type)type;
			params[0] = all[i];
			if ((check_params() == NULL) != (fits[type][i] == 'y'))
				fail_msg("type %u of a parameter, %d of a "
				    "member", all[i], type);
		}
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest	 tests[] = {
		TEST(test_good_columns),
		TEST(test_another_name),
		TEST(test_another_number),
		TEST(test_which_types_fit),
		TEST(test_another_type),
		TEST(test_an_enum),
		TEST(test_a_column_that_may_be_null),
		TEST(test_a_number_that_may_be_null),
		TEST(test_the_number_of_parameters),
		TEST(test_a_parameter_of_another_type),
		TEST(test_which_parameters_fit),
	};

	return (cmocka_run_group_tests_name("start_columns", tests, NULL,
	    NULL));
}
