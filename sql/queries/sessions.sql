-- SPDX-License-Identifier: ISC
-- name: sessions.create
-- The right password sets the count of wrong ones to zero, and makes the network
-- that it came from ($6) a known one.
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
)
INSERT INTO sign_in_networks (user_id, network)
SELECT user_id, $6
  FROM created
ON CONFLICT (user_id, network) DO UPDATE
   SET last_at = now()

-- name: sessions.count
SELECT count(*) AS total
  FROM sessions
 WHERE user_id = $1
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.list
SELECT id, device, client, coalesce(last_client, client) AS last_client,
       created_at, last_used_at, expires_at, id = $2 AS current
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

-- name: sessions.store_uses
-- Stores when and from where sessions were last used: their ids, the clients'
-- addresses, and how many milliseconds ago. A time never goes back, and one that
-- is less than ten seconds behind stays, unless the address is another one. Rows
-- that others have locked are left out, so that no two statements wait for each
-- other; these are returned.
WITH used AS (
	SELECT id, client, now() - ms * interval '1 millisecond' AS at
	  FROM unnest($1::uuid[], $2::varchar[], $3::bigint[])
	    AS t (id, client, ms)
), due AS (
	SELECT u.id, u.client, u.at
	  FROM used u
	  JOIN sessions s ON s.id = u.id
	 WHERE s.revoked_at IS NULL
	   AND s.last_used_at < u.at
	   AND (s.last_used_at < u.at - interval '10 seconds'
	    OR coalesce(s.last_client, s.client) <> u.client)
), locked AS (
	SELECT d.id, d.client, d.at
	  FROM due d
	  JOIN sessions s ON s.id = d.id
	 WHERE s.revoked_at IS NULL
	   AND s.last_used_at < d.at
	 ORDER BY s.id
	   FOR NO KEY UPDATE OF s SKIP LOCKED
), stored AS (
	UPDATE sessions s
	   SET last_used_at = l.at, last_client = l.client
	  FROM locked l
	 WHERE s.id = l.id
)
SELECT id
  FROM due
EXCEPT
SELECT id
  FROM locked

-- name: sessions.purge
-- Deletes up to $1 sessions that expired a day ago.
DELETE FROM sessions
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM sessions
	 WHERE expires_at < now() - interval '1 day'
	 LIMIT $1
 ))
