/* SPDX-License-Identifier: ISC */
/* Each mistake in the rows of a ROUTE or in kore.conf, and the line it gets. */

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

#define FILE_	__FILE__ ": "

static void
read_note(struct ctx *c)
{
	(void)c;
}

static void
write_note(struct ctx *c)
{
	(void)c;
}

static void
end_note(struct ctx *c)
{
	(void)c;
}

static void
resolve(struct ctx *c, const struct dependency *d)
{
	(void)c;
	(void)d;
}

struct note {
	const char	*id;
	const char	*text;
	const char	*more;
};

static const struct member	note_members[] = {
	MEMBER(note, id, T_UUID, OUT),
	MEMBER(note, text, T_STR, OUT),
	MEMBER(note, more, T_JSON, OUT),
};
static const struct member	note_create_members[] = {
	MEMBER(note, text, T_STR, REQUIRED),
};

static const struct member	note_key_members[] = {
	MEMBER(note, text, T_STR, REQUIRED),
	MEMBER(note, id, T_UUID, REQUIRED),
};

extern struct schema	note_schema, note_create_schema, note_update_schema;
extern struct schema	note_key_schema;
static struct note	 note_update_struct;
static const char	 note_update_structure[] = "note";
extern struct note	 note_create_struct;

SCHEMA(note);
SCHEMA_OF(note_create, note);
SCHEMA_OF(note_key, note);
SCHEMA_LIKE(note_update, note_create);

static const struct error_kind	of_this_file = { 409, "NOTE_LOCKED", "" };
static const unsigned		yes = 1;

/* Like require_role() of dependencies.h. */
#define ROLES(title, ...)						\
	&(const struct dependency){ .name = title, .doc = "For some",	\
	    .resolve = resolve,						\
	    .roles = (const char *const[]){ __VA_ARGS__, NULL } }

ROUTER(notes, "Notes.");

#define PUBLIC	.auth = &public, .doc = "Of a test."
#define OUT_	PUBLIC, .out = &note_schema

/* What is right. */
ROUTE(good_list, PARAM(limit, "How many.", .fallback = "20"),
    PARAM(cursor, "Where."),
    GET(read_note, OUT_, .out_cursor = &note_schema),
    POST(write_note, OUT_, .in = &note_create_schema, .status = 201,
	.raises = RAISES(&ERR_CONFLICT), .out_accepted = &note_schema,
	.accepts = &yes, .accepted_doc = "Later."));
ROUTE(good_item, PATH(note_id, T_UUID),
    GET(read_note, OUT_),
    PUT(write_note, OUT_, .in = &note_update_schema, .if_match = true),
    DELETE(end_note, .auth = ROLES("require_role(\"admin\")", "admin"),
	.status = 204));
ROUTE(good_page, GET(read_note, PUBLIC, .raw = true),
    POST(write_note, PUBLIC, .status = 202));
ROUTE(good_away, GET(read_note, PUBLIC, .status = 303));
ROUTE(rest);

/* What is wrong. */
ROUTE(open, GET(read_note, .out = &note_schema));
ROUTE(role, GET(read_note, .out = &note_schema,
    .auth = ROLES("require_role(\"edtor\")", "admin", "edtor")));
ROUTE(also_role, GET(read_note, OUT_,
    .also = ROLES("self_or_role(\"boss\")", "boss")));
ROUTE(unresolved, GET(read_note, .out = &note_schema,
    .auth = &(const struct dependency){ .name = "owner", .doc = "Mine" }));
ROUTE(undescribed, GET(read_note, OUT_,
    .also = &(const struct dependency){ .name = "owner",
	.resolve = resolve }));
ROUTE(nameless, GET(read_note, OUT_,
    .also = &(const struct dependency){ .doc = "Mine", .resolve = resolve }));
