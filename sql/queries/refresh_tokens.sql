-- SPDX-License-Identifier: ISC
-- name: refresh_tokens.find
-- Locks the token with this hash and its session until the transaction ends.
-- Both, so that a statement that has waited sees what the other one has written.
-- The session first, as when a user is deleted: then nobody waits in a circle.
SELECT s.user_id, s.expires_at, t.used_at IS NOT NULL AS used,
       coalesce(t.used_at < now() - interval '10 seconds', false) AS late,
       u.is_active
           AND s.revoked_at IS NULL
           AND s.expires_at > now()
           AND s.last_used_at
               > now() - make_interval(secs => :idle_seconds) AS active
  FROM refresh_tokens t
  JOIN sessions s ON s.id = t.session_id
  JOIN users u ON u.id = s.user_id
 WHERE t.token_hash = decode(:hash, 'hex')
   FOR UPDATE OF s, t

-- name: refresh_tokens.rotate
-- Replaces a live token by the next one.
WITH used AS (
	UPDATE refresh_tokens
	   SET used_at = now()
	 WHERE token_hash = decode(:hash, 'hex')
	RETURNING session_id
), next AS (
	INSERT INTO refresh_tokens (token_hash, session_id)
	SELECT decode(:next_hash, 'hex'), session_id
	  FROM used
)
UPDATE sessions
   SET last_used_at = greatest(last_used_at, now()),
       last_client = :client
 WHERE id = (SELECT session_id FROM used)

-- name: refresh_tokens.count
SELECT count(*) AS total
  FROM refresh_tokens
 WHERE token_hash = decode(:hash, 'hex')

-- name: refresh_tokens.purge
-- Deletes tokens that were used an hour ago. Their tags prove later that they were
-- used.
DELETE FROM refresh_tokens
 WHERE token_hash = ANY (ARRAY(
	SELECT token_hash
	  FROM refresh_tokens
	 WHERE used_at < now() - interval '1 hour'
	 LIMIT :limit
 ))
