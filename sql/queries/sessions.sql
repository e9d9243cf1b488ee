-- SPDX-License-Identifier: ISC
-- name: sessions.create
-- The right password sets the count of wrong ones to zero, and makes the network
-- that it came from a known one. The token is the first refresh token. Sign-ins
-- of one user wait for each other here, so that sessions.limit counts all of them.
-- is_new: the network was not known, but others were.
WITH created AS (
	INSERT INTO sessions (id, user_id, client, expires_at, device)
	SELECT :id, id, :client, :expires_at, :device
	  FROM users
	 WHERE id = :user_id
	   AND is_active
	   AND hashed_password = :hashed_password
	   FOR NO KEY UPDATE
	RETURNING id, user_id
), token AS (
	INSERT INTO refresh_tokens (token_hash, session_id)
	SELECT decode(:token_hash, 'hex'), id
	  FROM created
), lifted AS (
	DELETE FROM sign_in_failures
	 WHERE account = (SELECT user_id::text FROM created)
), known AS (
	INSERT INTO sign_in_networks (user_id, network)
	SELECT user_id, :network
	  FROM created
	ON CONFLICT (user_id, network) DO UPDATE
	   SET last_at = now()
	RETURNING user_id, xmax = 0 AS added
)
SELECT added AND EXISTS (
	SELECT FROM sign_in_networks n
	 WHERE n.user_id = known.user_id
	   AND n.network <> :network) AS is_new
  FROM known

-- name: sessions.limit
-- Ends the least recently used sessions of the user, so that at most these many
-- are left. The one that was just created is one of them.
UPDATE sessions
   SET revoked_at = now()
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM sessions
	 WHERE user_id = :user_id
	   AND revoked_at IS NULL
	   AND expires_at > now()
	   AND last_used_at > now() - make_interval(secs => :idle_seconds)
	 ORDER BY id = :id DESC, last_used_at DESC, id DESC
	OFFSET :most
 ))
   AND revoked_at IS NULL

-- list: sessions.list by created_at desc
SELECT @session(coalesce(last_client, client) AS last_client,
       id = :current AS current)
  FROM sessions
 WHERE user_id = :user_id
   AND revoked_at IS NULL
   AND expires_at > now()
   AND last_used_at > now() - make_interval(secs => :idle_seconds)

-- name: sessions.is_confirmed
-- Was it confirmed in these last seconds?
SELECT confirmed_at > now() - make_interval(secs => :seconds) AS confirmed
  FROM sessions
 WHERE id = :id

-- name: sessions.confirm
-- The right password sets the count of wrong ones to zero.
WITH lifted AS (
	DELETE FROM sign_in_failures
	 WHERE account = :user_id::text
)
UPDATE sessions
   SET confirmed_at = now()
 WHERE user_id = :user_id::uuid
   AND id = :id
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.revoke
-- Ends a session. One that was idle for too long, too: a request with an access
-- token may be its next use, and it must not come back.
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = :user_id
   AND id = :id
   AND revoked_at IS NULL
   AND expires_at > now()

-- name: sessions.revoke_by_token
-- Ends a session if one of its refresh tokens has this hash, or its tag proves
-- that it is ours. One that was idle for too long, too: it must not come back when
-- the setting changes.
UPDATE sessions
   SET revoked_at = now()
 WHERE id = :id
   AND (:ours::boolean OR EXISTS (
	SELECT
	  FROM refresh_tokens
	 WHERE token_hash = decode(:hash, 'hex')
	   AND session_id = :id
       ))
   AND revoked_at IS NULL
   AND expires_at > now()
RETURNING user_id

-- name: sessions.revoke_all
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = :user_id
   AND id IS DISTINCT FROM :kept
   AND revoked_at IS NULL

-- name: sessions.end_of_email
-- For a command: ends all sessions of the user with this address, and records that
-- in the audit log.
WITH target AS (
	SELECT id, email
	  FROM users
	 WHERE email_key = :email_key
), ended AS (
	UPDATE sessions
	   SET revoked_at = now()
	 WHERE user_id = (SELECT id FROM target)
	   AND revoked_at IS NULL
	   AND expires_at > now()
	RETURNING id
), recorded AS (
	INSERT INTO audit_log (id, action, target_id)
	SELECT :record_id::uuid, 'sessions_ended_by_admin', id
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
	  FROM unnest(:ids::uuid[], :clients::varchar[], :ages::bigint[])
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
-- Deletes sessions that expired or were ended a day ago, up to the limit.
DELETE FROM sessions
 WHERE id = ANY (ARRAY(
	(SELECT id
	   FROM sessions
	  WHERE expires_at < now() - interval '1 day'
	  LIMIT :limit)
	UNION
	(SELECT id
	   FROM sessions
	  WHERE revoked_at < now() - interval '1 day'
	  LIMIT :limit)
	 LIMIT :limit
 ))