ROUTE(form_only, POST(write_note, OUT_, .form = true));
ROUTE(form_id, POST(write_note, OUT_, .in = &note_key_schema, .form = true));
ROUTE(no_patch, PATCH(write_note, OUT_));
ROUTE(get_body, GET(read_note, OUT_, .in = &note_create_schema));
ROUTE(answer_in, POST(write_note, OUT_, .in = &note_schema));
ROUTE(status_500, GET(read_note, OUT_, .status = 500));
ROUTE(status_299, GET(read_note, OUT_, .status = 299));
ROUTE(body_204, DELETE(end_note, OUT_, .status = 204));
ROUTE(body_303, GET(read_note, OUT_, .status = 303));
ROUTE(no_out, GET(read_note, PUBLIC));
ROUTE(no_out_201, POST(write_note, PUBLIC, .status = 201));
ROUTE(raw_out, GET(read_note, OUT_, .raw = true));
ROUTE(shows_none, GET(read_note, PUBLIC, .out = &note_create_schema));
ROUTE(cursor_post, POST(write_note, OUT_, .out_cursor = &note_schema));
ROUTE(cursor_only, PARAM(cursor, "Where."), GET(read_note, PUBLIC,
    .out_cursor = &note_schema, .raw = true));
ROUTE(accepts, POST(write_note, OUT_, .accepts = &yes));
ROUTE(accepted, POST(write_note, OUT_, .out_accepted = &note_schema,
    .accepts = &yes));
ROUTE(no_user, PATH(id, T_UUID), GET(read_note, OUT_,
    .also = &(const struct dependency){ .name = "owner", .doc = "Mine",
	.resolve = resolve, .path = "user_id" }));
ROUTE(match_get, GET(read_note, OUT_, .if_match = true));
ROUTE(raises, GET(read_note, OUT_, .raises = RAISES(&ERR_NOT_FOUND,
    &of_this_file)));
ROUTE(two_ids, PATH(id, T_UUID), PATH(id, T_UUID), GET(read_note, OUT_));
ROUTE(number, PATH(n, T_INT), GET(read_note, OUT_));
ROUTE(swapped, PATH(note_id, T_UUID), PATH(user_id, T_UUID),
    GET(read_note, OUT_));
ROUTE(boxed, PATH(box_id, T_UUID), PATH(owner_id, T_UUID),
    GET(read_note, OUT_));
ROUTE(in_order, PATH(user_id, T_UUID), PATH(box_id, T_UUID),
    GET(read_note, OUT_));
ROUTE(freely, PATH(friend_id, T_UUID), PATH(note_id, T_UUID),
    GET(read_note, OUT_));
ROUTE(filters, PARAM(status, "Only these."), GET(read_note, OUT_),
    DELETE(end_note, PUBLIC, .status = 204));
ROUTE(except, PARAM(except, "Not this."), DELETE(end_note, PUBLIC,
    .status = 204));
ROUTE(twice, PARAM(status, "Only these."), PARAM(status, "Again."),
    GET(read_note, OUT_));
ROUTE(bare, GET(read_note, OUT_), POST(write_note, OUT_));
ROUTE(no_cursor, GET(read_note, OUT_, .out_cursor = &note_schema));

#define VALIDATE(...)	(const struct validate[]){ __VA_ARGS__, { 0 } }
#define Q(m, name, regex)	{ HTTP_METHOD_##m, name, regex, false }
#define STATUS(m)	Q(m, "status", "^(new|old)$")
#define NOTES	"^/notes/([^/]+)$"

