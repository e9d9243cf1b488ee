-- SPDX-License-Identifier: ISC
-- name: sessions.create
-- The right password sets the count of wrong ones to zero, and makes the network
-- that it came from ($6) a known one. is_new: it was not known, but others were.
WITH created AS (
	INSERT INTO sessions (id, user_id, client, expires_at)
	SELECT $1, id, $3, $4
	  FROM users
	 WHERE id = $2
	   AND is_active
	   AND hashed_password = $5
	   FOR SHARE
	RETURNING user_id
), lifted AS (
	DELETE FROM sign_in_failures
	 WHERE account = (SELECT user_id::text FROM created)
), known AS (
	INSERT INTO sign_in_networks (user_id, network)
	SELECT user_id, $6
	  FROM created
	ON CONFLICT (user_id, network) DO UPDATE
	   SET last_at = now()
	RETURNING user_id, xmax = 0 AS added
)
SELECT added AND EXISTS (
	SELECT FROM sign_in_networks n
	 WHERE n.user_id = known.user_id
	   AND n.network <> $6) AS is_new
  FROM known

-- name: sessions.count
SELECT count(*) AS total
  FROM sessions
 WHERE user_id = $1
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.list
SELECT id, client, created_at, expires_at, id = $2 AS current
  FROM sessions
 WHERE user_id = $1
   AND revoked_at IS NULL
   AND expires_at > now()
 ORDER BY created_at DESC, id DESC
 LIMIT $3 OFFSET $4

-- name: sessions.revoke
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1
   AND id = $2
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.revoke_all
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1
   AND id IS DISTINCT FROM $2
   AND revoked_at IS NULL

-- name: sessions.purge
-- Deletes up to $1 sessions that expired a day ago.
DELETE FROM sessions
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM sessions
	 WHERE expires_at < now() - interval '1 day'
	 LIMIT $1
 ))
