/* SPDX-License-Identifier: ISC */
/* Rows of the audit log. */

#include "modules/audit/audit_repository.h"

static const struct member	audit_record_members[] = {
	MEMBER(audit_record, id, T_UUID, OUT),
	MEMBER(audit_record, created_at, T_TIME, OUT),
	MEMBER(audit_record, action, T_STR, OUT,
	    .example = "user_updated"),
	MEMBER(audit_record, actor_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_record, session_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_record, target_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_record, account, T_STR, OUT | OR_NULL,
	    .example = "qW5nXb4gYlV0o2m3"),
	MEMBER(audit_record, address, T_STR, OUT | OR_NULL,
	    .example = "192.0.2.1"),
	MEMBER(audit_record, request_id, T_STR, OUT | OR_NULL,
	    .example = "0f8fad5b-d9cb-469f-a165-70867728950e"),
	MEMBER(audit_record, changes, T_JSON, OUT | OR_NULL,
	    .example = "{\"role\": {\"from\": \"user\", \"to\": \"admin\"}}"),
};

static const struct member	audit_line_members[] = {
	MEMBER(audit_line, id, T_UUID, OUT),
	MEMBER(audit_line, created_at, T_TIME, OUT),
	MEMBER(audit_line, action, T_STR, OUT),
	MEMBER(audit_line, actor_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_line, actor_email, T_STR, OUT | OR_NULL),
	MEMBER(audit_line, session_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_line, target_id, T_UUID, OUT | OR_NULL),
	MEMBER(audit_line, target_email, T_STR, OUT | OR_NULL),
	MEMBER(audit_line, account, T_STR, OUT | OR_NULL),
	MEMBER(audit_line, address, T_STR, OUT | OR_NULL),
	MEMBER(audit_line, request_id, T_STR, OUT | OR_NULL),
	MEMBER(audit_line, changes, T_JSON, OUT | OR_NULL),
};

SCHEMA(audit_record);
LIST_QUERY_BY_CURSOR(audit, list, audit_record, .sort = "-created_at",
    .until = "until");
SCHEMA(audit_line);

MIGRATION(0010_audit_log);
