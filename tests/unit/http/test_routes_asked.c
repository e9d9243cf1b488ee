/* SPDX-License-Identifier: ISC */
/* Names and schemas that handlers use, and that no row has: the lines. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/http/query.c src/http/routes.c src/http/routes_check.c */
/* sources: src/http/routes_check_rows.c src/http/routes_check_params.c */
/* sources: src/http/routes_order.c src/http/routes_asked.c */
/* sources: src/http/path_template.c src/http/route_rows.c */
/* sources: src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/schema/schema.c */
/* sources: src/request/endpoint.c tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c src/request/depend.c */
/* defines: -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "routes_fixture.h"
#include "written_fixture.h"

#include "http/schema_response.h"

#define FILE_	__FILE__ ": "

struct note {
	const char	*id;
	const char	*text;
	int64_t		 version;
};

struct plain {
	const char	*text;
};

SCHEMA_RESPONSE(note, note);
SCHEMA_RESPONSE(note_accepted, note);
SCHEMA_RESPONSE(note_again, note);
SCHEMA_RESPONSE(unused, note);
SCHEMA_RESPONSE(plain, plain);
SCHEMA_BODY_OF(note_create, plain);
SCHEMA_FORM_OF(note_form, plain);
SCHEMA_BODY_OF(unread, plain);

static const struct member	note_members[] = {
	MEMBER(note, id, T_UUID, OUT),
	MEMBER(note, text, T_STR, OUT),
	MEMBER(note, version, T_INT, ETAG),
};
static const struct member	plain_members[] = {
	MEMBER(plain, text, T_STR, OUT),
};

SCHEMA(note);
SCHEMA_LIKE(note_accepted, note);
SCHEMA_LIKE(note_again, note);
SCHEMA_LIKE(unused, note);
SCHEMA(plain);
SCHEMA_LIKE(note_create, plain);
SCHEMA_LIKE(note_form, plain);
SCHEMA_LIKE(unread, plain);

ROUTER(notes, "Notes.");

static void
list_notes(struct ctx *c)
{
	(void)query_param(c, "status");
}

static void
write_note(struct ctx *c)
{
	(void)note_create_body(c);
	note_accepted_respond(c, NULL);
	note_again_respond(c, NULL);
	note_respond(c, NULL);
}

static void
send_note(struct ctx *c)
{
	(void)note_form_form(c);
	note_respond(c, NULL);
}

/* No handler: its name may be of any ROUTE of the file. */
static const char *
part_of(struct ctx *c)
{
	return (path_param(c, "part"));
}

static void
read_note(struct ctx *c)
{
	(void)path_param(c, "note_id");
	(void)part_of(c);
	note_respond(c, NULL);
}

static void
change_note(struct ctx *c)
{
	const char	*name = "of a variable: not looked at";

	(void)path_param(c, name);
	(void)query_param(c, name);
	(void)note_precondition(c, NULL);
	note_respond(c, NULL);
}

static void
tell(struct ctx *c)
{
	(void)c;
}

#define PUBLIC	.auth = &public
#define OUT_	PUBLIC, .out = &note_schema

/* All that the code above needs. */
ROUTE(all, PARAM(status, "Only these."), GET(list_notes, OUT_),
    POST(write_note, OUT_, .in = &note_create_schema,
	.out_accepted = &note_accepted_schema, .accepts = &(unsigned){ 1 },
	.accepted_doc = "Later."));
ROUTE(cursor, PARAM(cursor, "Where."), GET(list_notes, OUT_,
    .out_cursor = &note_again_schema));
ROUTE(cursor_status, PARAM(cursor, "Where."), PARAM(status, "Only these."),
    GET(list_notes, OUT_, .out_cursor = &note_again_schema));
ROUTE(item, PATH(note_id, T_UUID), PATH(part, T_STR), GET(read_note, OUT_),
    PUT(change_note, OUT_, .in = &note_create_schema, .if_match = true));
ROUTE(form, POST(send_note, OUT_, .in = &note_form_schema, .form = true),
    PUT(tell, PUBLIC, .out = &note_again_schema, .status = 201));
ROUTE(rest);

