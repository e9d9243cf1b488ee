/* SPDX-License-Identifier: ISC */
/* The table of the audit log. */

#include "modules/audit/audit_repository.h"

MIGRATION(0010_audit_log);
