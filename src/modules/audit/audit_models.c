/* SPDX-License-Identifier: ISC */
/* Rows of the audit log. */

#include "modules/audit/audit_repository.h"

static const struct column	audit_record_columns[] = {
	COLUMN(audit_record, id, T_UUID),
	COLUMN(audit_record, created_at, T_TIME),
	COLUMN(audit_record, action, T_STR),
	COLUMN(audit_record, actor_id, T_UUID, .nullable = true),
	COLUMN(audit_record, session_id, T_UUID, .nullable = true),
	COLUMN(audit_record, target_id, T_UUID, .nullable = true),
	COLUMN(audit_record, account, T_STR, .nullable = true),
	COLUMN(audit_record, address, T_STR, .nullable = true),
	COLUMN(audit_record, request_id, T_STR, .nullable = true),
	COLUMN(audit_record, changes, T_JSON, .nullable = true),
};

static const struct column	audit_line_columns[] = {
	COLUMN(audit_line, id, T_UUID),
	COLUMN(audit_line, created_at, T_TIME),
	COLUMN(audit_line, action, T_STR),
	COLUMN(audit_line, actor_id, T_UUID, .nullable = true),
	COLUMN(audit_line, actor_email, T_STR, .nullable = true),
	COLUMN(audit_line, session_id, T_UUID, .nullable = true),
	COLUMN(audit_line, target_id, T_UUID, .nullable = true),
	COLUMN(audit_line, target_email, T_STR, .nullable = true),
	COLUMN(audit_line, account, T_STR, .nullable = true),
	COLUMN(audit_line, address, T_STR, .nullable = true),
	COLUMN(audit_line, request_id, T_STR, .nullable = true),
	COLUMN(audit_line, changes, T_JSON, .nullable = true),
};

MODEL(audit_record);
MODEL(audit_line);

MIGRATION(0010_audit_log);
