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

#endif
