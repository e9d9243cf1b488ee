/* SPDX-License-Identifier: ISC */
/* What admins read of the audit log, and what `./keel audit --json` prints. */

#include "modules/audit/audit.h"

static const struct member	audit_list_members[] = {
	LIST(audit_list, items, audit_record),
	CURSOR_FIELDS(audit_list),
};

SCHEMA(audit_list);
