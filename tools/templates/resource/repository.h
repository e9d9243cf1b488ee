/* SPDX-License-Identifier: ISC */
/* The statements of sql/queries/{{ r.many }}.sql, for the module itself. */

#ifndef MODULES_{{ r.many.upper() }}_REPOSITORY_H
#define MODULES_{{ r.many.upper() }}_REPOSITORY_H

#include "modules/{{ r.many }}/{{ r.many }}.h"

QUERY_ONE_FROM({{ r.many }}, create, {{ r.one }}, {{ r.one }}, id{{ ", owner_id" if r.owner else "" }});
QUERY_MAYBE_ONE({{ r.many }}, find, {{ r.one }}, id{{ ", owner_id" if r.private else "" }});
QUERY_MAYBE_ONE_FROM({{ r.many }}, update, {{ r.one }}, {{ r.one }}_update, id, version);
QUERY_EXEC({{ r.many }}, delete, id, version);

#endif