static const struct mistake {
	const char		*path;
	struct route		*route;
	const struct validate	*validates;
	const char		*line;		/* NULL: none, it is right */
} mistakes[] = {
	{ "/notes", &good_list__route, VALIDATE(Q(GET, "limit",
	    "^([1-9][0-9]?|100)$"), Q(GET, "cursor", "^.{0,9}$")), NULL },
	{ NOTES, &good_item__route, NULL, NULL },
	{ "/notes", &good_page__route, NULL, NULL },
	{ "/notes", &good_away__route, NULL, NULL },

	{ "/notes", &open__route, NULL, FILE_ "GET(read_note) in ROUTE(open) "
	    "has no .auth: write .auth = &signed_in, .auth = require_role("
	    "\"admin\") or, for everybody, .auth = &public" },
	{ "/notes", &role__route, NULL, FILE_ "GET(read_note) in ROUTE(role) "
	    "has .auth = require_role(\"edtor\"), and kore.conf's v_role has "
	    "no role \"edtor\": Must be one of: user, staff, admin" },
	{ "/notes", &also_role__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(also_role) has .also = self_or_role(\"boss\"), and "
	    "kore.conf's v_role has no role \"boss\": Must be one of: user, "
	    "staff, admin" },

	{ NOTES, &no_user__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(no_user) has .also = owner, and its ROUTE has no "
	    "PATH(user_id, T_UUID)" },

	{ "/notes", &unresolved__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(unresolved) has an .auth, owner, that lacks one of .name, "
	    ".resolve and .doc" },
	{ "/notes", &undescribed__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(undescribed) has an .also, owner, that lacks one of .name, "
	    ".resolve and .doc" },
	{ "/notes", &nameless__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(nameless) has an .also, a struct dependency, that lacks one "
	    "of .name, .resolve and .doc" },
	{ "/notes", &form_only__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(form_only) has .form = true, and no .in = &NAME_schema" },
	{ "/notes", &form_id__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(form_id) has .form = true, and a form has only texts: "
	    "declare id of note_key_schema as a T_STR" },
	{ "/notes", &no_patch__route, NULL, FILE_ "PATCH(write_note) in "
	    "ROUTE(no_patch) has no .in: a PATCH has a body; write .in = "
	    "&NAME_update_schema" },
	{ "/notes", &get_body__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(get_body) has .in = &note_create_schema, and a GET has no "
	    "body: write PARAM rows for its query" },
	{ "/notes", &answer_in__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(answer_in) has .in = &note_schema, which has a member that "
	    "is only for responses (T_JSON, T_LIST or T_OBJECT)" },

	{ "/notes", &status_500__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(status_500) has .status = 500: write 200, 201, 202, 204, or "
	    "that of a redirect; errors are raised" },
	{ "/notes", &status_299__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(status_299) has .status = 299: write 200, 201, 202, 204, or "
	    "that of a redirect; errors are raised" },
	{ "/notes", &body_204__route, NULL, FILE_ "DELETE(end_note) in "
	    "ROUTE(body_204) has .out = &note_schema and .status = 204, which "
	    "has no body: leave out one of them" },
	{ "/notes", &body_303__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(body_303) has .out = &note_schema and .status = 303, which "
	    "has no body: leave out one of them" },
	{ "/notes", &no_out__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(no_out) has no .out: write .out = &NAME_schema, .status = "
	    "204 if it answers without a body or, for text and files, .raw = "
	    "true" },
	{ "/notes", &no_out_201__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(no_out_201) has no .out: write .out = &NAME_schema, "
	    ".status = 204 if it answers without a body or, for text and "
	    "files, .raw = true" },
	{ "/notes", &raw_out__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(raw_out) has .out = &note_schema and .raw: leave out one of "
	    "them" },
	{ "/notes", &shows_none__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(shows_none) answers with note_create_schema, and none of "
	    "its members has the flag OUT" },
	{ "/notes", &cursor_post__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(cursor_post) has .out_cursor: that is for a GET that has "
	    ".out, too" },
	{ "/notes", &cursor_only__route, VALIDATE(Q(GET, "cursor", "^.*$")),
	    FILE_ "GET(read_note) in ROUTE(cursor_only) has .out_cursor: that "
	    "is for a GET that has .out, too" },
	{ "/notes", &accepts__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(accepts) has not all of .out_accepted, .accepts and "
	    ".accepted_doc: each needs the others" },
	{ "/notes", &accepted__route, NULL, FILE_ "POST(write_note) in "
	    "ROUTE(accepted) has not all of .out_accepted, .accepts and "
	    ".accepted_doc: each needs the others" },
	{ "/notes", &match_get__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(match_get) has .if_match: a GET reads the header by itself "
	    "if its .out has an ETAG" },
	{ "/notes", &raises__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(raises) raises NOTE_LOCKED, which is not in the list "
	    "error_kinds of src/base/error_kinds.c" },

	{ "^/a/([^/]+)/([^/]+)$", &two_ids__route, NULL, FILE_ "ROUTE(two_ids) "
	    "has two rows PATH(id, ...): each group needs a name of its own" },
	{ NOTES, &number__route, NULL, FILE_ "ROUTE(number) has a PATH(n, ...) "
	    "of another type than T_UUID and T_STR: write T_STR, and check "
	    "the value in the handler" },
	{ "^/users/([^/]+)/notes/([^/]+)$", &swapped__route, NULL, FILE_
	    "ROUTE(swapped) has its PATH rows in another order than "
	    "^/users/([^/]+)/notes/([^/]+)$: the group after users/ is "
	    "user_id, not note_id" },
	{ "^/teams/([^/]+)/boxes/([^/]+)$", &boxed__route, NULL, FILE_
	    "ROUTE(boxed) has its PATH rows in another order than "
	    "^/teams/([^/]+)/boxes/([^/]+)$: the group after boxes/ is box_id, "
	    "not owner_id" },
	{ "^/users/([^/]+)/boxes/([^/]+)$", &in_order__route, NULL, NULL },
	{ "^/users/([^/]+)/notes/([^/]+)$", &freely__route, NULL, NULL },

	{ "/notes", &filters__route, NULL, FILE_ "ROUTE(filters) has "
	    "PARAM(status, ...), and kore.conf has no rule for it: write "
	    "`validate status VALIDATOR` in a block `params qs:get /notes`" },
	{ "/notes", &except__route, NULL, FILE_ "ROUTE(except) has "
	    "PARAM(except, ...), and kore.conf has no rule for it: write "
	    "`validate except VALIDATOR` in a block `params qs:delete "
	    "/notes`" },
	{ "/notes", &filters__route, VALIDATE(STATUS(DELETE)), NULL },
	{ "/notes", &filters__route, VALIDATE(STATUS(GET), STATUS(DELETE)),
	    NULL },
	{ "/notes", &bare__route, VALIDATE(STATUS(GET)), "kore.conf: params "
	    "qs:get /notes: ROUTE(bare) in " __FILE__ " has no row for status: "
	    "write PARAM(status, \"What it is for.\")" },
	{ "/notes", &filters__route, VALIDATE(STATUS(PATCH)), "kore.conf: "
	    "params qs:patch /notes: ROUTE(filters) in " __FILE__ " has no "
	    "PATCH row" },
	{ "/notes", &filters__route, VALIDATE(STATUS(HEAD)), "kore.conf: "
	    "params qs:head /notes: ROUTE(filters) in " __FILE__ " has no "
	    "HEAD row" },
	{ "/notes", &bare__route, VALIDATE({ HTTP_METHOD_POST, "text",
	    "^.{1,9}$", true }), "kore.conf: params post /notes: write qs: "
	    "before the method: the members of a body are in its schema, not "
	    "here" },
	{ "/notes", &filters__route, VALIDATE(STATUS(GET), STATUS(GET)),
	    "kore.conf: params qs:get /notes: it has two lines validate "
	    "status" },
	{ "/notes", &twice__route, VALIDATE(STATUS(GET)), FILE_
	    "ROUTE(twice) has two rows PARAM(status, ...)" },
	{ "/notes", &no_cursor__route, NULL, FILE_ "GET(read_note) in "
	    "ROUTE(no_cursor) has .out_cursor, and its ROUTE has no parameter "
	    "cursor: write CURSOR_PARAMS(...), and `validate cursor v_cursor` "
	    "in kore.conf's block `params qs:get /notes`" },
};

static void
test_mistakes(void **state)
{
	const struct mistake		*m;
	struct kore_module_handle	*h;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		m = &mistakes[i];
		unbind();
		h = fake_route(m->path, m->route->name, m->route);
		fake_validates(h, m->validates);
		fake_route("^.*$", "rest", &rest__route);
		assert_line(routes_init(NULL), NULL);
		assert_line(routes_check(), m->line);
	}
}

/* A row is not checked in a project without roles. */
static void
test_no_validator_of_roles(void **state)
{
	struct kore_validator	*v = kore_validator_lookup("v_role");

	(void)state;
	v->name[0] = 'w';
	unbind();
	fake_route("/notes", "open", &good_page__route);
	fake_route("^.*$", "rest", &rest__route);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), NULL);
	unbind();
	fake_route("/notes", "role", &role__route);
	fake_route("^.*$", "rest", &rest__route);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), FILE_ "GET(read_note) in ROUTE(role) has "
	    ".auth = require_role(\"edtor\"), and kore.conf has no valid "
	    "validator v_role, which lists the roles");
	v->name[0] = 'v';
}

