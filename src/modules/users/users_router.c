/* SPDX-License-Identifier: ISC */
/* The endpoints of users (router.py in a FastAPI project). */

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "middleware/rate_limit.h"
#include "modules/users/users.h"
#include "product.h"

ROUTER(users, "Register, read, change, deactivate and delete users.");

RATE_LIMIT(register, 20, HOUR, "Registrations from one address");

static void
list_users(struct ctx *c)
{
	if (query_param(c, "q") != NULL)
		users_search_respond(c);
	else
		users_list_respond(c);
}

static void
read_user(struct ctx *c)
{
	user_respond(c, target_user(c));
}

static void
read_me(struct ctx *c)
{
	user_respond(c, current_user(c));
}

static void
create_user(struct ctx *c)
{
	const struct user_create	*in = user_create_body(c);
	struct user			*user;

	user = users_service_create(c, in, current_user_or_none(c));
	if (user == NULL) {
		respond_accepted(c);
		user_accepted_respond(c, &(struct user_status){ "accepted" });
		return;
	}
	user_respond_created(c, user);
}

static AWAITS void
update(struct ctx *c, const struct user *user, const struct user_update *in)
{
	user_respond(c, users_service_update(c, user, in, current_user(c),
	    user_precondition(c, user)));
}

static void
update_user(struct ctx *c)
{
	const struct user_update	*in = user_update_body(c);

	update(c, target_user(c), in);
}

static void
replace_user(struct ctx *c)
{
	const struct user_update	*in = user_replace_body(c);

	update(c, target_user(c), in);
}

static void
update_me(struct ctx *c)
{
	const struct user_update	*in = user_update_me_body(c);

	update(c, current_user(c), in);
}

static AWAITS void
delete(struct ctx *c, const struct user *user)
{
	users_service_delete(c, user, current_user(c),
	    user_precondition(c, user));
	respond_empty(c, 204);
}

static void
delete_user(struct ctx *c)
{
	delete(c, target_user(c));
}

static void
delete_me(struct ctx *c)
{
	delete(c, current_user(c));
}

static void
activate_user(struct ctx *c)
{
	const struct user	*user = target_user(c);

	users_service_set_active(c, user, true, current_user(c),
	    user_precondition(c, user));
	user_status_respond(c, &(struct user_status){ "activated" });
}

static void
deactivate_user(struct ctx *c)
{
	const struct user	*user = target_user(c);

	users_service_set_active(c, user, false, current_user(c),
	    user_precondition(c, user));
	user_status_respond(c, &(struct user_status){ "deactivated" });
}

/* Where it is hidden whether an address is taken. */
#define HIDES(schema)							\
	.out_accepted = &schema,					\
	.accepts = &users_settings.taken_emails,			\
	.accepted_doc = "Accepted: the address gets a mail, be it "	\
	    "free or not."

#define CHANGE_ERRORS							\
	RAISES(&ERR_CONFIRMATION_REQUIRED, &ERR_NOT_FOUND,		\
	    &ERR_CONFLICT, &ERR_TOO_MANY_REQUESTS)

ROUTE(users_collection,
    PAGE_PARAMS, CURSOR_PARAMS("created_at"),
    PARAM(role, "Only users with this role."),
    PARAM(is_active, "Only active, or only inactive, users."),
    PARAM(q, "Only users whose name or e-mail address contains this text, in "
	"any case.", .example = "ada"),
    GET(list_users, .auth = &user_directory, .out = &user_list_schema,
	.out_cursor = &user_cursor_list_schema,
	.doc = "List users."),
    POST(create_user, .limit = &register_limit, .auth = &may_register,
	.in = &user_create_schema, .out = &user_schema, .status = 201,
	.idempotent = true, HIDES(user_accepted_schema),
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_CONFIRMATION_REQUIRED,
	    &ERR_CONFLICT),
	.doc = "Register a user."));

ROUTE(users_me,
    GET(read_me, .auth = &signed_in, .out = &user_schema,
	.doc = "Read your own user."),
    PATCH(update_me, .auth = &signed_in, .in = &user_update_me_schema,
	.out = &user_schema, .if_match = true, HIDES(user_schema),
	.raises = CHANGE_ERRORS,
	.doc = "Change your name, language or e-mail address."),
    DELETE(delete_me, .auth = &signed_in, .also = &recently_confirmed,
	.status = 204, .if_match = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Delete your own user and all its data."));

ROUTE(users_item,
    PATH(user_id, T_UUID),
    GET(read_user, .auth = &self_or_directory, .out = &user_schema,
	.raises = RAISES(&ERR_NOT_FOUND), .doc = "Read a user."),
    PATCH(update_user, .auth = self_or_role("admin"),
	.in = &user_update_schema, .out = &user_schema, .if_match = true,
	HIDES(user_schema), .raises = CHANGE_ERRORS,
	.doc = "Change some fields of a user."),
    PUT(replace_user, .auth = self_or_role("admin"),
	.in = &user_replace_schema, .out = &user_schema, .if_match = true,
	HIDES(user_schema), .raises = CHANGE_ERRORS,
	.doc = "Replace all fields of a user."),
    DELETE(delete_user, .auth = self_or_role("admin"),
	.also = &recently_confirmed, .status = 204, .if_match = true,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Delete a user and all their data."));

ROUTE(users_activate,
    PATH(user_id, T_UUID),
    POST(activate_user, .auth = require_role("admin"),
	.out = &user_status_schema, .if_match = true, .idempotent = true,
	.raises = RAISES(&ERR_CONFIRMATION_REQUIRED, &ERR_NOT_FOUND),
	.doc = "Activate a user."));

ROUTE(users_deactivate,
    PATH(user_id, T_UUID),
    POST(deactivate_user, .auth = require_role("admin"),
	.out = &user_status_schema, .if_match = true, .idempotent = true,
	.raises = RAISES(&ERR_CONFIRMATION_REQUIRED, &ERR_NOT_FOUND,
	    &ERR_CONFLICT),
	.doc = "Deactivate a user and end their sessions."));
