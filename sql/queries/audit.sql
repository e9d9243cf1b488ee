-- SPDX-License-Identifier: ISC
-- name: audit.add
INSERT INTO audit_log (id, action, actor_id, session_id, target_id, account,
       address, request_id, changes)
VALUES (:id, :action, :actor_id, :session_id, :target_id, :account,
       :address, :request_id, :changes)

-- list: audit.list by created_at desc for session_id, target_id, actor_id, address, action
-- Of a CASE, a plan for any parameters expects half of the rows. Of an OR it
-- expects hardly any, and it would sort them all.
SELECT @audit_record
  FROM audit_log
 WHERE created_at >= coalesce(:since::timestamptz, '-infinity')
   AND CASE WHEN :session_id::uuid IS NULL THEN true
       ELSE session_id = :session_id END
   AND CASE WHEN :target_id::uuid IS NULL THEN true
       ELSE target_id = :target_id END
   AND CASE WHEN :actor_id::uuid IS NULL THEN true
       ELSE actor_id = :actor_id END
   AND CASE WHEN :address::text IS NULL THEN true
       ELSE address = :address END
   AND CASE WHEN :action::text IS NULL THEN true
       ELSE action = :action END

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
