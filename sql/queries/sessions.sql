-- SPDX-License-Identifier: ISC
-- name: sessions.create
-- The right password sets the count of wrong ones to zero, and makes the network
-- that it came from ($6) a known one. $7 is the device, $8 the hash of the first
-- refresh token. Sign-ins of one user wait for each other here, so that
-- sessions.limit counts all of them.
-- is_new: the network was not known, but others were.
WITH created AS (
	INSERT INTO sessions (id, user_id, client, expires_at, device)
	SELECT $1, id, $3, $4, $7
	  FROM users
	 WHERE id = $2
	   AND is_active
	   AND hashed_password = $5
	   FOR NO KEY UPDATE
	RETURNING id, user_id
), token AS (
	INSERT INTO refresh_tokens (token_hash, session_id)
	SELECT decode($8, 'hex'), id
	  FROM created
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

-- name: sessions.limit
-- Ends the least recently used sessions of user $1, so that $3 are left. The one
-- that was just created, $2, is one of these. $4: seconds that a session may be
-- idle.
UPDATE sessions
   SET revoked_at = now()
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM sessions
	 WHERE user_id = $1
	   AND revoked_at IS NULL
	   AND expires_at > now()
	   AND last_used_at > now() - make_interval(secs => $4)
	 ORDER BY id = $2 DESC, last_used_at DESC, id DESC
	OFFSET $3
 ))
   AND revoked_at IS NULL

-- name: sessions.count
-- $2: seconds that a session may be idle.
SELECT count(*) AS total
  FROM sessions
 WHERE user_id = $1
   AND revoked_at IS NULL
   AND expires_at > now()
   AND last_used_at > now() - make_interval(secs => $2)

-- name: sessions.list
-- $5: seconds that a session may be idle.
SELECT id, device, client, coalesce(last_client, client) AS last_client,
       created_at, last_used_at, expires_at, id = $2 AS current
  FROM sessions
 WHERE user_id = $1
   AND revoked_at IS NULL
   AND expires_at > now()
   AND last_used_at > now() - make_interval(secs => $5)
 ORDER BY created_at DESC, id DESC
 LIMIT $3 OFFSET $4

-- name: sessions.is_confirmed
-- Was session $1 confirmed in the last $2 seconds?
SELECT confirmed_at > now() - make_interval(secs => $2) AS confirmed
  FROM sessions
 WHERE id = $1

-- name: sessions.confirm
-- Session $2 of user $1. The right password sets the count of wrong ones to zero.
WITH lifted AS (
	DELETE FROM sign_in_failures
	 WHERE account = $1::text
)
UPDATE sessions
   SET confirmed_at = now()
 WHERE user_id = $1::uuid
   AND id = $2
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.revoke
-- Ends session $2 of user $1. One that was idle for too long, too: a request with
-- an access token may be its next use, and it must not come back.
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1
   AND id = $2
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.revoke_by_token
-- Ends session $1 if one of its refresh tokens has hash $2, or for $3, whose
-- tag proves that it is one of ours. One that was idle for too long, too: it must
-- not come back when the setting changes.
UPDATE sessions
   SET revoked_at = now()
 WHERE id = $1
   AND ($3::boolean OR EXISTS (
	SELECT
	  FROM refresh_tokens
	 WHERE token_hash = decode($2, 'hex')
	   AND session_id = $1
       ))
   AND revoked_at IS NULL
   AND expires_at > now()
RETURNING user_id

-- name: sessions.revoke_all
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1
   AND id IS DISTINCT FROM $2
   AND revoked_at IS NULL

-- name: sessions.end_of_email
-- For a command: ends all sessions of the user with the address $1, and records
-- that in the audit log ($2 is the row's id).
WITH target AS (
	SELECT id, email
	  FROM users
	 WHERE lower(email) = lower($1::text)
), ended AS (
	UPDATE sessions
	   SET revoked_at = now()
	 WHERE user_id = (SELECT id FROM target)
	   AND revoked_at IS NULL
	   AND expires_at > now()
	RETURNING id
), recorded AS (
	INSERT INTO audit_log (id, action, target_id)
	SELECT $2::uuid, 'sessions_ended_by_admin', id
	  FROM target
	 WHERE EXISTS (SELECT FROM ended)
)
SELECT email, (SELECT count(*) FROM ended) AS count
  FROM target

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
-- Deletes up to $1 sessions that expired or were ended a day ago.
DELETE FROM sessions
 WHERE id = ANY (ARRAY(
	(SELECT id
	   FROM sessions
	  WHERE expires_at < now() - interval '1 day'
	  LIMIT $1)
	UNION
	(SELECT id
	   FROM sessions
	  WHERE revoked_at < now() - interval '1 day'
	  LIMIT $1)
	 LIMIT $1
 ))
