/* SPDX-License-Identifier: ISC */
/* The queries on the audit log. */

#include "modules/audit/audit_repository.h"

QUERIES(audit);

QUERY(audit, add, none, id, action, actor_id, session_id, target_id, account,
    address, request_id, changes);
QUERY(audit, latest, audit_line, limit, action, user_id, since);
QUERY(audit, purge, none, days, limit);

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

struct audit_line *
audit_repository_latest(const char *limit, const char *action,
    const char *user_id, const char *since, size_t *n, const char **problem)
{
	return (db_many_now(audit_latest, n, problem, limit, action, user_id,
	    since));
}

int64_t
audit_repository_purge(struct ctx *c, int64_t days, int64_t limit)
{
	return (db_exec(c, audit_purge, db_int(c, days), db_int(c, limit)));
}
