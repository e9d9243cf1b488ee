-- SPDX-License-Identifier: ISC
-- name: audit.add
INSERT INTO audit_log (id, action, actor_id, session_id, target_id, account,
       address, request_id, changes)
VALUES (:id, :action, :actor_id, :session_id, :target_id, :account,
       :address, :request_id, :changes)

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
-- For ./keel audit; the user is the actor or the target.
WITH latest AS MATERIALIZED (
	SELECT *
	  FROM audit_log
	 WHERE (:action::text IS NULL OR action = :action)
	   AND (:user_id::uuid IS NULL OR actor_id = :user_id
	        OR target_id = :user_id)
	   AND (:since::timestamptz IS NULL OR created_at >= :since)
	 ORDER BY created_at DESC, id DESC
	 LIMIT :limit
)
SELECT l.@audit_line(actor.email AS actor_email, target.email AS target_email)
  FROM latest l
  LEFT JOIN users actor ON actor.id = l.actor_id
  LEFT JOIN users target ON target.id = l.target_id
 ORDER BY l.created_at, l.id

-- name: audit.purge
DELETE FROM audit_log
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM audit_log
	 WHERE created_at < now() - :days::integer * interval '1 day'
	 ORDER BY created_at, id
	 LIMIT :limit
 ))
