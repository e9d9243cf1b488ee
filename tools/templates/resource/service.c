/* SPDX-License-Identifier: ISC */
/* The rules of {{ r.many_words }} (service.py in a FastAPI project). */

% if r.shared
#include <string.h>

% end
#include "http/conditional.h"
#include "modules/{{ r.many }}/{{ r.many }}_repository.h"
% if r.shared
#include "modules/users/users.h"
% end

struct {{ r.one }} *
{{ r.many }}_service_create(struct ctx *c, const struct {{ r.one }} *in{{ ", const char *owner_id" if r.owner else "" }})
{
	return ({{ r.many }}_repository_create(c, in, db_uuid(c){{ ", owner_id" if r.owner else "" }}));
}

struct {{ r.one }} *
{{ r.many }}_service_get(struct ctx *c, const char *id{{ ", const char *owner_id" if r.private else "" }})
{
	struct {{ r.one }}	*{{ r.var }} = {{ r.many }}_repository_find(c, id{{ ", owner_id" if r.private else "" }});

	if ({{ r.var }} == NULL)
		raise_error(c, &ERR_NOT_FOUND, "{{ r.Words }} not found");
	return ({{ r.var }});
}

% if r.shared
struct {{ r.one }} *
{{ r.many }}_service_get_own(struct ctx *c, const char *id, const struct user *actor)
{
	struct {{ r.one }}	*{{ r.var }} = {{ r.many }}_service_get(c, id);

	if (strcmp({{ r.var }}->owner_id, actor->id) != 0 &&
	    strcmp(actor->role, "admin") != 0)
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");
	return ({{ r.var }});
}

% end
struct {{ r.one }} *
{{ r.many }}_service_update(struct ctx *c, const char *id, const struct {{ r.one }}_update *in, const char *version)
{
	struct {{ r.one }}	*{{ r.var }} = {{ r.many }}_repository_update(c, in, id, version);

	if ({{ r.var }} == NULL)
		raise_gone(c, version, "{{ r.Words }} not found");
	return ({{ r.var }});
}

void
{{ r.many }}_service_delete(struct ctx *c, const char *id, const char *version)
{
	if ({{ r.many }}_repository_delete(c, id, version) == 0)
		raise_gone(c, version, "{{ r.Words }} not found");
}
