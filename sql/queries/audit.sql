-- SPDX-License-Identifier: ISC
-- name: audit.add
INSERT INTO audit_log (id, action, actor_id, session_id, target_id, account,
       address, request_id, changes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- The lists: one statement for each column that has an index, so that every plan
-- uses it; the other filters are conditions. The rows come before ($1, $2), and
-- not before $3. Of a CASE, a plan for any parameters expects half of the rows. Of
-- an OR it expects hardly any, and it would sort them all.

-- name: audit.list
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $5::uuid IS NULL THEN true ELSE session_id = $5 END
   AND CASE WHEN $6::uuid IS NULL THEN true ELSE target_id = $6 END
   AND CASE WHEN $7::uuid IS NULL THEN true ELSE actor_id = $7 END
   AND CASE WHEN $8::text IS NULL THEN true ELSE address = $8 END
   AND CASE WHEN $9::text IS NULL THEN true ELSE action = $9 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.list_of_session
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE session_id = $5
   AND (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $6::uuid IS NULL THEN true ELSE target_id = $6 END
   AND CASE WHEN $7::uuid IS NULL THEN true ELSE actor_id = $7 END
   AND CASE WHEN $8::text IS NULL THEN true ELSE address = $8 END
   AND CASE WHEN $9::text IS NULL THEN true ELSE action = $9 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.list_of_target
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE target_id = $6
   AND (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $5::uuid IS NULL THEN true ELSE session_id = $5 END
   AND CASE WHEN $7::uuid IS NULL THEN true ELSE actor_id = $7 END
   AND CASE WHEN $8::text IS NULL THEN true ELSE address = $8 END
   AND CASE WHEN $9::text IS NULL THEN true ELSE action = $9 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.list_of_actor
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE actor_id = $7
   AND (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $5::uuid IS NULL THEN true ELSE session_id = $5 END
   AND CASE WHEN $6::uuid IS NULL THEN true ELSE target_id = $6 END
   AND CASE WHEN $8::text IS NULL THEN true ELSE address = $8 END
   AND CASE WHEN $9::text IS NULL THEN true ELSE action = $9 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.list_of_address
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE address = $8
   AND (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $5::uuid IS NULL THEN true ELSE session_id = $5 END
   AND CASE WHEN $6::uuid IS NULL THEN true ELSE target_id = $6 END
   AND CASE WHEN $7::uuid IS NULL THEN true ELSE actor_id = $7 END
   AND CASE WHEN $9::text IS NULL THEN true ELSE action = $9 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.list_of_action
SELECT id, created_at, action, actor_id, session_id, target_id, account,
       address, request_id, changes
  FROM audit_log
 WHERE action = $9
   AND (created_at, id) < ($1::timestamptz, $2::uuid)
   AND created_at >= $3::timestamptz
   AND CASE WHEN $5::uuid IS NULL THEN true ELSE session_id = $5 END
   AND CASE WHEN $6::uuid IS NULL THEN true ELSE target_id = $6 END
   AND CASE WHEN $7::uuid IS NULL THEN true ELSE actor_id = $7 END
   AND CASE WHEN $8::text IS NULL THEN true ELSE address = $8 END
 ORDER BY created_at DESC, id DESC
 LIMIT $4

-- name: audit.latest
-- For ./keel audit: $1 number, $2 action, $3 the actor or the target, $4 since.
WITH latest AS MATERIALIZED (
	SELECT *
	  FROM audit_log
	 WHERE ($2::text IS NULL OR action = $2)
	   AND ($3::uuid IS NULL OR actor_id = $3 OR target_id = $3)
	   AND ($4::timestamptz IS NULL OR created_at >= $4)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $1
)
SELECT l.id, l.created_at, l.action, l.actor_id, actor.email AS actor_email,
       l.session_id, l.target_id, target.email AS target_email, l.account,
       l.address, l.request_id, l.changes
  FROM latest l
  LEFT JOIN users actor ON actor.id = l.actor_id
  LEFT JOIN users target ON target.id = l.target_id
 ORDER BY l.created_at, l.id

-- name: audit.purge
-- $1 days, $2 number of rows.
DELETE FROM audit_log
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM audit_log
	 WHERE created_at < now() - $1::integer * interval '1 day'
	 ORDER BY created_at, id
	 LIMIT $2
 ))
