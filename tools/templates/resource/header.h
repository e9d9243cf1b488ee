/* SPDX-License-Identifier: ISC */
% if r.private
/* {{ r.Many }}, which only their owner sees. */
% elif r.owner
/* {{ r.Many }}, which all users read and their owner changes. */
% else
/* {{ r.Many }}, which all users read and staff changes. */
% end

#ifndef MODULES_{{ r.many.upper() }}_H
#define MODULES_{{ r.many.upper() }}_H

#include "database/database.h"
#include "database/list.h"

% if r.shared
struct user;

% end
/* {{ r.many }}_models.c */

struct {{ r.one }} {
	{{ r.declare("const char *", "id") }};
% if r.owner
	{{ r.declare("const char *", "owner_id") }};
% end
% for field in r.fields
	{{ r.declare(field.c_type, field.column) }};{{ r.null_comment(field) }}
% end
	{{ r.declare("int64_t", "version") }};
	{{ r.declare("int64_t", "created_at") }};
	{{ r.declare("int64_t", "updated_at") }};
};

SCHEMA_RESPONSE({{ r.one }}, {{ r.one }});
SCHEMA_BODY_OF({{ r.one }}_create, {{ r.one }});
SCHEMA_UPDATE_BODY({{ r.one }}_update, {{ r.one }});
LISTS({{ r.many }}, list, {{ r.one }}{{ ", owner_id" if r.private else "" }});

/* {{ r.many }}_service.c */

struct {{ r.one }}	*{{ r.many }}_service_create(struct ctx *, const struct {{ r.one }} *in{{ ", const char *owner_id" if r.owner else "" }}) AWAITS;

% if r.private
/* Raises ERR_NOT_FOUND unless the {{ r.words }} exists and is the owner's. */
struct {{ r.one }}	*{{ r.many }}_service_get(struct ctx *, const char *id, const char *owner_id) AWAITS;
% else
/* Raises ERR_NOT_FOUND unless the {{ r.words }} exists. */
struct {{ r.one }}	*{{ r.many }}_service_get(struct ctx *, const char *id) AWAITS;
% end
% if r.shared

/* The same for its owner and admins; raises ERR_FORBIDDEN for others. */
struct {{ r.one }}	*{{ r.many }}_service_get_own(struct ctx *, const char *id, const struct user *actor) AWAITS;
% end

/* Raise ERR_PRECONDITION_FAILED or ERR_NOT_FOUND if it has changed since. */
struct {{ r.one }}	*{{ r.many }}_service_update(struct ctx *, const char *id, const struct {{ r.one }}_update *in, const char *version) AWAITS;
void		 {{ r.many }}_service_delete(struct ctx *, const char *id, const char *version) AWAITS;

#endif