/* Routes in kore.conf's order; the last one of them is hidden, or none. */
static const struct order {
	const char	*first;
	const char	*second;
	const char	*hidden;	/* NULL: both can be reached */
} orders[] = {
	{ "/notes", "/notes/new", NULL },
	{ "/notes/new", NOTES, NULL },
	{ NOTES, "^/notes/([^/]+)/parts$", NULL },
	{ NOTES, "/notes", NULL },
	{ "^/notes/([a-m]+)$", NOTES, NULL },
	{ "^/notes/([0-9]+)$", "^/notes/([0-9a-f-]{36})$", NULL },
	{ "^/notes/(.{1,50})$", NOTES, NULL },
	/* None that the second one takes is tried. */
	{ "^/notes/([a-z]+)$", "^/notes/([0-9]{50})$", NULL },
	{ "^/a/([a-z]+)/b/([^/]+)$", "^/a/([^/]+)/b/([a-z]+)$", NULL },
	{ "^/notes/me/([^/]+)$", "^/notes/([^/]+)/([^/]+)$", NULL },
	{ "^/a$|^/b$", "^/a$|^/c$", NULL },
	{ "/notes", "/notes", "kore.conf: the route /notes second can never "
	    "be reached: first has this path already; put the rows of both "
	    "into one ROUTE" },
	{ NOTES, NOTES, "kore.conf: the route " NOTES " second can never be "
	    "reached: first has this path already; put the rows of both into "
	    "one ROUTE" },
	{ NOTES, "/notes/new", "kore.conf: the route /notes/new second can "
	    "never be reached: " NOTES " first above it matches its paths, "
	    "too; move second above that" },
	{ NOTES, "^/notes/([0-9a-f-]{36})$", "kore.conf: the route "
	    "^/notes/([0-9a-f-]{36})$ second can never be reached: " NOTES
	    " first above it matches its paths, too; move second above that" },
	{ "^/notes/([^/]+)/([^/]+)$", "^/notes/me/([^/]+)$", "kore.conf: the "
	    "route ^/notes/me/([^/]+)$ second can never be reached: "
	    "^/notes/([^/]+)/([^/]+)$ first above it matches its paths, too; "
	    "move second above that" },
	{ "^/notes", "/notes/new", "kore.conf: the route /notes/new second can "
	    "never be reached: ^/notes first above it matches its paths, too; "
	    "move second above that" },
	{ "^/.*$", NOTES, "kore.conf: the route " NOTES " second can never be "
	    "reached: ^/.*$ first above it matches its paths, too; move second "
	    "above that" },
};