/* The same with one mistake. */
ROUTE(no_in, PARAM(status, "Only these."), GET(list_notes, OUT_),
    POST(write_note, OUT_, .out_accepted = &note_accepted_schema,
	.accepts = &(unsigned){ 1 }, .accepted_doc = "Later."));
ROUTE(no_accepted, PARAM(status, "Only these."), GET(list_notes, OUT_),
    POST(write_note, OUT_, .in = &note_create_schema));
ROUTE(no_param, GET(list_notes, OUT_),
    POST(write_note, OUT_, .in = &note_create_schema,
	.out_accepted = &note_accepted_schema, .accepts = &(unsigned){ 1 },
	.accepted_doc = "Later."));
ROUTE(other_id, PATH(noteid, T_UUID), PATH(part, T_STR),
    GET(read_note, OUT_),
    PUT(change_note, OUT_, .in = &note_create_schema, .if_match = true));
ROUTE(no_part, PATH(note_id, T_UUID), PATH(note, T_STR),
    GET(read_note, OUT_),
    PUT(change_note, OUT_, .in = &note_create_schema, .if_match = true));
ROUTE(no_match, PATH(note_id, T_UUID), PATH(part, T_STR),
    GET(read_note, OUT_), PUT(change_note, OUT_, .in = &note_create_schema));
ROUTE(no_form, POST(send_note, OUT_, .in = &note_form_schema));
ROUTE(formless, POST(send_note, OUT_));
ROUTE(as_form, PARAM(status, "Only these."), GET(list_notes, OUT_),
    POST(write_note, OUT_, .in = &note_create_schema, .form = true,
	.out_accepted = &note_accepted_schema, .accepts = &(unsigned){ 1 },
	.accepted_doc = "Later."));

/* The routes of another file, and what code of it, or of none, asks for. */
static const struct router	others = { .name = "others", .doc = "Others.",
				    .file = "others.c" };
static struct route		other__route = { .name = "other",
    .router = &others, .nrows = 2, .rows = (const struct route_row[]){
	PATH(other_id, T_UUID), GET(list_notes, PUBLIC, .raw = true) } };

REGISTER(routes, other__route);

static struct asked_name	asked;
static struct schema_use	use;

REGISTER(asked_names, asked);
REGISTER(schema_uses, use);

/* What is right: a note that is sent by a row of this file. */
static const struct schema_use	sent = { &note_schema, SCHEMA_SENT, __FILE__ };

static void
bind_all(struct route *a, struct route *cursors, struct route *b,
    struct route *f)
{
	static const struct validate	 statuses[] = {
		{ HTTP_METHOD_GET, "status", "^(new|old)$", false }, { 0 } };
	static const struct validate	 places[] = {
		{ HTTP_METHOD_GET, "cursor", "^.*$", false }, { 0 } };
	struct kore_module_handle	*h;

	unbind();
	ONLY_WRITTEN(a, cursors, b, f, &other__route);
	h = fake_route("/notes", a->name, a);
	fake_validates(h, a == &no_param__route ? NULL : statuses);
	h = fake_route("/cursors", cursors->name, cursors);
	fake_validates(h, places);
	fake_validates(h, cursors == &cursor_status__route ? statuses : NULL);
	fake_route("^/notes/([^/]+)/([^/]+)$", b->name, b);
	fake_route("/form", f->name, f);
	fake_route("^/others/([^/]+)$", "other", &other__route);
	fake_route("^.*$", "rest", &rest__route);
	assert_line(routes_init(NULL), NULL);
}

#define ALL	&all__route
#define CURSORS	&cursor_status__route
#define ITEM	&item__route
#define FORM	&form__route

