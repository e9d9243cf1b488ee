/* SPDX-License-Identifier: ISC */
/* The endpoints of {{ r.many_words }} (router.py in a FastAPI project). */

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "modules/{{ r.many }}/{{ r.many }}.h"

% if r.private
ROUTER({{ r.many }}, "{{ r.Many_words }} of the signed-in user.");
% else
ROUTER({{ r.many }}, "Read and write {{ r.many_words }}.");
% end

/* The {{ r.words }} that the path names. */
static AWAITS const struct {{ r.one }} *
target_{{ r.one }}(struct ctx *c)
{
% if r.private
	return ({{ r.many }}_service_get(c, path_param(c, "{{ r.one }}_id"), c->user_id));
% else
	return ({{ r.many }}_service_get(c, path_param(c, "{{ r.one }}_id")));
% end
}

% if r.shared
/* The same, for its owner and admins. */
static AWAITS const struct {{ r.one }} *
own_{{ r.one }}(struct ctx *c)
{
	return ({{ r.many }}_service_get_own(c, path_param(c, "{{ r.one }}_id"), current_user(c)));
}

% end
static void
list_{{ r.many }}(struct ctx *c)
{
	{{ r.many }}_list_respond(c{{ ", c->user_id" if r.private else "" }});
}

/* Writes respond before they commit: an error means that nothing is written. */
static void
create_{{ r.one }}(struct ctx *c)
{
	const struct {{ r.one }}	*in = {{ r.one }}_create_body(c);

	db_begin(c);
	{{ r.one }}_respond_created(c, {{ r.many }}_service_create(c, in{{ ", c->user_id" if r.owner else "" }}));
	db_commit(c);
}

static void
read_{{ r.one }}(struct ctx *c)
{
	{{ r.one }}_respond(c, target_{{ r.one }}(c));
}

static void
update_{{ r.one }}(struct ctx *c)
{
	const struct {{ r.one }}_update	*in = {{ r.one }}_update_body(c);
	{{ r.at("const struct " + r.one, "const struct %s_update" % r.one) }}*{{ r.var }} = {{ r.target }}_{{ r.one }}(c);
	{{ r.at("const char", "const struct %s_update" % r.one) }}*version = {{ r.one }}_precondition(c, {{ r.var }});

	db_begin(c);
	{{ r.one }}_respond(c, {{ r.many }}_service_update(c, {{ r.var }}->id, in, version));
	db_commit(c);
}

static void
delete_{{ r.one }}(struct ctx *c)
{
	const struct {{ r.one }}	*{{ r.var }} = {{ r.target }}_{{ r.one }}(c);

	{{ r.many }}_service_delete(c, {{ r.var }}->id, {{ r.one }}_precondition(c, {{ r.var }}));
	respond_empty(c, 204);
}

% if r.body_max
/* Of all fields together: JSON may write a character with 12 bytes. */
#define BODY_MAX	{{ r.body_max }}

% end
% if r.staff
#define WRITERS	require_role("staff", "admin")

% end
ROUTE({{ r.many }}_collection,
    PAGE_PARAMS, CURSOR_PARAMS("-created_at"),
% for column in r.filters
    PARAM({{ column }}, "{{ r.filter_doc(column) }}", .example = "{{ r.uuid }}"),
% end
    GET(list_{{ r.many }}, .auth = &signed_in, .out = &{{ r.one }}_list_schema, .out_cursor = &{{ r.one }}_cursor_list_schema, .doc = "List {{ "your " if r.private else "" }}{{ r.many_words }}."),
    POST(create_{{ r.one }}, .auth = {{ r.writers }}, .in = &{{ r.one }}_create_schema, {{ r.limit }}.out = &{{ r.one }}_schema, .status = 201, .idempotent = true, .doc = "Write {{ r.a_words }}."));

ROUTE({{ r.many }}_item,
    PATH({{ r.one }}_id, T_UUID),
    GET(read_{{ r.one }}, .auth = &signed_in, .out = &{{ r.one }}_schema, .raises = RAISES(&ERR_NOT_FOUND), .doc = "Read {{ r.a_words }}."),
    PATCH(update_{{ r.one }}, .auth = {{ r.writers }}, .in = &{{ r.one }}_update_schema, {{ r.limit }}.out = &{{ r.one }}_schema, .if_match = true, .raises = RAISES({{ r.write_raises }}), .doc = "Change {{ r.a_words }}."),
    DELETE(delete_{{ r.one }}, .auth = {{ r.writers }}, .status = 204, .if_match = true, .raises = RAISES({{ r.write_raises }}), .doc = "Delete {{ r.a_words }}."));
