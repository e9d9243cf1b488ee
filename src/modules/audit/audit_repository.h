/* SPDX-License-Identifier: ISC */
/* The audit log in the database. For src/modules/audit only. */

#ifndef MODULES_AUDIT_REPOSITORY_H
#define MODULES_AUDIT_REPOSITORY_H

#include "database/database.h"
#include "modules/audit/audit.h"

/* audit_repository.c */

/* Adds a row; changes is a JSON object, or NULL. */
void	audit_repository_add(struct ctx *, const char *action,
	    const struct audit_entry *, const char *changes) AWAITS;

/* As audit_service_latest_now(). */
struct audit_line	*audit_repository_latest(const char *limit,
			    const char *action, const char *user_id,
			    const char *since, size_t *n,
			    const char **problem);

/* Deletes up to limit rows that are older than this; returns their number. */
int64_t	 audit_repository_purge(struct ctx *, int64_t days, int64_t limit)
	    AWAITS;

#endif