static void
test_rows(void **state)
{
	static const struct {
		struct route	*a, *cursors, *item, *form;
		const char	*line;
	} cases[] = {
		{ ALL, CURSORS, ITEM, FORM, NULL },
		{ ALL, CURSORS, &other_id__route, FORM, FILE_ "read_note() "
		    "asks for path_param(c, \"note_id\"), and ROUTE(other_id) "
		    "has no PATH(note_id, ...); there is noteid, part" },
		{ ALL, CURSORS, &no_part__route, FORM, FILE_ "part_of() asks "
		    "for path_param(c, \"part\"), and no ROUTE of this file "
		    "has a PATH(part, ...); there is note_id, note" },
		{ &no_param__route, CURSORS, ITEM, FORM, FILE_ "list_notes() "
		    "asks for query_param(c, \"status\"), and ROUTE(no_param) "
		    "has no PARAM(status, ...)" },
		{ ALL, &cursor__route, ITEM, FORM, FILE_ "list_notes() asks "
		    "for query_param(c, \"status\"), and ROUTE(cursor) has no "
		    "PARAM(status, ...); there is cursor" },
		{ &no_accepted__route, CURSORS, ITEM, FORM, FILE_
		    "note_accepted_respond() answers, and its row has no .out "
		    "= &note_accepted_schema" },
		{ ALL, CURSORS, &no_match__route, FORM, FILE_
		    "note_precondition() reads If-Match, and its row has no "
		    ".if_match = true" },
		{ ALL, CURSORS, ITEM, &no_form__route, FILE_ "POST(send_note) "
		    "in ROUTE(no_form) has no .form = true, and "
		    "note_form_form() reads a form" },
		{ ALL, CURSORS, ITEM, &formless__route, FILE_
		    "note_form_form() reads a body, and its row has no .in = "
		    "&note_form_schema, .form = true" },
		{ &as_form__route, CURSORS, ITEM, FORM, FILE_
		    "POST(write_note) in ROUTE(as_form) has .form = true, and "
		    "note_create_body() reads JSON: leave it out, or declare "
		    "note_create with SCHEMA_FORM" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bind_all(cases[i].a, cases[i].cursors, cases[i].item,
		    cases[i].form);
		assert_line(routes_check(), cases[i].line);
	}
}

/* The only row that reads a schema has no .in. */
static void
test_nobody_reads(void **state)
{
	(void)state;
	bind_all(&no_in__route, CURSORS, ITEM, FORM);
	use = (struct schema_use){ &unread_schema, SCHEMA_READ, __FILE__ };
	assert_line(routes_check(), FILE_ "unread_body() reads a body, and its "
	    "row has no .in = &unread_schema");
	use = sent;
	assert_line(routes_check(), NULL);
}

/* A `validate` of another method is none of this one. */
static void
test_rules_of_another_method(void **state)
{
	static const struct validate	 of_post[] = {
		{ HTTP_METHOD_POST, "status", "^(new|old)$", false }, { 0 } };
	struct kore_module_handle	*h;

	(void)state;
	unbind();
	ONLY_WRITTEN(ALL, ITEM);
	h = fake_route("/notes", "all", &all__route);
	fake_validates(h, of_post);
	fake_route("^/notes/([^/]+)/([^/]+)$", "item", ITEM);
	fake_route("^.*$", "rest", &rest__route);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), FILE_ "GET(list_notes) in ROUTE(all) asks "
	    "for query_param(c, \"status\"), and kore.conf has no rule for it: "
	    "write `validate status VALIDATOR` in its method's block of params "
	    "for /notes");
}

/* A resource whose routes are not in kore.conf is no mistake, but its code. */
static void
test_routes_that_kore_conf_leaves_out(void **state)
{
	static const struct {
		struct route	*a, *item;
		bool		 bind_a;
		const char	*line;
	} cases[] = {
		{ ALL, ITEM, false, NULL },
		{ ALL, ITEM, true, NULL },
		{ ALL, &other_id__route, false, FILE_ "read_note() asks for "
		    "path_param(c, \"note_id\"), and ROUTE(other_id) has no "
		    "PATH(note_id, ...); there is noteid, part" },
		{ &no_param__route, ITEM, false, FILE_ "list_notes() asks for "
		    "query_param(c, \"status\"), and ROUTE(no_param) has no "
		    "PARAM(status, ...)" },
		{ &no_accepted__route, ITEM, false, FILE_
		    "note_accepted_respond() answers, and its row has no .out "
		    "= &note_accepted_schema" },
	};
	static const struct validate	 statuses[] = {
		{ HTTP_METHOD_GET, "status", "^(new|old)$", false }, { 0 } };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unbind();
		ONLY_WRITTEN(cases[i].a, CURSORS, cases[i].item, FORM,
		    &other__route);
		if (cases[i].bind_a)
			fake_validates(fake_route("/notes", "all", ALL),
			    statuses);
		fake_route("^.*$", "rest", &rest__route);
		assert_line(routes_init(NULL), NULL);
		assert_line(routes_check(), cases[i].line);
	}
	ONLY_WRITTEN(ALL, CURSORS, ITEM, FORM, &other__route);
	asked = (struct asked_name){ ROW_PATH, "note_id", "others.c", "f" };
	assert_line(routes_check(), "others.c: f() asks for path_param(c, "
	    "\"note_id\"), and no ROUTE of this file has a PATH(note_id, "
	    "...); there is other_id");
	asked.name = NULL;
}