/* As many PATH rows as the path has groups. */
static struct route_row	paths[2][3];

static struct route *
route_of(const char *path, struct route_row rows[3], struct route *r)
{
	static const char *const	 names[] = { "a_id", "b_id" };
	size_t				 n = 0;

	rows[2] = (struct route_row)GET(read_note, OUT_);
	for (; *path != '\0'; path++) {
		if (*path == '(') {
			rows[1 - n] = (struct route_row){ .kind = ROW_PATH,
			    .name = names[n], .type = T_STR };
			n++;
		}
	}
	r->router = &router;
	r->rows = rows + 2 - n;
	r->nrows = n + 1;
	return (r);
}

static void
test_orders(void **state)
{
	static struct route	 first = { .name = "first" };
	static struct route	 second = { .name = "second" };
	const struct order	*o;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		o = &orders[i];
		unbind();
		fake_route(o->first, "first", route_of(o->first, paths[0],
		    &first));
		fake_route(o->second, "second", route_of(o->second, paths[1],
		    &second));
		fake_route("^.*$", "rest", &rest__route);
		assert_line(routes_init(NULL), NULL);
		assert_line(routes_check(), o->hidden);
	}
}

/* Another domain hides nothing. */
static void
test_order_of_domains(void **state)
{
	static struct route	 first = { .name = "first" };
	static struct route	 second = { .name = "second" };
	static struct route	 last = { .name = "last" };

	(void)state;
	unbind();
	fake_route("/notes", "first", route_of("", paths[0], &first));
	fake_route("^.*$", "rest", &rest__route);
	fake_domain();
	fake_route("/notes", "second", route_of("", paths[1], &second));
	last.router = &router;
	fake_route("^.*$", "last", &last);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), NULL);
}

static int
setup(void **state)
{
	(void)state;
	fake_validator("v_role", "^(user|staff|admin)$", NULL);
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
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_no_validator_of_roles),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_order_of_domains),
	};

	return (cmocka_run_group_tests_name("routes_check", tests, setup,
	    teardown));
}
