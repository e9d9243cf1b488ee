/* SPDX-License-Identifier: ISC */
/* Records actions in the audit log, and lists them. */

#include <string.h>

#include "base/jsonw.h"
#include "modules/audit/audit_repository.h"

#define BATCH	1000	/* rows per statement, which may take 5 seconds */

static bool
is_change(const struct audit_change *change)
{
	if (change->from == NULL || change->to == NULL)
		return (change->from != change->to);
	return (strcmp(change->from, change->to) != 0);
}

static bool
is_any(const struct audit_change *change)
{
	if (change == NULL)
		return (false);
	while (change->member != NULL && !is_change(change))
		change++;
	return (change->member != NULL);
}

const struct audit_change *
audit_changes(struct ctx *c, const struct schema *s, const void *before,
    const void *now, const char *const *names)
{
	struct audit_change	*changes;
	const struct member	*m;
	size_t			 n;

	for (n = 0; names[n] != NULL; n++)
		;
	changes = ctx_alloc(c, (n + 1) * sizeof(*changes));
	for (n = 0; names[n] != NULL; n++) {
		if ((m = schema_member(s, names[n])) == NULL)
			raise_error(c, &ERR_INTERNAL, "%s has no member %s",
			    s->name, names[n]);
		changes[n].member = m->name;
		changes[n].from = schema_text(c, m, before);
		changes[n].to = schema_text(c, m, now);
	}
	return (is_any(changes) ? changes : NULL);
}

/* {"role": {"from": "user", "to": "admin"}}; NULL if nothing changed. */
static const char *
changes_json(struct ctx *c, const struct audit_change *change)
{
	struct jsonw	 j;

	if (!is_any(change))
		return (NULL);
	jsonw_init(&j, &c->arena);
	jsonw_object(&j, NULL);
	for (; change->member != NULL; change++) {
		if (!is_change(change))
			continue;
		jsonw_object(&j, change->member);
		jsonw_string(&j, "from", change->from);
		jsonw_string(&j, "to", change->to);
		jsonw_object_end(&j);
	}
	jsonw_object_end(&j);
	if (j.text.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (j.text.data);
}

void
audit_service_record(struct ctx *c, const struct audit_action *action,
    const struct audit_entry *in)
{
	struct audit_entry	 entry = *in;

	if (entry.actor_id == NULL)
		entry.actor_id = c->user_id;
	if (entry.session_id == NULL)
		entry.session_id = c->session_id;
	audit_repository_add(c, action->name, &entry, changes_json(c,
	    in->changes));
}

const struct audit_line *
audit_service_latest_now(const char *limit, const char *action,
    const char *user_id, const char *since, size_t *n, const char **problem)
{
	return (audit_repository_latest(limit, action, user_id, since, n,
	    problem));
}

void
audit_service_purge(struct ctx *c, int64_t days)
{
	while (audit_repository_purge(c, days, BATCH) == BATCH)
		;
}