/* Code of a file without routes, such as dependencies.c, may serve any. */
static void
test_names_of_other_files(void **state)
{
	static const struct {
		struct asked_name	 asked;
		const char		*line;
	} cases[] = {
		{ { ROW_PATH, "other_id", "dependencies.c", "f" }, NULL },
		{ { ROW_PATH, "note_id", "dependencies.c", "f" }, NULL },
		{ { ROW_PARAM, "cursor", "service.c", "f" }, NULL },
		{ { ROW_PATH, "userid", "dependencies.c", "f" },
		    "dependencies.c: f() asks for path_param(c, \"userid\"), "
		    "and no ROUTE has a PATH(userid, ...); there is other_id, "
		    "note_id, part" },
		{ { ROW_PARAM, "other_id", "service.c", "f" }, "service.c: "
		    "f() asks for query_param(c, \"other_id\"), and no ROUTE "
		    "has a PARAM(other_id, ...); there is cursor, status" },
		{ { ROW_PATH, "other_id", "others.c", "f" }, NULL },
		{ { ROW_PATH, "note_id", "others.c", "f" }, "others.c: f() "
		    "asks for path_param(c, \"note_id\"), and no ROUTE of this "
		    "file has a PATH(note_id, ...); there is other_id" },
	};
	size_t	 i;

	(void)state;
	bind_all(ALL, CURSORS, ITEM, FORM);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		asked = cases[i].asked;
		assert_line(routes_check(), cases[i].line);
	}
	asked.name = NULL;
}

static void
test_schemas_of_other_files(void **state)
{
	static const struct {
		struct schema_use	 use;
		const char		*line;
	} cases[] = {
		{ { &note_schema, SCHEMA_SENT, "service.c" }, NULL },
		{ { &note_schema, SCHEMA_SENT, "others.c" }, "others.c: "
		    "note_respond() answers, and its row has no .out = "
		    "&note_schema" },
		{ { &note_schema, SCHEMA_CREATED, "service.c" }, "service.c: "
		    "note_respond_created() answers, and its row has no .out "
		    "= &note_schema, .status = 201" },
		{ { &note_again_schema, SCHEMA_CREATED, "service.c" }, NULL },
		{ { &unused_schema, SCHEMA_SENT, "service.c" }, "service.c: "
		    "unused_respond() answers, and its row has no .out = "
		    "&unused_schema" },
		{ { &note_create_schema, SCHEMA_READ, "service.c" }, NULL },
		{ { &note_schema, SCHEMA_READ, "service.c" }, "service.c: "
		    "note_body() reads a body, and its row has no .in = "
		    "&note_schema" },
		{ { &note_schema, SCHEMA_COMPARED, __FILE__ }, NULL },
		{ { &plain_schema, SCHEMA_COMPARED, __FILE__ }, FILE_
		    "plain_precondition() needs a version in plain_schema: "
		    "write MEMBER(plain, version, T_INT, ETAG)" },
	};
	size_t	 i;

	(void)state;
	bind_all(ALL, CURSORS, ITEM, FORM);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		use = cases[i].use;
		assert_line(routes_check(), cases[i].line);
	}
	use = sent;
}

static int
setup(void **state)
{
	(void)state;
	use = sent;
	return (schemas_init() == NULL ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	unbind();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nobody_reads),
		cmocka_unit_test(test_rules_of_another_method),
		cmocka_unit_test(test_routes_that_kore_conf_leaves_out),
		cmocka_unit_test(test_names_of_other_files),
		cmocka_unit_test(test_schemas_of_other_files),
	};

	return (cmocka_run_group_tests_name("routes_asked", tests, setup,
	    teardown));
}
