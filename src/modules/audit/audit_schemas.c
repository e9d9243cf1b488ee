/* SPDX-License-Identifier: ISC */
/* What admins read of the audit log, and what `./keel audit --json` prints. */

#include "modules/audit/audit.h"

static const struct field	audit_record_fields[] = {
	FIELD(audit_record, id, T_UUID, 0, NULL),
	FIELD(audit_record, created_at, T_TIME, 0, NULL),
	FIELD(audit_record, action, T_STR, 0, NULL,
	    .example = "user_updated"),
	FIELD(audit_record, actor_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_record, session_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_record, target_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_record, account, T_STR, NULLABLE, NULL,
	    .example = "qW5nXb4gYlV0o2m3"),
	FIELD(audit_record, address, T_STR, NULLABLE, NULL,
	    .example = "192.0.2.1"),
	FIELD(audit_record, request_id, T_STR, NULLABLE, NULL,
	    .example = "0f8fad5b-d9cb-469f-a165-70867728950e"),
	FIELD(audit_record, changes, T_JSON, NULLABLE, NULL,
	    .example = "{\"role\": {\"from\": \"user\", \"to\": \"admin\"}}"),
};

static const struct field	audit_list_fields[] = {
	LIST(audit_list, items, audit_record),
	CURSOR_FIELDS(audit_list),
};

static const struct field	audit_line_fields[] = {
	FIELD(audit_line, id, T_UUID, 0, NULL),
	FIELD(audit_line, created_at, T_TIME, 0, NULL),
	FIELD(audit_line, action, T_STR, 0, NULL),
	FIELD(audit_line, actor_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_line, actor_email, T_STR, NULLABLE, NULL),
	FIELD(audit_line, session_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_line, target_id, T_UUID, NULLABLE, NULL),
	FIELD(audit_line, target_email, T_STR, NULLABLE, NULL),
	FIELD(audit_line, account, T_STR, NULLABLE, NULL),
	FIELD(audit_line, address, T_STR, NULLABLE, NULL),
	FIELD(audit_line, request_id, T_STR, NULLABLE, NULL),
	FIELD(audit_line, changes, T_JSON, NULLABLE, NULL),
};

SCHEMA(audit_record);
SCHEMA(audit_list);
SCHEMA(audit_line);
