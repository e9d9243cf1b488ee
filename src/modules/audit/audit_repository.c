/* SPDX-License-Identifier: ISC */
/* The queries on the audit log. */

#include "modules/audit/audit_repository.h"

QUERIES(audit);

QUERY(audit, add, none);

static const char *
null_if_empty(const char *text)
{
	return (*text != '\0' ? text : NULL);
}

void
audit_repository_add(struct ctx *c, const char *action,
    const struct audit_entry *e, const char *changes)
{
	db_exec(c, audit_add, db_uuid(c), action, e->actor_id, e->session_id,
	    e->target_id, e->account, null_if_empty(c->client),
	    null_if_empty(c->request_id), changes);
}
