-- SPDX-License-Identifier: ISC
-- name: audit.add
INSERT INTO audit_log (id, action, actor_id, session_id, target_id, account,
       address, request_id, changes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
