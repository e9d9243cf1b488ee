/* SPDX-License-Identifier: ISC */
/* Rows of the {{ r.many }} table (models.py in a FastAPI project). */

#define DEFINE_QUERIES
#include "modules/{{ r.many }}/{{ r.many }}_repository.h"

static const struct member	{{ r.one }}_members[] = {
	MEMBER({{ r.one }}, id, T_UUID, OUT),
% if r.owner
	MEMBER({{ r.one }}, owner_id, T_UUID, OUT),
% end
% for field in r.fields
	MEMBER({{ r.one }}, {{ field.column }}, {{ field.member }}, {{ field.flags }}{{ r.options(field) }}),
% end
	MEMBER({{ r.one }}, version, T_INT, ETAG),
	MEMBER({{ r.one }}, created_at, T_TIME, OUT),
	MEMBER({{ r.one }}, updated_at, T_TIME, OUT),
};

#define FIELDS	NAMES({{ r.field_names }})

SCHEMA({{ r.one }});
SCHEMA_LIKE({{ r.one }}_create, {{ r.one }}, .only = FIELDS);
SCHEMA_PATCH({{ r.one }}_update, {{ r.one }}, .only = FIELDS);
LIST_QUERY({{ r.many }}, list, {{ r.one }}, .sort = "-created_at");

% for field in r.references
{{ r.constraint(field) }}
% end
QUERIES({{ r.many }});
MIGRATION({{ r.migration }});
