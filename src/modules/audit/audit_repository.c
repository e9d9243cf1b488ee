/* SPDX-License-Identifier: ISC */
/* The queries on the audit log. */

#include <string.h>

#include "modules/audit/audit_repository.h"

QUERIES(audit);

QUERY(audit, add, none, id, action, actor_id, session_id, target_id, account,
    address, request_id, changes);
QUERY(audit, list, audit_record);
QUERY(audit, list_of_session, audit_record);
QUERY(audit, list_of_target, audit_record);
QUERY(audit, list_of_actor, audit_record);
QUERY(audit, list_of_address, audit_record);
QUERY(audit, list_of_action, audit_record);
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

/* The one whose index finds the fewest rows. */
static const struct query *
choose_list(const struct audit_filter *filter)
{
	if (filter->session_id != NULL)
		return (&audit_list_of_session.query);
	if (filter->target_id != NULL)
		return (&audit_list_of_target.query);
	if (filter->actor_id != NULL)
		return (&audit_list_of_actor.query);
	if (filter->address != NULL)
		return (&audit_list_of_address.query);
	if (filter->action != NULL)
		return (&audit_list_of_action.query);
	return (&audit_list.query);
}

/*
 * The rows are before (key, id): before the last row seen, and before `until`,
 * whichever is earlier. The texts of times sort like times.
 */
struct audit_record *
audit_repository_find(struct ctx *c, const struct audit_filter *filter,
    const struct page *page, int64_t limit, size_t *n)
{
	const char	*key = "infinity", *id = PAGE_LAST_ID;
	const char	*since = "-infinity", *until;

	if (filter->since != TIME_NULL)
		since = db_time(c, filter->since);
	if (page->after_id != NULL) {
		key = page->after_key;
		id = page->after_id;
	}
	if (filter->until != TIME_NULL) {
		until = db_time(c, filter->until);
		if (page->after_id == NULL || strcmp(until, key) <= 0) {
			key = until;
			id = PAGE_FIRST_ID;
		}
	}
	return (db_query_many(c, choose_list(filter), n, PARAMS(key, id,
	    since, db_int(c, limit), filter->session_id, filter->target_id,
	    filter->actor_id, filter->address, filter->action)));
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
