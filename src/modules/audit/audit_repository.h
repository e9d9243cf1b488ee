/* SPDX-License-Identifier: ISC */
/* The audit log in the database. For src/modules/audit only. */

#ifndef MODULES_AUDIT_REPOSITORY_H
#define MODULES_AUDIT_REPOSITORY_H

#include "database/database.h"
#include "modules/audit/audit.h"

/* audit_models.c */

/* A record for people: with the e-mail addresses of those who still exist. */
struct audit_line {
	const char	*id;
	int64_t		 created_at;
	const char	*action;
	const char	*actor_id;	/* these may be NULL */
	const char	*actor_email;
	const char	*session_id;
	const char	*target_id;
	const char	*target_email;
	const char	*account;
	const char	*address;
	const char	*request_id;
	const char	*changes;	/* JSON */
};

extern const struct model	audit_record_model, audit_line_model;

/* audit_schemas.c */

extern struct schema	audit_line_schema;

/* audit_repository.c */

/* Adds a row; changes is a JSON object, or NULL. */
void	audit_repository_add(struct ctx *, const char *action,
	    const struct audit_entry *, const char *changes) AWAITS;

/* Up to limit rows of the page; *n is their number. */
struct audit_record	*audit_repository_find(struct ctx *,
			    const struct audit_filter *, const struct page *,
			    int64_t limit, size_t *n) AWAITS;

/*
 * For a command: the latest rows, the last at the end. Filters are texts that
 * PostgreSQL can read, or NULL. user_id is the actor or the target. On error
 * returns NULL and sets *problem.
 */
struct audit_line	*audit_repository_latest(const char *limit,
			    const char *action, const char *user_id,
			    const char *since, size_t *n,
			    const char **problem);

/* Deletes up to limit rows that are older than this; returns their number. */
int64_t	 audit_repository_purge(struct ctx *, int64_t days, int64_t limit)
	    AWAITS;

#endif
